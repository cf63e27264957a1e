#pragma once
// Every combination of what a record can say, of the kernel's word and of the blame, for the table
// of rules in adoption_table_test.cpp.

#include <cohort/net/adoption.hpp>

#include <cstdint>

namespace cohort::net {

using board::connection_state;
using board::mark;
using board::standing;
using board::stream_framing;

inline constexpr adoption_limits limits;

// Where things are. The extents hold [1000, 1500) and [5000, 5400).
inline constexpr std::uint64_t base = 1000;
inline constexpr std::uint64_t parsed = 1100;
inline constexpr std::uint64_t input_size = 500;
inline constexpr std::uint64_t out_base = 5000;
inline constexpr std::uint64_t composed = 5300;
inline constexpr std::uint64_t output_size = 400;

constexpr std::uint8_t bit(mark m) { return static_cast<std::uint8_t>(m); }

/// One combination, and what the rules ask about it.
struct found {
    adoption_input in;

    [[nodiscard]] std::uint64_t taken() const
    {
        return in.kernel.exact ? in.kernel.taken : in.taken;
    }
    [[nodiscard]] std::uint64_t given() const
    {
        return in.kernel.exact ? in.kernel.given : in.given;
    }
    [[nodiscard]] bool is(standing s) const { return in.state.now == s; }
    [[nodiscard]] bool has(mark m) const { return in.state.has(m); }
    [[nodiscard]] bool exact() const { return in.kernel.exact; }
    [[nodiscard]] bool request() const { return is(standing::running) || is(standing::streaming); }
    [[nodiscard]] bool between() const { return is(standing::idle) || is(standing::passing); }
    [[nodiscard]] bool produced() const
    {
        return (is(standing::streaming) && !resumable()) ||
               (is(standing::running) && has(mark::private_answer));
    }
    [[nodiscard]] bool resumable() const
    {
        return is(standing::streaming) && in.state.head.framing() != stream_framing::none &&
               !has(mark::private_answer);
    }
    [[nodiscard]] std::uint64_t body_written() const
    {
        const connection_state& s = in.state;
        const bool chunked = s.head.framing() == stream_framing::chunked;
        return chunked ? s.body : s.composed - s.answer;
    }
    /// What the record says of a body that can be continued is true.
    [[nodiscard]] bool body_fits() const
    {
        const connection_state& s = in.state;
        const std::uint64_t bytes = s.composed - s.answer;
        switch (s.head.framing()) {
            case stream_framing::chunked:
                return s.answer <= s.composed && s.body <= bytes;
            case stream_framing::length:
                return s.answer <= s.composed && s.body >= bytes;
            default:
                return s.answer <= s.composed;
        }
    }
    [[nodiscard]] bool by_end() const { return has(mark::until_close); }
    [[nodiscard]] bool pending() const { return taken() > in.state.parsed; }
    [[nodiscard]] bool unsent() const { return given() < in.state.composed; }
    /// It crashed its worker, and its client left: by the notes, since the kernel has no word.
    [[nodiscard]] bool left() const
    {
        const connection_state& s = in.state;
        return in.kernel.reset && in.fault == blame::crashed && is(standing::running) &&
               !has(mark::incomplete) && !has(mark::private_answer) && in.taken > s.parsed &&
               in.taken <= s.base + in.input_bytes && in.given <= s.composed &&
               (in.given == s.composed || in.output_bytes != 0);
    }
    [[nodiscard]] unsigned crashes() const
    {
        return in.state.crashes + (in.fault == blame::crashed ? 1U : 0U);
    }
    [[nodiscard]] unsigned kills() const
    {
        return in.state.kills + (in.fault == blame::killed ? 1U : 0U);
    }
    [[nodiscard]] unsigned outside() const
    {
        return in.state.outside + (in.fault == blame::outside ? 1U : 0U);
    }
    [[nodiscard]] bool killed_often() const
    {
        return kills() >= limits.kills_max || outside() >= limits.outside_max;
    }
};

/// As it is, and if it is a stream, continuable in every framing: with a body that fits what is
/// composed, and with one that does not.
template <class Visit>
void for_every_framing(adoption_input in, Visit&& visit)
{
    visit(in);
    if (in.state.now != standing::streaming)
        return;
    in.state.head = {200, stream_framing::until_close};
    visit(in);
    for (const stream_framing how : {stream_framing::chunked, stream_framing::length}) {
        in.state.head = {200, how};
        for (const std::uint64_t body : {30U, 50U}) {
            in.state.body = body;
            visit(in);
        }
    }
}

template <class Visit>
void for_every_record(Visit&& visit)
{
    constexpr unsigned marks_seen = bit(mark::replayable) | bit(mark::incomplete) |
                                    bit(mark::private_answer) | bit(mark::last) |
                                    bit(mark::until_close);
    for (int now = 0; now <= 7; ++now)
        for (unsigned marks = 0; marks < 256; ++marks) {
            if ((marks & ~marks_seen) != 0)
                continue;
            for (const std::uint64_t input : {std::uint64_t{0}, input_size})
                for (const std::uint64_t output : {std::uint64_t{0}, output_size})
                    for (const std::uint64_t taken : {parsed, parsed + 100})
                        for (const std::uint64_t given : {composed, composed - 50})
                            for (const std::uint64_t answer :
                                 {composed, composed - 40, composed - 60, composed + 1})
                            {
                                adoption_input in;
                                in.state.now = static_cast<standing>(now);
                                in.state.marks = static_cast<std::uint8_t>(marks);
                                in.state.base = input == 0 ? parsed : base;
                                in.state.parsed = parsed;
                                in.state.out_base = out_base;
                                in.state.composed = composed;
                                in.state.answer = answer;
                                in.taken = taken;
                                in.given = given;
                                in.input_bytes = input;
                                in.output_bytes = output;
                                for_every_framing(in, visit);
                            }
        }
}

/// The kernel's word relative to the notes: equal, ahead within the buffers, beyond them, behind.
template <class Visit>
void for_every_word(adoption_input in, Visit&& visit)
{
    visit(in);  // it has none
    in.kernel.reset = true;
    visit(in);
    in.kernel.exact = true;
    visit(in);
    in.kernel.reset = false;
    for (const std::int64_t taken : {0, 30, 1000, -1})
        for (const std::int64_t given : {0, 20, 49, 50, 1000, -1}) {
            in.kernel.taken = in.taken + static_cast<std::uint64_t>(taken);
            in.kernel.given = in.given + static_cast<std::uint64_t>(given);
            visit(in);
        }
}

template <class Visit>
void for_every_history(adoption_input in, Visit&& visit)
{
    for (const int outside : {limits.outside_max - 1, int{limits.outside_max}, 255}) {
        in.fault = blame::outside;
        in.state.outside = static_cast<std::uint8_t>(outside);
        visit(in);
        in.fault = blame::killed;
        visit(in);
    }
    in.state.outside = 0;
    for (const blame fault : {blame::none, blame::outside, blame::killed, blame::crashed})
        for (const int crashes : {0, limits.crashes_max - 1, int{limits.crashes_max}, 255})
            for (const int kills : {0, limits.kills_max - 1, int{limits.kills_max}, 255}) {
                in.fault = fault;
                in.state.crashes = static_cast<std::uint8_t>(crashes);
                in.state.kills = static_cast<std::uint8_t>(kills);
                visit(in);
            }
}

}  // namespace cohort::net
