// How a session keeps a streamed answer continuable, and how it goes on with one that a dead
// process began.
#include <cohort/base/fault_point.hpp>
#include <cohort/http/fingerprint.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>
#include <cohort/http/stream_port.hpp>

#include <utility>

namespace cohort::http {

using board::mark;
using board::standing;
using board::stream_framing;

namespace {

stream_framing framing_of(answer_framing how) noexcept
{
    switch (how) {
        case answer_framing::chunked:
            return stream_framing::chunked;
        case answer_framing::length:
            return stream_framing::length;
        case answer_framing::until_close:
            return stream_framing::until_close;
        case answer_framing::none:
            break;
    }
    return stream_framing::none;
}

}  // namespace

bool session::keep_resumable_head(const http::answer& how)
{
    record& r = *record_;
    const stream_framing framing = framing_of(how.framing);
    if (!r.to->options().resume || framing == stream_framing::none || r.kept.private_answer)
        return false;
    if (!scribe_.keep_output(exchange_, r)) {
        scribe_.count_private();
        return false;
    }
    r.kept.now = standing::streaming;
    r.kept.framing = framing;
    r.kept.status = how.status;
    r.kept.says_close = how.connection == persistence::close;
    r.kept.body_at = end_of_output();
    r.kept.body = 0;
    r.kept.length = how.length;
    scribe_.note(exchange_, &r);
    return true;
}

void session::keep_piece(std::size_t bytes)
{
    record& r = *record_;
    fault_point("http.piece");
    r.kept.body += bytes;
    r.kept.kills = r.kept.outside = 0;  // it gets on: deaths of others must not end it
    keep_answer(r.kept.answer);
    scribe_.note(exchange_, &r);
    fault_point("http.piece.kept");
}

void session::inherit_stream(const legacy& found)
{
    const board::connection_state& was = found.state;
    journaled& kept = record_->kept;
    kept.now = standing::streaming;
    kept.framing = was.head.framing();
    kept.status = was.head.status();
    kept.says_close = was.has(mark::last);
    kept.until_close = was.has(mark::until_close);
    kept.coroutine = true;
    kept.body_at = was.answer;
    kept.answer = was.answer - 1;  // somewhere in its head: it has begun, whatever is given
    kept.body = found.verdict.body;
    kept.length = was.head.framing() == stream_framing::length ? was.body : 0;
    if (found.verdict.poison)
        kept.to_be = fate::poison;
}

order session::resume_answer()
{
    record& r = *record_;
    const resume_handler& call = r.to->options().resume;
    r.answer.emplace(r.kept.status);  // adoption has seen that it is one
    if (!call || kept_from_running())
        return cut_answer();
    r.kept.attempt = exchange_.attempt();
    scribe_.note(exchange_, &r);
    fault_point("http.resume.run");

    resume_point from{.offset = r.kept.body};
    if (r.kept.framing == stream_framing::length)
        from.length = r.kept.length;
    // Its head is out: neither type nor length of this one is ever sent.
    *r.answer = stream("application/octet-stream",
                       [&call, &r, from](body_writer& out) { return call(*r.asked, from, out); });
    r.answer->status(r.kept.status);
    return start_coroutine();
}

bool session::continue_stream()
{
    const visit here{*this};
    record& r = *record_;
    static_cast<void>(exchange_.settle(r, persistence::keep, exchange::unread::keep));
    streaming_ = true;
    chunked_ = r.kept.framing == stream_framing::chunked;
    ends_by_close_ = r.kept.framing == stream_framing::until_close;
    r.answer_bytes = r.kept.body;
    if (r.kept.framing == stream_framing::length)
        r.unwritten = r.kept.length - r.kept.body;
    r.asked->stream_is(*port_);
    scribe_.book().header().resumed_total.fetch_add(1, std::memory_order_relaxed);
    flush();
    return open();
}

order session::cut_answer()
{
    record& r = *record_;
    scribe_.book().header().cut_total.fetch_add(1, std::memory_order_relaxed);
    if (r.asked && server_.options_.survival.on_poison) {
        const poison_entry entry{.verb = r.top.verb,
                                 .target = r.asked->target(),
                                 .route = r.asked->pattern(),
                                 .fingerprint = fingerprint(*r.asked),
                                 .why = poison_entry::reason::cut,
                                 .of = &*r.asked};
        server_.options_.survival.on_poison(entry);
    }
    ends_by_close_ = r.kept.framing == stream_framing::until_close;
    return exchange_.broken();
}

}  // namespace cohort::http
