#include <cohort/process/guarantees.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/try.hpp>
#include <cohort/process/seat_lock.hpp>
#include <cohort/process/twin.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/futex.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <memory>
#include <new>
#include <utility>

namespace cohort::process {

namespace {

constexpr std::chrono::seconds patience{1};

/// What the throw-away twin and we share.
struct trial {
    board::journal_header journal{};
    std::atomic<std::uint32_t> step{0};  // a futex: 1 has the seat, 2 could not get it
    std::atomic<int> opened{-1};         // a descriptor that the twin made
};

struct unmap {
    void operator()(trial* pages) const noexcept { ::munmap(pages, sizeof *pages); }
};

void play_the_twin(void* argument) noexcept
{
    // Should we die meanwhile, nobody would end it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto* const shared = static_cast<trial*>(argument);
    shared->opened.store(::eventfd(0, EFD_CLOEXEC), std::memory_order_relaxed);
    const bool seated = seat_lock{shared->journal}.acquire().has_value();
    shared->step.store(seated ? 1 : 2, std::memory_order_release);
    ::syscall(SYS_futex, &shared->step, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    for (;;)
        ::pause();
}

void wait_for_step(trial& shared) noexcept
{
    const auto end = now() + patience;
    constexpr timespec slice{0, 50'000'000};
    while (shared.step.load(std::memory_order_acquire) == 0 && now() < end)
        ::syscall(SYS_futex, &shared.step, FUTEX_WAIT, 0, &slice, nullptr, 0);
}

void end(const twin& which) noexcept
{
    ::kill(which.pid, SIGKILL);  // ours until it is reaped
    siginfo_t ignored{};
    while (::waitid(P_PID, static_cast<id_t>(which.pid), &ignored, WEXITED) == -1 && errno == EINTR)
    {
    }
}

result<> try_pair(fork_permit permit)
{
    COHORT_TRY(const auto maker, twin_maker::prepare(std::move(permit)));
    void* const pages =
        ::mmap(nullptr, sizeof(trial), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return failed("map memory for a trial");
    const std::unique_ptr<trial, unmap> shared{::new (pages) trial};
    seat_lock seat{shared->journal};
    COHORT_TRY(seat.init());

    COHORT_TRY(const auto other, maker.make(play_the_twin, shared.get()));
    wait_for_step(*shared);
    const auto while_alive = seat.try_acquire();
    end(other);
    const int opened = shared->opened.load(std::memory_order_relaxed);
    const bool is_ours_too = opened != -1 && ::fcntl(opened, F_GETFD) != -1;
    if (is_ours_too)
        ::close(opened);
    if (shared->step.load(std::memory_order_acquire) != 1)
        return failed(errc::not_supported, "let a twin take a seat");
    if (!while_alive || *while_alive)
        return failed(errc::not_supported, "keep others from a seat that is taken");
    if (!is_ours_too)
        return failed(errc::not_supported, "share descriptors with a twin");
    const auto after = seat.try_acquire();
    if (!after || *after != seating::owner_died)
        return failed(errc::not_supported, "notice the death of who has a seat");
    seat.release();
    return {};
}

}  // namespace

guarantees test_guarantees(fork_permit permit, position_check positions)
{
    guarantees found;
#if defined(__SANITIZE_THREAD__)
    found.words = "connections end with their worker (not under ThreadSanitizer)";
    return found;
#endif
    const auto pair = try_pair(std::move(permit));
    if (!pair) {
        found.words = "connections end with their worker: cannot " + pair.error().text();
        return found;
    }
    found.pairs = true;
    const auto exact = positions ? positions() : failed(errc::not_supported, "ask the kernel");
    if (!exact) {
        found.words = "idle connections outlive their worker, but not those within a request: "
                      "cannot " +
                      exact.error().text();
        return found;
    }
    found.exact_positions = true;
    found.words = "connections outlive their worker, exact to the byte";
    return found;
}

}  // namespace cohort::process
