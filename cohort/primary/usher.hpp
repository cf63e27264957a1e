#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/primary/generation.hpp>
#include <cohort/primary/supervisor.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace cohort::primary {

/// Shows workers to their seats, and out again, and waits until it is so: what a reload and a
/// recycling have in common. A value; the supervisor outlives it.
///
/// The subject of every fault is the whole reason, in words.
class usher {
public:
    explicit usher(supervisor& of) noexcept
        : of_{&of}
    {}

    /// One worker more than wanted, in a free slot. Its slot is noted in `where` as soon as
    /// somebody sits there, ready or not. Errors: those of its birth; it did not get ready.
    [[nodiscard]] awaitable<result<>> seat_extra(generation_ptr of,
                                                 std::optional<std::uint32_t>& where);
    /// Who sits there leaves for good. Errors: it does not leave.
    [[nodiscard]] awaitable<result<>> see_out(std::uint32_t slot);
    /// Order: who sits there was asked to leave. Errors: it does not.
    [[nodiscard]] awaitable<result<>> until_free(std::uint32_t slot);
    /// A worker of this generation gets the free slot, and gets ready. Errors: of both.
    [[nodiscard]] awaitable<result<>> seat(std::uint32_t slot, generation_ptr of);
    /// Errors: it failed at its start; it took longer than `ready.timeout`.
    [[nodiscard]] awaitable<result<>> until_ready(std::uint32_t slot, generation_ptr of);

    /// What says how it went, once it knows.
    using question = std::function<std::optional<result<>>()>;
    /// Asks whenever something changed. Errors: errc::deadline_passed; errc::stopping, the cohort
    /// is; errc::cancelled; what `settled` says.
    [[nodiscard]] awaitable<result<>> until(question settled, nanoseconds budget);

    /// A fault with this reason.
    [[nodiscard]] static fault because(std::string words);

private:
    supervisor* of_;
};

}  // namespace cohort::primary
