#include <cohort/http/scribe.hpp>

#include <cohort/base/fault_point.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace cohort::http {

using board::mark;
using board::standing;

scribe::scribe(board::journal* book, int descriptor) noexcept
    : book_{book}, page_{book != nullptr ? book->record(descriptor) : nullptr}
{}

void scribe::commit(const board::connection_state& next) noexcept
{
    fault_point("http.commit");
    page_->commit(next);
    fault_point("http.committed");
}

void scribe::begin(const exchange& x) noexcept
{
    taken(x.state().bytes_read);
    given(x.state().bytes_answered);
    commit(sketch(x, nullptr));
}

void scribe::end() noexcept { commit({}); }

void scribe::give_away() noexcept
{
    board::connection_state s;
    s.now = standing::foreign;
    commit(s);
}

void scribe::expect_input(const exchange& x, const record& r) noexcept
{
    board::connection_state s = page_->state();
    if (r.whole && r.input.journaled()) {
        s.input = r.input.where();
        s.base = x.state().bytes_read - r.end;
        if (s.now == standing::idle)
            s.parsed = x.state().bytes_parsed;
        s.unset(mark::incomplete);
    } else {
        s.input = {};
        s.base = s.parsed;
        s.set(mark::incomplete);
    }
    const board::connection_state& now = page_->state();
    if (s.input != now.input || s.base != now.base || s.marks != now.marks)
        commit(s);
}

void scribe::sketch_input(board::connection_state& s, const record& r, std::uint64_t taken)
{
    s.base = s.parsed;
    if (!r.whole || (r.begin != r.end && !r.input.journaled())) {
        s.set(mark::incomplete);
    } else if (r.begin != r.end) {
        s.input = r.input.where();
        s.base = taken - r.end;
    }
}

void scribe::sketch_output(board::connection_state& s, const record& r, std::uint64_t given)
{
    s.out_base = s.composed = given;
    if (r.kept.private_answer) {
        s.set(mark::private_answer);
        s.answer = r.kept.answer;
        s.composed += r.output.size();
    } else if (!r.output.empty()) {
        s.out_base = r.kept.out_base;
        s.composed = r.kept.composed;
        s.output = r.out.what();
    }
}

void scribe::sketch_body(board::connection_state& s, const record& r)
{
    const journaled& kept = r.kept;
    s.answer = kept.body_at;
    s.head = {kept.status, kept.framing};
    s.body = kept.framing == board::stream_framing::length ? kept.length : kept.body;
    if (kept.says_close)
        s.set(mark::last);
    if (!r.output.empty())
        s.unset(mark::coroutine);  // it waits for its client: whoever dies now, it was not this
}

board::connection_state scribe::sketch(const exchange& x, const record* r) const noexcept
{
    const exchange_state& at = x.state();
    board::connection_state s;
    s.now = standing::idle;
    s.requests = at.requests;
    s.base = s.parsed = at.bytes_parsed;
    s.out_base = s.composed = at.bytes_answered;
    if (x.client_ended())
        s.set(mark::client_ended);
    if (r != nullptr) {
        const journaled& kept = r->kept;
        s.now = kept.now;
        s.crashes = kept.crashes;
        s.kills = kept.kills;
        s.outside = kept.outside;
        s.attempt = static_cast<std::uint8_t>(std::min<unsigned>(kept.attempt, 255));
        if (kept.replayable)
            s.set(mark::replayable);
        if (kept.coroutine)
            s.set(mark::coroutine);
        if (kept.until_close)
            s.set(mark::until_close);
        if (x.continue_said())
            s.set(mark::continue_said);
        sketch_output(s, *r, at.bytes_answered);
        if (kept.resumable())
            sketch_body(s, *r);
    }
    // Where the rest of a body ends that nobody wants cannot be told from here: then we close.
    const bool ending = x.now() == phase::discarding || x.now() == phase::lingering ||
                        x.now() == phase::closed || s.now == standing::closing;
    if (ending) {
        s.now = standing::closing;
        s.set(mark::last);
        s.base = s.parsed = at.bytes_read;
    } else if (r != nullptr) {
        sketch_input(s, *r, at.bytes_read);
    }
    return s;
}

void scribe::note(const exchange& x, record* r) noexcept
{
    // While an answer is on its way without being written down, its request stays the one at hand.
    if (r != nullptr && r->kept.now == standing::streaming && !r->kept.resumable())
        return;
    const board::connection_state next = sketch(x, r);
    // Plain data, and value-initialized: what is between its members is zero in both.
    if (std::memcmp(&next, &page_->state(), sizeof next) != 0)
        commit(next);
    if (r != nullptr && r->retired.valid()) {
        fault_point("http.release");
        r->retired.end();
    }
}

bool scribe::keep_output(const exchange& x, record& r) noexcept
{
    const std::uint64_t given = x.state().bytes_answered;
    const std::uint64_t end = given + r.output.size();
    journaled& kept = r.kept;
    if (kept.composed <= given)
        kept.composed = kept.out_base = given;  // all of it was sent: its room is free
    if (end - kept.out_base > r.out.size()) {
        lease larger = lease::of(*book_, end - given);
        if (!larger.valid())
            return false;
        kept.composed = kept.out_base = given;
        r.retired = std::exchange(r.out, std::move(larger));
    }
    fault_point("http.keep");
    r.output.copy_last(end - kept.composed, r.out.bytes() + (kept.composed - kept.out_base));
    kept.composed = end;
    return true;
}

void scribe::private_answer(const exchange& x, record& r) noexcept
{
    r.kept.framing = board::stream_framing::none;
    board::connection_state s = sketch(x, &r);
    s.now = standing::streaming;
    s.set(mark::private_answer);
    s.answer = s.composed = r.kept.answer;
    s.out_base = x.state().bytes_answered;
    s.output = {};
    if (s.answer != s.out_base) {  // answers in front of it are still on their way
        s.out_base = r.kept.out_base;
        s.composed = r.kept.composed;
        s.output = r.out.what();
    }
    r.kept.private_answer = true;
    r.kept.now = standing::streaming;
    commit(s);
}

void scribe::count_private() noexcept
{
    book_->header().unjournaled_total.fetch_add(1, std::memory_order_relaxed);
}

input_place scribe::place(std::size_t bytes) noexcept
{
    lease in = lease::of(*book_, bytes);
    if (in.valid())
        return input_place{std::move(in)};
    count_private();
    return input_place{bytes};
}

}  // namespace cohort::http
