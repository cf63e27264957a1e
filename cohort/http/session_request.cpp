// What a session does with one request: finds its route, runs it, writes its answer.
#include <cohort/base/fault_point.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/http/culprit.hpp>
#include <cohort/http/request_serial.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>
#include <cohort/http/tls/stream.hpp>
#include <cohort/net/socket_option.hpp>

#include <utility>

namespace cohort::http {

order session::find_route()
{
    record& r = *record_;
    plan_route();
    if (server_.options_.counters.answers != nullptr || server_.options_.on_answered)
        r.started = server_.options_.clock();
    r.answer_bytes = 0;
    if (server_.options_.metrics != nullptr)
        r.times = {.began = server_.poller_.time()};
    if (server_.options_.on_answered)
        static_cast<void>(peer_.get());  // the connection may be closed when it is told

    const route_options& options = r.to->options();
    std::uint64_t most =
        options.body_max.value_or(static_cast<std::size_t>(server_.rules_.limits.body_bytes_max));
    // What never can have room must not take that of others while it comes.
    if (options.body == body_use::buffered)
        most = server_.bodies_->most_of_one(most);
    return exchange_.planned(r, {.use = options.body, .bytes_max = most}, server_.second());
}

void session::plan_route()
{
    record& r = *record_;
    const request_source source{.top = head_view{r.top, r.input.get() + r.begin},
                                .from = &peer_,
                                .attempt = exchange_.attempt(),
                                .slot = server_.options_.slot};
    r.asked.emplace(source);
    if (tls_) [[unlikely]]
        r.asked->attach(tls::secured{&tls_->facts()});
    if (request_serial::wanted())
        name_request();
    r.to = server_.router_.plan_for(*r.asked).to;
}

void session::name_request()
{
    if (cookie_ == 0)
        cookie_ = net::cookie_of(fd_.borrow());
    if (cookie_ != 0)
        record_->asked->attach(request_serial{cookie_, exchange_.state().bytes_parsed});
}

order session::run()
{
    record& r = *record_;
    server_.begun();
    counted_ = true;
    r.flight = static_cast<std::uint32_t>(fd_.borrow());
    // Looked at when its route was found; that is recent, but for one that waited for its body.
    board::flight::request_begins(r.flight, r.asked->method_text(), r.asked->target(),
                                  static_cast<std::uint64_t>(r.started.time_since_epoch().count()));
    r.asked->body_is(r.whole_body);
    if (r.kept.resumable())
        return resume_answer();
    if (scribe_.on() || server_.options_.survival.quarantine != nullptr)
        return run_if_allowed();
    return start();
}

order session::start()
{
    record& r = *record_;
    if (scribe_.on())
        begin_run();
    switch (r.to->mode()) {
        case run_mode::lane:
            return start_lane();
        case run_mode::coroutine:
            return start_coroutine();
        case run_mode::in_line:
            break;
    }
    job_ = job::in_line;  // it may cut this very connection
    const request* const before = culprit::run(0, &*r.asked);
    response made = r.to->run(*r.asked);
    culprit::run(0, before);
    job_ = job::none;
    return answer_made(std::move(made));
}

/// After bytes have come: is there room for them, if they are a body's?
order session::hold_body(order next)
{
    record& r = *record_;
    const bool whole = next == order::run;
    if (next == order::refuse || (!whole && exchange_.now() != phase::body))
        return next;
    // What every connection may have is bounded by their number, and nobody's small request must
    // wait for the large ones of others.
    // In a journal all of the request stays where it came; else what is in `body` does not count
    // a second time.
    const std::size_t came = r.whole ? r.end - r.begin - r.top.size : r.end - r.at;
    const std::size_t here = came + r.body.size();
    if (r.top.size + here > server_.input_bytes() &&
        !server_.bodies_->hold(r.held, *this, here, server_.options_.clock(),
                               server_.clients_.counted(peer_.get().ip())))
        return exchange_.no_room(r);
    if (whole)
        r.held.is_whole();
    return next;
}

void session::give_body_up() noexcept
{
    const visit here{*this};
    record& r = *record_;
    r.held.release();
    std::string{}.swap(r.body);
    proceed(exchange_.no_room(r));
}

answer_facts session::facts_of(const response& what)
{
    // Without a length and without chunks, HTTP/1.0 knows only one end of a body.
    const bool last = what.closes() || (server_.draining_ && (!server_.handover_ || tls_)) ||
                      (!what.length() && record_->top.minor_version == 0);
    const persistence wanted = last ? persistence::close : persistence::keep;
    answer_facts facts{.status = static_cast<status_code>(what.status()),
                       .verb = record_->top.verb,
                       .minor_version = record_->top.minor_version,
                       .connection = exchange_.settle(*record_, wanted,
                                                      what.streams() ? exchange::unread::keep
                                                                     : exchange::unread::drop)};
    facts.length = what.length();
    return facts;
}

void session::write_head(const response& what, const http::answer& how)
{
    std::string& out = record_->output.end();
    begin_head(out, how.status);
    if (const auto type = what.content_type(); !type.empty())
        ((out += "Content-Type: ") += type) += "\r\n";  // both were checked when they were set
    out += what.fields().wire();
    end_head(out, how);
}

order session::answer(response& what)
{
    if (what.switches())
        return switch_protocols(what);
    record& r = *record_;
    const std::uint64_t begins = end_of_output();
    const http::answer how = plan_answer(facts_of(what));
    write_head(what, how);
    r.answer_bytes = 0;
    if (how.send_body) {
        r.answer_bytes = what.body().size();
        // Above this, copying costs more than a second element in sendmsg.
        constexpr std::size_t copied_max = 16'384;
        if (what.body().size() <= copied_max)
            r.output.end() += what.body();
        else
            r.output.append_long(what.take_body());
    }
    if (scribe_.on())
        keep_answer(begins);
    return finish(how.status);
}

order session::finish(status_code status)
{
    record& r = *record_;
    tell_end(status, access_end::answered);
    if (std::exchange(counted_, false))
        server_.ended();
    server_.end_trial(r, board::quarantine::ending::well);
    r.asked.reset();
    r.answer.reset();
    r.held.release();
    const order next = exchange_.done(r, server_.second());
    if (scribe_.on())
        answered(next);
    return next;
}

}  // namespace cohort::http
