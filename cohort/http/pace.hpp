#pragma once
// Does a client keep up? For bodies that it sends, and for answers that it takes.

#include <cstdint>

namespace cohort::http {

/// What is asked of it. A value; 0 seconds: this one is not asked.
struct pace_terms {
    std::uint32_t bytes_per_second;
    std::uint32_t grace;    ///< Seconds for nothing at the beginning; 0: no rate is asked.
    std::uint32_t silence;  ///< At most so many seconds without a byte.
};

/// The automaton: an account in bytes. What comes is paid in, each second costs a second's bytes,
/// and it never holds more than the longest silence costs: who was fast at first cannot be slow
/// for hours after that. A value; no clock, and only the time counts in which it runs.
class pace {
public:
    /// A new account, which runs. `total`: bytes so far.
    void begin(std::uint64_t total, std::uint32_t second, const pace_terms& of) noexcept;

    /// From now on nothing is asked, or the client's time runs again.
    void pause(std::uint32_t second, const pace_terms& of) noexcept;
    void go_on(std::uint32_t second) noexcept;

    /// The look at it, once a second or so: `total` bytes by now. Is the client too slow?
    [[nodiscard]] bool is_late(std::uint64_t total, std::uint32_t second,
                               const pace_terms& of) noexcept;

    /// There is an account. A new one by begin(), none after end().
    [[nodiscard]] bool begun() const noexcept { return begun_; }
    void end() noexcept { *this = {}; }

private:
    void charge(std::uint32_t second, const pace_terms& of) noexcept;

    std::int64_t credit_ = 0;   // bytes
    std::uint64_t seen_ = 0;    // the total at the last look
    std::uint32_t since_ = 0;   // charged up to here
    std::uint32_t silent_ = 0;  // seconds that were charged since bytes came
    bool begun_ = false;
    bool runs_ = false;
};

}  // namespace cohort::http
