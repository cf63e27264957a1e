// How a session begins where a dead process stopped, and how it ends where another goes on.
#include <cohort/base/fault_point.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>

#include <utility>

namespace cohort::http {

using board::mark;
using board::standing;

namespace {

fate fate_of(const net::adoption_verdict& sorry) noexcept
{
    if (sorry.poison)
        return fate::poison;
    return sorry.why == "adopt.killed_often" ? fate::killed_often : fate::outcome_unknown;
}

}  // namespace

void session::take_inheritance(legacy& found)
{
    const net::adoption_verdict& verdict = found.verdict;
    const board::connection_state& was = found.state;
    exchange_.resume({.taken = verdict.taken,
                      .given = verdict.given,
                      .parsed = was.parsed,
                      .requests = was.requests,
                      .attempt = static_cast<std::uint16_t>(was.attempt + 1),
                      .hundred = was.has(mark::continue_said) || verdict.what == net::then::resume
                                     ? resumption::interim::said
                                     : resumption::interim::none,
                      .then = verdict.last ? persistence::close : persistence::keep});
    const bool unread = found.input.valid() && verdict.taken > was.parsed;
    const bool unsent = found.output.valid() && verdict.composed > verdict.given;
    if (!unread && !unsent && verdict.what == net::then::serve)
        return;
    record_ = server_.lend();
    record& r = *record_;
    if (unread) {
        r.input = input_place{std::move(found.input)};
        r.capacity = r.input.size();
        r.begin = r.at = static_cast<std::size_t>(was.parsed - was.base);
        r.end = static_cast<std::size_t>(verdict.taken - was.base);
    }
    // Bytes of the request are lost: whoever follows us must not look for them either.
    r.whole = unread || verdict.taken <= was.parsed;
    if (unsent) {
        const char* const bytes = found.output.bytes() + (verdict.given - was.out_base);
        r.output.end().append(bytes, verdict.composed - verdict.given);
        r.out = std::move(found.output);
        r.kept.out_base = was.out_base;
        r.kept.composed = verdict.composed;
    }
    const bool begun = was.now == standing::running || was.now == standing::streaming;
    if (verdict.what == net::then::close)
        r.kept.now = standing::closing;
    else if (begun)
        r.kept.now = standing::running;
    r.kept.attempt = was.attempt;
    r.kept.crashes = verdict.crashes;
    r.kept.kills = verdict.kills;
    r.kept.outside = verdict.outside;
    r.kept.strike = verdict.strike;
    r.kept.replayable = was.has(mark::replayable);
    if (verdict.what == net::then::apologise)
        r.kept.to_be = fate_of(verdict);
    else if (verdict.what == net::then::resume)
        inherit_stream(found);
}

void session::resume(legacy found)
{
    const visit here{*this};
    take_inheritance(found);
    scribe_.taken(exchange_.state().bytes_read);
    scribe_.given(exchange_.state().bytes_answered);
    fault_point("http.resume");
    scribe_.note(exchange_, record_.get());
    // Only now may what nobody needs any more be another's.
    found.input.end();
    found.output.end();
    fault_point("http.resumed");

    order next = order::read;
    switch (found.verdict.what) {
        case net::then::close:
            next = order::linger;
            break;
        case net::then::apologise: {
            const bool readable =
                record_->begin != record_->end && record_->kept.now == standing::running;
            next = readable ? exchange_.next(*record_, server_.second()) : apologise_unread();
            break;
        }
        case net::then::serve:
        case net::then::resume:
            if (record_ && record_->begin != record_->end)
                next = exchange_.next(*record_, server_.second());
            break;
        case net::then::drop:
            close_socket();
            return;
    }
    proceed(next);
    watch();
}

order session::apologise_unread()
{
    record& r = *record_;
    const std::uint64_t begins = end_of_output();
    r.top.verb = method::get;
    response words =
        problem(500, "The outcome is unknown", "the process that read this request died");
    words.header("Retry-After", "1");
    const answer_facts facts{
        .status = 500, .connection = persistence::close, .length = words.body().size()};
    write_head(words, plan_answer(facts));
    r.output.end() += words.body();
    scribe_.book().header().apologies_total.fetch_add(1, std::memory_order_relaxed);
    static_cast<void>(exchange_.broken());
    keep_answer(begins);
    answered(order::linger);
    return order::linger;
}

bool session::at_boundary() const noexcept
{
    return open() && may_leave() && watched_ && exchange_.now() == phase::idle && !blocked_ &&
           !record_ && job_ == job::none && !exchange_.client_ended();
}

void session::pass_on(handover& heir)
{
    const exchange_state& here = exchange_.state();
    const positions at{
        .taken = here.bytes_read, .given = here.bytes_answered, .requests = here.requests};
    // A registration outlives its descriptor for as long as somebody else holds the connection.
    server_.poller_.forget(fd_.borrow(), *this);
    watched_ = false;
    fault_point("http.pass");
    if (heir(fd_, at)) {
        fd_.reset();
        peer_.close();
        exchange_.close();
        server_.closed(*this);
        return;
    }
    if (scribe_.on())
        scribe_.note(exchange_, nullptr);
    watch();
}

}  // namespace cohort::http
