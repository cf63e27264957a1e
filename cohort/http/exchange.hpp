#pragma once
// Decides what happens on one connection: when to parse, run, answer, refuse, discard and close.
// No I/O and no clock: the session (http/session.hpp) does what is ordered and says what came of
// it.

#include <cohort/http/limits.hpp>
#include <cohort/http/record.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/serializer.hpp>
#include <cohort/http/server_options.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace cohort::http {

/// Where a connection stands.
enum class phase : std::uint8_t {
    idle,        ///< Between requests; no byte of the next one.
    head,        ///< Bytes, but no complete head.
    routing,     ///< The head is complete; the session looks for its route.
    body,        ///< A buffered body is on its way.
    running,     ///< The handler has the request, or produces the answer's body.
    discarding,  ///< Answered; the rest of an unread body is on its way.
    lingering,   ///< Answered and half closed; we read so that the client can read.
    closed,
};

/// What the session is to do now.
enum class order : std::uint8_t {
    read,          ///< Send what is there, wait for bytes; then took().
    wait,          ///< Send what is there; something else will move this on.
    find_route,    ///< Then planned().
    say_continue,  ///< Append "100 Continue"; then next().
    run,           ///< Run the handler; then settle() and done().
    refuse,        ///< Append the answer to record::why; then refused().
    linger,        ///< Send what is there, half close, read and drop; see lingering().
    close,         ///< Send what is there, close.
    give_away,     ///< Send what is there; then the connection is somebody else's.
};

/// What does not change between requests. A value.
struct exchange_rules {
    http::limits limits{};
    http::patience patience{};
    std::uint64_t discard_bytes_max = 65'536;
    std::uint32_t requests_max = 0;  ///< 0: no limit.
};

/// One connection, as plain data that can live in shared memory: positions count from the first
/// byte of the connection, as the kernel does (TCP_INFO), so that a successor can compare.
struct exchange_state {
    std::uint64_t bytes_read;      ///< Taken from the socket.
    std::uint64_t bytes_parsed;    ///< Of these, all before here is answered: the request at hand.
    std::uint64_t bytes_answered;  ///< Given to the socket.
    std::uint64_t body_left;       ///< Of a body with a length: not yet taken out of the input.
    std::uint64_t body_taken;      ///< Body bytes of this request, framing removed.
    std::uint64_t body_max;
    std::uint32_t requests;       ///< Answered.
    std::uint32_t since;          ///< The second in which this phase began.
    std::uint32_t blocked_since;  ///< The last second in which the client took bytes; 0: it does.
    std::uint16_t attempt;        ///< Of the request at hand.
    phase now;
    std::uint8_t flags;
};
static_assert(std::is_trivially_copyable_v<exchange_state> &&
              std::is_standard_layout_v<exchange_state>);
static_assert(sizeof(exchange_state) == 64, "one cache line");

/// What a route wants with a body. A value.
struct body_plan {
    body_use use = body_use::buffered;
    std::uint64_t bytes_max = 0;
};

/// A step of a streamed body. A value.
struct body_piece {
    enum class kind : std::uint8_t { data, more, end, refused };
    kind what = kind::more;
    std::string_view data = {};  ///< Valid until the next step.
};

/// Where a connection is that another process began. A value.
struct resumption {
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    std::uint64_t parsed = 0;
    std::uint32_t requests = 0;
    std::uint16_t attempt = 1;  ///< Of the request at hand.
    enum class interim : std::uint8_t { none, said } hundred = interim::none;
    persistence then = persistence::keep;  ///< close: the next answer is the last.
};

/// The automaton of one connection. A value: a pointer to the rules, and plain data. The record is
/// the one that the connection has borrowed, the same from a request's first byte to its last.
class exchange {
public:
    /// Lifetime: `rules` must outlive it. `second` counts from 1; 0 means never.
    exchange(const exchange_rules& rules, std::uint32_t second) noexcept;

    /// Goes on where somebody else stopped. Before anything else.
    void resume(const resumption& at) noexcept;

    /// `count` bytes were appended to the record's input.
    [[nodiscard]] order took(record& r, std::size_t count, std::uint32_t second) noexcept;

    /// What next, with the bytes that are there?
    [[nodiscard]] order next(record& r, std::uint32_t second) noexcept;

    /// The client closed its side. Requests that came before are still answered.
    [[nodiscard]] order ended(std::uint32_t second) noexcept;

    /// The route was found.
    [[nodiscard]] order planned(record& r, const body_plan& plan, std::uint32_t second) noexcept;

    /// Whether the connection stays open after the answer that is about to be written. Looks at
    /// what is left of the request's body. `wanted` is what handler and server have to say; a
    /// handler that produces its answer piece by piece may still read the body.
    enum class unread : std::uint8_t { drop, keep };
    [[nodiscard]] persistence settle(record& r, persistence wanted, unread body) noexcept;

    /// The answer is complete, and in the output.
    [[nodiscard]] order done(record& r, std::uint32_t second) noexcept;

    /// The answer is complete, in the output, and the last in this protocol: what is left of the
    /// input is not ours. For requests without a body.
    [[nodiscard]] order give_away(record& r) noexcept;

    /// Bytes were appended to the record's input which nobody shall look at yet.
    void hold(record& r, std::size_t count) noexcept
    {
        r.end += count;
        state_.bytes_read += count;
    }

    /// The answer cannot be completed: the client must see that it is cut.
    [[nodiscard]] order broken() noexcept;

    /// The refusal is in the output.
    [[nodiscard]] order refused() noexcept;

    /// The server has no room for the body at hand.
    [[nodiscard]] order no_room(record& r) noexcept;

    /// The next piece of the body, for handlers that stream it. Running only.
    [[nodiscard]] body_piece take_body(record& r) noexcept;

    /// True once: the client waits for "100 Continue" and the body is wanted now.
    [[nodiscard]] bool owes_continue(const record& r) noexcept;

    /// Room for more input? Moves what is there to the front if that helps.
    [[nodiscard]] std::size_t make_room(record& r) noexcept;

    /// `count` bytes were given to the socket; `more` says whether it took all.
    enum class rest : std::uint8_t { none, blocked };
    void sent(record& r, std::size_t count, rest more, std::uint32_t second) noexcept;

    /// The socket takes no more yet, but the client has taken so many bytes of what is in it since
    /// the last call. (May be none: then it is looked at how long for.)
    void acknowledged(record& r, std::uint64_t count, std::uint32_t second) noexcept;

    /// Only now can a first request come.
    void begin_again(std::uint32_t second) noexcept { enter(phase::idle, second); }

    /// Half closed, from now on.
    void linger(std::uint32_t second) noexcept
    {
        state_.body_taken = 0;  // from here on it counts what lingering() drops
        enter(phase::lingering, second);
    }
    /// Bytes came while lingering: read on, or close.
    [[nodiscard]] order lingering(std::size_t count) noexcept;
    void close() noexcept { state_.now = phase::closed; }

    /// Time has passed. `wait`: nothing is due. A handler that waits for its body is told by
    /// body_is_late() instead.
    [[nodiscard]] order time(record* r, std::uint32_t second) noexcept;

    /// May time() be about to say that a head or a body is late? Then look first what has come.
    [[nodiscard]] bool input_is_late(record& r, std::uint32_t second) const noexcept
    {
        return state_.now == phase::head || body_is_late(r, second);
    }

    /// Is the client too slow with a body? For phases body, discarding, and streamed bodies.
    [[nodiscard]] bool body_is_late(record& r, std::uint32_t second) const noexcept;

    /// When time() should be called, if nothing happens before. 0: never.
    [[nodiscard]] std::uint32_t due(std::uint32_t second) const noexcept;

    /// A streaming handler waits for the client's bytes from now on, or no more.
    enum class waiting : std::uint8_t { for_handler, for_client };
    void body_wait(record& r, waiting whom, std::uint32_t second) noexcept;

    [[nodiscard]] phase now() const noexcept { return state_.now; }
    [[nodiscard]] const exchange_state& state() const noexcept { return state_; }
    [[nodiscard]] bool continue_said() const noexcept
    {
        return has(flag::continue_said) || has(flag::continue_before);
    }
    [[nodiscard]] bool client_ended() const noexcept { return has(flag::ended); }
    [[nodiscard]] std::uint16_t attempt() const noexcept { return state_.attempt; }

private:
    enum class flag : std::uint8_t {
        ended = 1,  // the client's FIN
        continue_said = 2,
        broken_body = 4,       // the bytes behind the head cannot be trusted
        closing = 8,           // this answer is the last
        body_done = 16,        // all of the request's body has been taken out of the input
        client_slow = 32,      // a streaming handler waits for the client
        continue_before = 64,  // another process said it, for the request that is not parsed yet
        last = 128,            // the next answer closes
    };
    [[nodiscard]] bool has(flag f) const noexcept
    {
        return (state_.flags & static_cast<std::uint8_t>(f)) != 0;
    }
    void set(flag f) noexcept { state_.flags |= static_cast<std::uint8_t>(f); }
    void unset(flag f) noexcept
    {
        state_.flags &= static_cast<std::uint8_t>(~static_cast<unsigned>(f));
    }
    void enter(phase to, std::uint32_t second) noexcept;

    [[nodiscard]] order parse(record& r, std::uint32_t second) noexcept;
    [[nodiscard]] bool owes_body() const noexcept;
    [[nodiscard]] bool wants_front(const record& r) const noexcept;
    [[nodiscard]] order collect(record& r, std::uint32_t second) noexcept;
    [[nodiscard]] order discard(record& r, std::uint32_t second) noexcept;
    [[nodiscard]] order refuse(record& r, const violation& why) noexcept;
    [[nodiscard]] std::uint32_t due_blocked(std::uint32_t second) const noexcept;
    [[nodiscard]] bool expects_continue(const record& r) const noexcept;

    const exchange_rules* rules_;
    exchange_state state_;
    bool answer_late_ = false;  // the client is too slow in taking what waits for it
};

}  // namespace cohort::http
