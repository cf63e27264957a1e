#pragma once
// The arithmetic of rate limits: pure functions on one word per key. No clock, no memory, no keys.

#include <cohort/base/error.hpp>

#include <chrono>
#include <cstdint>

namespace cohort::http {

/// How requests are counted.
enum class limit_kind : std::uint8_t {
    /// The generic cell rate algorithm: `burst` at once, and then one every window / limit. Smooth,
    /// and there is no moment at which all clients may come back.
    gcra,
    /// `limit` in each window, which begins with the first request that falls into none.
    fixed_window,
};

/// What one key has used, in 52 bits; 0: nothing. A value whose meaning is the rule's.
using limit_word = std::uint64_t;
inline constexpr unsigned limit_word_bits = 52;

/// What becomes of one request. A value.
struct limit_ruling {
    bool admitted = false;
    std::uint64_t remaining = 0;  ///< So many more, at once.
    /// Until there are more: one more (gcra), all of them (fixed window).
    std::chrono::nanoseconds more_in{0};
    /// What the key has used now; if refused, what it had, or the most that it can have.
    limit_word next = 0;
};

/// `limit` requests in `window`, checked. A value. Times are CLOCK_MONOTONIC's, in nanoseconds.
class limit_rule {
public:
    static constexpr std::uint64_t limit_max = 1'000'000;
    static constexpr std::chrono::hours window_max{24 * 31};
    static constexpr std::chrono::hours refill_max{24 * 366};

    struct measures {
        std::uint64_t limit = 60;
        std::chrono::milliseconds window = std::chrono::minutes{1};
        std::uint64_t burst = 0;  ///< At once, for gcra; 0: as many as `limit`.
        limit_kind kind = limit_kind::gcra;
    };

    /// Errors: errc::bad_value: a limit that is not 1 to limit_max, a window that is not one second
    ///         to window_max, a burst above limit_max, with another kind than gcra, or that is not
    ///         whole again within refill_max.
    [[nodiscard]] static result<limit_rule> of(const measures& given);

    /// One request at `now_ns` by a key that has used `used`. Any word is good: what cannot be is
    /// taken for the most that could be, or for nothing. A time that is over for a few seconds
    /// changes nothing for those who came since.
    [[nodiscard]] limit_ruling step(limit_word used, std::uint64_t now_ns) const noexcept;

    /// Without the request that was admitted with `then` as its next word. As `used` if that
    /// request counts no longer.
    [[nodiscard]] limit_word give_back(limit_word used, limit_word then,
                                       std::uint64_t now_ns) const noexcept;

    /// How long until `used` is as good as nothing; 0: it is.
    [[nodiscard]] std::uint64_t fades_in_ns(limit_word used, std::uint64_t now_ns) const noexcept;

    [[nodiscard]] const measures& given() const noexcept { return given_; }

private:
    explicit limit_rule(const measures& given) noexcept;

    measures given_;
    std::uint64_t interval_;  // gcra: between two requests, in ticks
    std::uint64_t window_;    // fixed window: in its own ticks
};

}  // namespace cohort::http
