#include <cohort/http/exchange.hpp>

#include <algorithm>
#include <cstring>

namespace cohort::http {

namespace {

constexpr violation body_too_long{413, "http.body.too-long",
                                  "the body is longer than this resource takes"};

/// What we still read, in all, of a client that was refused. patience::linger is the limit that
/// counts: this is far above what an honest client sends before it looks at our answer.
constexpr std::uint64_t linger_bytes_max = 64U << 20;

/// With less room behind its head a chunked body would come in too small pieces.
constexpr std::size_t body_room_least = 8192;

}  // namespace

exchange::exchange(const exchange_rules& rules, std::uint32_t second) noexcept
    : rules_{&rules}, state_{}
{
    state_.attempt = 1;
    state_.since = second;
}

void exchange::resume(const resumption& at) noexcept
{
    state_.bytes_read = at.taken;
    state_.bytes_answered = at.given;
    state_.bytes_parsed = at.parsed;
    state_.requests = at.requests;
    state_.attempt = at.attempt;
    if (at.hundred == resumption::interim::said)
        set(flag::continue_before);
    if (at.then == persistence::close)
        set(flag::last);
}

void exchange::enter(phase to, std::uint32_t second) noexcept
{
    state_.now = to;
    state_.since = second;
}

order exchange::took(record& r, std::size_t count, std::uint32_t second) noexcept
{
    r.end += count;
    state_.bytes_read += count;
    return next(r, second);
}

order exchange::next(record& r, std::uint32_t second) noexcept
{
    switch (state_.now) {
        case phase::idle:
        case phase::head:
            return parse(r, second);
        case phase::body:
            return collect(r, second);
        case phase::discarding:
            return discard(r, second);
        case phase::lingering:
            return order::read;
        case phase::closed:
            return order::close;
        case phase::routing:
        case phase::running:
            break;
    }
    return order::wait;
}

order exchange::parse(record& r, std::uint32_t second) noexcept
{
    if (r.begin == r.end) {
        // All is answered: start again at the front, where the memory is warm.
        r.begin = r.at = r.end = 0;
        return has(flag::ended) ? order::close : order::read;
    }
    if (state_.now == phase::idle) {
        enter(phase::head, second);
        r.top.verb = method::get;  // until the parser knows: a refusal must not think of the last
    }

    switch (r.parser.parse(r.unanswered(), r.top)) {
        case parse_status::need_more:
            return has(flag::ended) ? order::close : order::read;
        case parse_status::refused:
            return refuse(r, r.parser.why());
        case parse_status::done:
            break;
    }
    const bool said = has(flag::continue_before);
    state_.flags &= static_cast<std::uint8_t>(flag::ended) | static_cast<std::uint8_t>(flag::last);
    if (said)
        set(flag::continue_said);
    state_.body_taken = 0;
    state_.body_left = r.top.content_length;
    if (r.top.body == framing::none || (r.top.body == framing::length && state_.body_left == 0)) {
        set(flag::body_done);
    } else {
        r.decoder.reset();
        if (!r.whole && wants_front(r)) {
            // The body wants the room in front; views into the head are only made after this.
            std::memmove(r.input.get(), r.input.get() + r.begin, r.end - r.begin);
            r.end -= r.begin;
            r.begin = 0;
        }
    }
    r.at = r.begin + r.top.size;
    enter(phase::routing, second);
    return order::find_route;
}

bool exchange::wants_front(const record& r) const noexcept
{
    const std::size_t behind = r.end - r.begin;
    if (r.begin == 0)
        return false;
    if (r.top.body == framing::length)
        return behind < r.top.size + r.top.content_length;
    // Where a chunked body ends is not known yet, and behind it there may be thousands of small
    // requests like it: they must not all be moved for each. What is moved here has been paid for
    // by what was answered in front of it, or by this head's own size.
    return r.begin >= behind || r.capacity - (r.begin + r.top.size) < body_room_least;
}

order exchange::planned(record& r, const body_plan& plan, std::uint32_t second) noexcept
{
    state_.body_max = plan.bytes_max;
    r.whole_body = {};
    r.body.clear();
    if (plan.use != body_use::unread && r.top.body == framing::length &&
        r.top.content_length > plan.bytes_max)
        return refuse(r, body_too_long);
    r.body_pace.end();
    if (plan.use == body_use::buffered && r.top.body != framing::none) {
        enter(phase::body, second);
        r.body_pace.begin(0, second, rules_->patience.for_bodies());
        return collect(r, second);
    }
    enter(phase::running, second);
    return order::run;
}

order exchange::collect(record& r, std::uint32_t second) noexcept
{
    const bool in_place = r.top.body == framing::length &&
                          (r.whole || r.top.size + r.top.content_length <= r.capacity - r.begin);
    if (in_place) {
        if (r.end - r.at >= r.top.content_length) {
            r.whole_body = {r.input.get() + r.at, static_cast<std::size_t>(r.top.content_length)};
            state_.body_taken = r.top.content_length;
            state_.body_left = 0;
            r.at += r.whole_body.size();
            set(flag::body_done);
            enter(phase::running, second);
            return order::run;
        }
        state_.body_taken = r.end - r.at;  // for the minimum rate
    } else {
        for (;;) {
            const body_piece piece = take_body(r);
            if (piece.what == body_piece::kind::refused)
                return refuse(r, r.why);
            if (piece.what == body_piece::kind::end) {
                r.whole_body = r.body;
                enter(phase::running, second);
                return order::run;
            }
            if (piece.what == body_piece::kind::more)
                break;
            r.body.append(piece.data);
        }
    }
    if (has(flag::ended))
        return order::close;
    return owes_continue(r) ? order::say_continue : order::read;
}

body_piece exchange::take_body(record& r) noexcept
{
    using kind = body_piece::kind;
    if (has(flag::body_done))
        return {kind::end};
    if (has(flag::broken_body))
        return {kind::refused};

    if (r.top.body == framing::length) {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(r.end - r.at, state_.body_left));
        const std::string_view data{r.input.get() + r.at, size};
        r.at += size;
        state_.body_left -= size;
        state_.body_taken += size;
        if (state_.body_left == 0)
            set(flag::body_done);
        return {size != 0 ? kind::data : kind::more, data};
    }
    while (r.at != r.end) {
        const chunk_decoder::step step = r.decoder.decode(r.unread());
        r.at += step.consumed;
        state_.body_taken += step.data.size();
        if (step.status == parse_status::refused) {
            set(flag::broken_body);
            r.why = r.decoder.why();
            return {kind::refused};
        }
        // A chunk tells its size before it comes: what will be too long is refused unread.
        if (state_.body_taken + r.decoder.announced() > state_.body_max) {
            set(flag::broken_body);
            r.why = body_too_long;
            return {kind::refused};
        }
        if (step.status == parse_status::done)
            set(flag::body_done);
        if (!step.data.empty())
            return {kind::data, step.data};
        if (step.status == parse_status::done)
            return {kind::end};
    }
    return {kind::more};
}

bool exchange::expects_continue(const record& r) const noexcept
{
    return r.top.expect_continue && !has(flag::continue_said) && state_.body_taken == 0 &&
           !has(flag::body_done);
}

bool exchange::owes_continue(const record& r) noexcept
{
    // Who already sends the body does not wait for us: RFC 9110, 10.1.1 lets us save the line.
    if (!expects_continue(r) || r.end != r.begin + r.top.size)
        return false;
    set(flag::continue_said);
    return true;
}

persistence exchange::settle(record& r, persistence wanted, unread body) noexcept
{
    const bool worn_out = rules_->requests_max != 0 && state_.requests + 1 >= rules_->requests_max;
    bool keep = wanted == persistence::keep && r.top.keep_alive && !worn_out && !has(flag::last);
    if (!has(flag::body_done) && body == unread::drop) {
        // A client that waits for "100 Continue" may send its body now, or may not: we could not
        // tell that from the next request.
        if (expects_continue(r) || has(flag::ended))
            keep = false;
        state_.body_max = state_.body_taken + rules_->discard_bytes_max;
        while (take_body(r).what == body_piece::kind::data) {
        }
        if (has(flag::broken_body) ||
            (!has(flag::body_done) && state_.body_left > rules_->discard_bytes_max))
            keep = false;
    }
    if (!keep)
        set(flag::closing);
    return keep ? persistence::keep : persistence::close;
}

order exchange::done(record& r, std::uint32_t second) noexcept
{
    ++state_.requests;
    state_.attempt = 1;
    unset(flag::client_slow);
    if (!has(flag::body_done) && (has(flag::broken_body) || expects_continue(r) ||
                                  state_.body_left > rules_->discard_bytes_max))
        set(flag::closing);
    if (has(flag::closing)) {
        // Bytes that we have not read would turn our close into a reset, and the client might lose
        // the answer. One that asked to close sends nothing more.
        const bool clean = !r.top.keep_alive && has(flag::body_done) && r.at == r.end;
        return clean || has(flag::ended) ? order::close : order::linger;
    }
    unset(flag::continue_said);  // a successor must not think that the next request has heard it
    r.parser.reset();
    r.begin = r.at;
    state_.bytes_parsed = state_.bytes_read - (r.end - r.begin);
    if (!has(flag::body_done)) {
        state_.body_max = state_.body_taken + rules_->discard_bytes_max;
        enter(phase::discarding, second);
        r.body_pace.begin(state_.body_taken, second, rules_->patience.for_bodies());
        return discard(r, second);
    }
    enter(phase::idle, second);
    return parse(r, second);
}

order exchange::give_away(record& r) noexcept
{
    // Still running: nothing more is read, and a client that does not take the 101 is cut.
    ++state_.requests;
    r.begin = r.at;
    return order::give_away;
}

order exchange::discard(record& r, std::uint32_t second) noexcept
{
    for (;;) {
        const body_piece piece = take_body(r);
        r.begin = r.at;
        if (piece.what == body_piece::kind::refused)
            return order::linger;
        if (piece.what == body_piece::kind::end) {
            state_.bytes_parsed = state_.bytes_read - (r.end - r.begin);
            enter(phase::idle, second);
            return parse(r, second);
        }
        if (piece.what == body_piece::kind::more) {
            r.begin = r.at = r.end = 0;
            return has(flag::ended) ? order::close : order::read;
        }
    }
}

order exchange::ended(std::uint32_t) noexcept
{
    set(flag::ended);
    switch (state_.now) {
        case phase::routing:
        case phase::running:
            return order::wait;
        default:
            return order::close;
    }
}

order exchange::broken() noexcept
{
    set(flag::closing);
    return order::close;
}

order exchange::refuse(record& r, const violation& why) noexcept
{
    r.why = why;
    set(flag::closing);
    return order::refuse;
}

order exchange::no_room(record& r) noexcept { return refuse(r, no_room_for_body); }

order exchange::refused() noexcept { return has(flag::ended) ? order::close : order::linger; }

order exchange::lingering(std::size_t count) noexcept
{
    state_.bytes_read += count;
    state_.body_taken += count;
    return state_.body_taken > linger_bytes_max ? order::close : order::read;
}

std::size_t exchange::make_room(record& r) noexcept
{
    if (r.end < r.capacity || r.whole)
        return r.capacity - r.end;
    // Full. In a body, what was taken from behind the head can go; between requests, what was
    // answered can.
    const bool in_body = state_.now == phase::body || state_.now == phase::running;
    const std::size_t to = in_body ? r.begin + r.top.size : 0;
    const std::size_t from = in_body ? r.at : r.begin;
    if (from > to) {
        std::memmove(r.input.get() + to, r.input.get() + from, r.end - from);
        r.end -= from - to;
        if (in_body) {
            r.at = to;
        } else {
            r.at -= std::min(r.at, from);
            r.begin = 0;
        }
    }
    return r.capacity - r.end;
}

}  // namespace cohort::http
