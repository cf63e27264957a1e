#include <cohort/http/culprit.hpp>

#include <cohort/http/fingerprint.hpp>

#include <array>
#include <atomic>
#include <optional>

namespace cohort::http::culprit {

namespace {

// Read by a signal handler: written before they are needed, and never freed.
constinit std::array<std::atomic<const request*>, board::threads_max> at_hand{};
constinit std::optional<court> present;
constinit std::atomic<bool> sitting{false};

}  // namespace

void convene(const court& where) noexcept
{
    sitting.store(false, std::memory_order_release);
    present.emplace(where);
    sitting.store(true, std::memory_order_release);
}

void withdraw(const board::journal_header* whose) noexcept
{
    if (present && present->journal == whose)
        sitting.store(false, std::memory_order_release);
}

const request* run(unsigned thread, const request* what) noexcept
{
    if (thread >= at_hand.size())
        return nullptr;
    // Its reader is this very thread.
    const request* const before = at_hand[thread].load(std::memory_order_relaxed);
    at_hand[thread].store(what, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_release);
    return before;
}

void accuse(std::uint32_t thread) noexcept
{
    if (thread >= at_hand.size() || !sitting.load(std::memory_order_acquire))
        return;
    const request* const what = at_hand[thread].load(std::memory_order_relaxed);
    if (what == nullptr)
        return;
    static_cast<void>(present->table.strike(fingerprint(*what), now(), present->lasting));
    if (present->journal != nullptr)
        present->journal->crash.struck.store(1, std::memory_order_release);
}

}  // namespace cohort::http::culprit
