#include <cohort/board/reaping.hpp>

#include <cohort/base/clock.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <linux/futex.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace cohort::board {

namespace {

// One word, so that it is there as a whole: process << 10 | code << 8 | status. Numbers of
// processes have 22 bits, codes of these kinds are 1 to 3.
constexpr std::uint32_t process_shift = 10;
static_assert(sizeof(std::atomic<std::uint32_t>) == 4, "the kernel waits for this word");

}  // namespace

void note_reaping(journal_header& in, std::uint32_t process, reaping how) noexcept
{
    const auto code = static_cast<std::uint32_t>(how.code) & 3U;
    const auto status = static_cast<std::uint32_t>(how.status) & 0xffU;
    in.crash.reaped.store(process << process_shift | code << 8 | status, std::memory_order_release);
    const int before = errno;
    ::syscall(SYS_futex, &in.crash.reaped, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    errno = before;
}

std::optional<reaping> await_reaping(const journal_header& in, std::uint32_t process,
                                     std::chrono::nanoseconds patience) noexcept
{
    const steady_time until = now() + patience;
    for (;;) {
        const std::uint32_t seen = in.crash.reaped.load(std::memory_order_acquire);
        if (seen >> process_shift == process)
            return reaping{static_cast<int>(seen >> 8 & 3U), static_cast<int>(seen & 0xffU)};
        const auto left = std::chrono::nanoseconds{until - now()}.count();
        if (left <= 0)
            return std::nullopt;
        const timespec rest{left / 1'000'000'000, left % 1'000'000'000};
        ::syscall(SYS_futex, &in.crash.reaped, FUTEX_WAIT, seen, &rest, nullptr, 0);
    }
}

}  // namespace cohort::board
