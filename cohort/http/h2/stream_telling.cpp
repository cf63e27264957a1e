// What others hear of a stream's request: the scoreboard, the flight recorder, the access log.

#include <cohort/board/answers.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/http/h2/service.hpp>
#include <cohort/http/h2/session.hpp>
#include <cohort/http/h2/stream.hpp>
#include <cohort/http/telemetry/request_metrics.hpp>

namespace cohort::http::h2 {

namespace {

/// What the flight recorder calls a stream: no descriptor, and the only one of it now.
std::uint32_t flight_number(const stream& of) noexcept
{
    return board::flight_no_descriptor |
           static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&of) / 16);
}

}  // namespace

void stream::tell_begin() const noexcept
{
    board::flight::request_begins(flight_number(*this), asked_->method_text(), asked_->target(),
                                  board::flight_time(started_));
}

void stream::tell_end(status_code status, access_end how) noexcept
{
    end_trial(how == access_end::answered ? board::quarantine::ending::well
                                          : board::quarantine::ending::unknown);
    const server_options& terms = service_.terms();
    const bool timed = terms.counters.answers != nullptr || terms.on_answered;
    const nanoseconds took = timed ? terms.clock() - started_ : nanoseconds{0};
    if (terms.counters.answers != nullptr)
        board::note_answer(*terms.counters.answers, status, took);
    board::flight::note(
        {.kind = how == access_end::cut ? board::flight_kind::cut : board::flight_kind::answered,
         .number = status,
         .subject = flight_number(*this),
         .took = took,
         .text = asked_->pattern(),
         .when_ns = timed ? board::flight_time(started_ + took) : 0});
    if (terms.metrics != nullptr)
        terms.metrics->ended(*asked_, {.status = status,
                                       .how = how,
                                       .times = times_,
                                       .request_bytes = body_came_,
                                       .answer_bytes = answer_bytes_});
    if (terms.on_answered) {
        const access_entry entry{.verb = top_.verb,
                                 .method_text = asked_->method_text(),
                                 .target = asked_->target(),
                                 .route = asked_->pattern(),
                                 .from = &session_.peer_.get(),
                                 .status = status,
                                 .body_bytes = answer_bytes_,
                                 .took = took,
                                 .end = how};
        service_.terms().on_answered(entry);
    }
}

}  // namespace cohort::http::h2
