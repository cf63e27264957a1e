#include <cohort/net/adoption.hpp>

#include <limits>

namespace cohort::net {

namespace {

using board::connection_state;
using board::mark;
using board::standing;
using board::stream_framing;

/// Is an answer on its way that the output does not hold, or not all of it?
constexpr bool being_produced(const connection_state& state) noexcept
{
    return (state.now == standing::streaming && !state.resumable()) ||
           (state.now == standing::running && state.has(mark::private_answer));
}

constexpr bool has_request_at_hand(const connection_state& state) noexcept
{
    return state.now == standing::running || state.now == standing::streaming;
}

constexpr std::uint8_t one_more(std::uint8_t count) noexcept
{
    return count == std::numeric_limits<std::uint8_t>::max() ? count : std::uint8_t(count + 1);
}

/// Does what it says of a resumable answer contradict itself?
constexpr bool breaks_body(const connection_state& state) noexcept
{
    if (state.answer == 0 || state.answer > state.composed || state.head.status() < 200 ||
        state.head.status() > 599)
        return true;
    const std::uint64_t bytes = state.composed - state.answer;
    switch (state.head.framing()) {
        case stream_framing::chunked:
            return state.body > bytes;
        case stream_framing::length:
            return bytes > state.body;
        case stream_framing::until_close:
            return false;
        case stream_framing::none:
            break;
    }
    return true;
}

/// The rule that a record breaks; empty: it makes sense.
constexpr std::string_view broken_rule(const adoption_input& in,
                                       const adoption_verdict& found) noexcept
{
    const connection_state& state = in.state;
    if (found.taken < in.taken || found.given < in.given)
        return "adopt.behind";

    if (state.base > state.parsed || state.parsed > found.taken)
        return "adopt.order";
    const bool closing = state.now == standing::closing;
    const bool incomplete = state.has(mark::incomplete);
    if (!closing && !incomplete && found.taken - state.base > in.input_bytes)
        return "adopt.input";
    if (has_request_at_hand(state) && !incomplete && found.taken == state.parsed)
        return "adopt.no_request";

    if (being_produced(state)) {
        if (state.answer > state.composed)
            return "adopt.answer";
    } else if (found.given > state.composed) {
        return "adopt.ahead";
    }
    if (state.resumable() && breaks_body(state))
        return "adopt.body";
    const bool held = has_request_at_hand(state) || !state.has(mark::private_answer);
    const bool sendable =
        state.out_base <= found.given && state.composed - state.out_base <= in.output_bytes;
    if (held && found.given < state.composed && !sendable)
        return "adopt.output";
    return {};
}

/// One connection's way to its verdict.
class judgement {
public:
    constexpr judgement(const adoption_input& in, const adoption_limits& limits) noexcept
        : in_{in}, state_{in.state}, limits_{limits}
    {
        verdict_.taken = in.kernel.exact ? in.kernel.taken : in.taken;
        verdict_.given = in.kernel.exact ? in.kernel.given : in.given;
        verdict_.composed = in.state.composed;
        verdict_.crashes = in.state.crashes;
        verdict_.kills = in.state.kills;
        verdict_.outside = in.state.outside;
    }

    constexpr adoption_verdict pass() noexcept
    {
        if (in_.kernel.reset)
            return reset();
        if (state_.now == standing::free)
            return nobodys();
        if (state_.now == standing::foreign)
            return anothers();
        if (state_.now > standing::foreign)
            return end(then::drop, "adopt.standing");
        if (const auto rule = broken_rule(in_, verdict_); !rule.empty())
            return end(then::drop, rule);
        verdict_.corrected = verdict_.taken != in_.taken || verdict_.given != in_.given;

        if (has_request_at_hand(state_))
            return request_at_hand();
        return state_.now == standing::closing ? closing() : between_requests();
    }

private:
    constexpr adoption_verdict end(then what, std::string_view why) noexcept
    {
        verdict_.what = what;
        verdict_.why = why;
        return verdict_;
    }

    /// Closes and sends nothing more. Where only the end of the connection ends the answer, a clean
    /// end would make the client believe that it has all of it.
    constexpr adoption_verdict cut(std::string_view why) noexcept
    {
        verdict_.composed = verdict_.given;
        return end(state_.has(mark::until_close) ? then::drop : then::close, why);
    }

    /// Nobody hears us. But who sends what crashes and leaves has to be counted all the same: its
    /// request is answered in place of being run, which counts the strike.
    constexpr adoption_verdict reset() noexcept
    {
        // Of a connection that is over the kernel's counts say nothing.
        verdict_.taken = in_.taken;
        verdict_.given = in_.given;
        verdict_.composed = in_.given;
        const bool culprit = in_.fault == blame::crashed && state_.now == standing::running &&
                             !state_.has(mark::incomplete) && !state_.has(mark::private_answer);
        if (!culprit || !broken_rule(in_, verdict_).empty())
            return end(then::drop, "adopt.reset");
        count();
        verdict_.last = true;
        verdict_.poison = verdict_.crashes >= limits_.crashes_max;
        return end(then::apologise, "adopt.left");
    }

    /// Accepted and not recorded yet; or forgotten already and not closed yet.
    constexpr adoption_verdict nobodys() noexcept
    {
        const bool untouched = in_.kernel.exact && verdict_.taken == 0 && verdict_.given == 0;
        verdict_.composed = verdict_.given;
        forgive();
        return untouched ? end(then::serve, "adopt.new") : end(then::close, "adopt.forgotten");
    }

    /// Its server recorded nothing: whatever was said on it, nobody knows.
    constexpr adoption_verdict anothers() noexcept
    {
        verdict_.composed = verdict_.given;
        forgive();
        return end(then::close, "adopt.foreign");
    }

    constexpr adoption_verdict closing() noexcept
    {
        if (verdict_.given == state_.composed)
            return end(then::close, "adopt.closing");
        if (!in_.kernel.exact)
            return cut("adopt.unknown");
        if (state_.has(mark::private_answer))
            return cut("adopt.cut");
        return end(then::close, "adopt.closing");
    }

    constexpr adoption_verdict between_requests() noexcept
    {
        const bool all_given = verdict_.given == state_.composed;
        const bool something_came = verdict_.taken > state_.parsed;
        // The unnoted recv() of a Unix stream went into the extent, if there was one.
        const bool may_have_come = something_came || in_.input_bytes != 0 ||
                                   state_.input.blocks != 0 || state_.has(mark::incomplete);
        if (!in_.kernel.exact && (!all_given || may_have_come))
            return cut("adopt.unknown");
        if (state_.has(mark::private_answer) && !all_given)
            return cut("adopt.cut");
        if (state_.has(mark::last))
            return end(then::close, "adopt.closing");
        if (!something_came) {
            forgive();
            return end(then::serve, "adopt.idle");
        }

        count();
        verdict_.last = true;  // of an apology: nobody knows where this request ends
        if (verdict_.crashes >= limits_.crashes_max)
            return poisoned();
        if (killed_often())
            return end(then::apologise, "adopt.killed_often");
        if (state_.has(mark::incomplete))
            return end(then::apologise, "adopt.incomplete");
        verdict_.last = false;
        return end(then::serve, "adopt.pending");
    }

    constexpr adoption_verdict request_at_hand() noexcept
    {
        count();
        const bool produced = being_produced(state_);
        if (!in_.kernel.exact && (produced || verdict_.given != state_.composed))
            return cut("adopt.unknown");
        if (state_.resumable())
            return half_written();
        if (produced && verdict_.given > state_.answer)
            return begun();
        if (produced)
            verdict_.composed = state_.answer;

        verdict_.last = state_.has(mark::last) || state_.has(mark::incomplete) ||
                        !in_.kernel.exact;  // bytes behind it may have been taken and not noted
        if (verdict_.crashes >= limits_.crashes_max)
            return poisoned();
        if (killed_often())
            return end(then::apologise, "adopt.killed_often");
        if (state_.has(mark::incomplete))
            return end(then::apologise, "adopt.incomplete");
        if (!state_.has(mark::replayable))
            return end(then::apologise, "adopt.not_replayable");
        verdict_.run_again = true;
        return end(then::serve, "adopt.replay");
    }

    /// All of the answer so far is with the client or in the output.
    constexpr adoption_verdict half_written() noexcept
    {
        if (state_.has(mark::incomplete) || killed_often())
            return begun();
        verdict_.body = state_.body_composed();
        // Without the kernel's word, bytes behind the request may have been taken and not noted.
        verdict_.last = state_.has(mark::last) || !in_.kernel.exact;
        verdict_.poison = verdict_.crashes >= limits_.crashes_max;
        return end(then::resume, verdict_.poison ? "adopt.poison" : "adopt.resume");
    }

    /// The client has bytes of an answer that nobody can go on with.
    constexpr adoption_verdict begun() noexcept
    {
        if (state_.has(mark::until_close) || verdict_.given > state_.composed)
            return cut("adopt.cut");
        return end(then::close, "adopt.cut");
    }

    constexpr adoption_verdict poisoned() noexcept
    {
        verdict_.poison = true;
        return end(then::apologise, "adopt.poison");
    }

    constexpr void count() noexcept
    {
        if (in_.fault == blame::crashed) {
            verdict_.crashes = one_more(verdict_.crashes);
            verdict_.strike = true;
        } else if (in_.fault == blame::killed) {
            verdict_.kills = one_more(verdict_.kills);
        } else if (in_.fault == blame::outside) {
            verdict_.outside = one_more(verdict_.outside);
        }
    }

    [[nodiscard]] constexpr bool killed_often() const noexcept
    {
        return verdict_.kills >= limits_.kills_max || verdict_.outside >= limits_.outside_max;
    }

    constexpr void forgive() noexcept
    {
        verdict_.crashes = 0;
        verdict_.kills = 0;
        verdict_.outside = 0;
    }

    const adoption_input& in_;
    const connection_state& state_;
    const adoption_limits& limits_;
    adoption_verdict verdict_;
};

}  // namespace

adoption_verdict adopt(const adoption_input& in, const adoption_limits& limits) noexcept
{
    return judgement{in, limits}.pass();
}

}  // namespace cohort::net
