#include <cohort/http/inheritance.hpp>

#include <cohort/base/fault_point.hpp>
#include <cohort/board/reaping.hpp>
#include <cohort/net/kernel_position.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <iterator>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cohort::http {

namespace {

using board::standing;

// As process::last_words leaves them: no thread of ours is to blame; it was sent from outside.
constexpr std::uint32_t no_thread = 0xffff'ffff;
constexpr std::uint64_t from_outside = ~std::uint64_t{0};

/// For the keeper, which is woken up by a death as its successor is.
constexpr nanoseconds until_reaped = std::chrono::milliseconds{20};

/// It crashed, and its handler did not get to say so: the program has a handler of its own, or the
/// thread had no stack to crash on. Whoever sends such a signal from outside is named by ours.
bool crashed_in_silence(const board::journal_header& from) noexcept
{
    const std::uint32_t dead = from.speaker.load(std::memory_order_relaxed);
    if (dead == 0)
        return false;
    const auto how = board::await_reaping(from, dead, until_reaped);
    if (!how || how->code == CLD_EXITED)
        return false;
    constexpr std::array crashes{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
    return std::ranges::find(crashes, how->status) != crashes.end();
}

/// What a death is to those that ran, if no thread of ours crashed. Order: once a death, before its
/// note is cleared.
net::blame of_no_thread(board::journal_header& from) noexcept
{
    constexpr auto relaxed = std::memory_order_relaxed;
    const std::uint64_t kills = from.memory_kills.load(relaxed);
    const std::uint64_t before = from.memory_kills_before.exchange(kills, relaxed);
    if (from.crash.pid.load(relaxed) == 0) {
        // No last words: KILL, or _exit(). Somebody outside, unless the kernel wanted memory.
        const bool for_memory = kills == 0 || kills != before;
        return for_memory || crashed_in_silence(from) ? net::blame::killed : net::blame::outside;
    }
    // Hangs are ended by ABRT. Any other signal that was sent to a worker ends nothing that hangs.
    const bool sent = from.crash.address.load(relaxed) == from_outside;
    const bool hung = from.crash.signal.load(relaxed) == SIGABRT;
    return sent && !hung ? net::blame::outside : net::blame::killed;
}

/// Whom the words of the dead name. Reading clears them: a death of our own from here on costs a
/// poison request a blow that it had coming, but nobody is blamed twice for one death.
class suspects {
public:
    explicit suspects(board::journal_header& from) noexcept
    {
        constexpr auto relaxed = std::memory_order_relaxed;
        unnamed_ = of_no_thread(from);
        // A signal from outside (a hang that was ended, an operator) is no crash of any thread: all
        // that ran is named as it is by a SIGKILL.
        crashed_ =
            from.crash.pid.load(relaxed) != 0 && from.crash.thread.load(relaxed) != no_thread;
        signalled_ = from.crash.signal.load(relaxed) != 0;
        culprit_ = from.crash.running.load(relaxed);
        struck_ = from.crash.struck.load(relaxed) != 0;
        for (std::atomic<std::uint32_t>& word : from.running) {
            if (const std::uint32_t name = word.exchange(0, relaxed); name != 0)
                named_.push_back(name);
        }
        from.crash.running.store(0, relaxed);
        from.crash.signal.store(0, relaxed);
        from.crash.struck.store(0, relaxed);
        from.crash.pid.store(0, relaxed);
        // From now on the words are ours.
        from.speaker.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_release);
    }

    /// The dead one's last words were for the quarantine: its strike is counted.
    [[nodiscard]] bool struck() const noexcept { return struck_; }

    [[nodiscard]] net::blame blame(int descriptor, const board::connection_state& s) const noexcept
    {
        const std::uint32_t name = static_cast<std::uint32_t>(descriptor) + 1;
        const bool produces = s.now == standing::running || s.resumable();
        const bool suspended = produces && s.has(board::mark::coroutine);
        if (crashed_) {
            if (culprit_ == name)
                return signalled_ ? net::blame::crashed : net::blame::killed;
            // It happened where no request is named: within a coroutine, most likely. Not if it is
            // known by what it asked for: then its connection had ended, or is in no journal.
            const bool nobodys = culprit_ == 0 && !struck_;
            return nobodys && suspended ? net::blame::killed : net::blame::none;
        }
        const bool named = std::ranges::find(named_, name) != named_.end();
        return named || suspended ? unnamed_ : net::blame::none;
    }

private:
    net::blame unnamed_ = net::blame::killed;  // whoever ran, if no thread crashed
    bool crashed_ = false;
    bool signalled_ = false;
    bool struck_ = false;
    std::uint32_t culprit_ = 0;  // descriptor + 1
    std::vector<std::uint32_t> named_;
};

bool waits(const board::connection_state& s, const net::adoption_verdict& verdict) noexcept
{
    return s.now == standing::running || s.now == standing::streaming ||
           verdict.composed > verdict.given || verdict.taken > s.parsed;
}

void judge(estate& one, board::journal& book, const net::adoption_limits& limits)
{
    const auto kernel = net::read_position(one.descriptor);
    if (!kernel) {
        one.verdict.why = "adopt.kernel";
        return;
    }
    const board::connection_record* const page = book.record(one.descriptor);
    constexpr auto acquire = std::memory_order_acquire;
    const auto bytes = [&](board::extent of) {
        return book.contains(of) ? board::journal::size(of) : 0;
    };
    one.verdict = net::adopt({.state = one.state,
                              .taken = page->taken.load(acquire),
                              .given = page->given.load(acquire),
                              .input_bytes = bytes(one.state.input),
                              .output_bytes = bytes(one.state.output),
                              .kernel = *kernel,
                              .fault = one.fault},
                             limits);
    one.waits = waits(one.state, one.verdict);
}

/// It was accepted, or came out of an inbox, and its worker died before the first word of either of
/// two servers. `found`: as its record was.
bool is_unclear(const estate& one, standing found, const board::journal_header& of) noexcept
{
    return (found == standing::free || found == standing::passing) && one.verdict.taken == 0 &&
           one.verdict.given == 0 && of.strangers.load(std::memory_order_acquire) != 0;
}

/// In which a successor goes on with connections.
constexpr int turns = 5;

/// Whether its record has to say something else from now on. What was suspended in the dead one
/// has not begun in this process: what we die of before it does is not its fault.
bool count_in(estate& one) noexcept
{
    const net::adoption_verdict& v = one.verdict;
    board::connection_state& s = one.state;
    one.suspended = s.has(board::mark::coroutine);
    const bool changes =
        one.suspended || v.crashes != s.crashes || v.kills != s.kills || v.outside != s.outside;
    s.crashes = v.crashes;
    s.kills = v.kills;
    s.outside = v.outside;
    s.unset(board::mark::coroutine);
    return changes;
}

/// Strikes are counted as their requests come up: before another like them is run. Then come those
/// whose clients wait: who has not begun, who ran at the death and may end us as well, and behind
/// these whoever waited beside them. Should one of them end us, those have not begun.
int turn_of(const estate& one) noexcept
{
    if (one.verdict.strike || one.verdict.poison)
        return 0;
    if (!one.waits)
        return turns - 1;
    if (one.state.now != standing::running && one.state.now != standing::streaming)
        return 1;
    return one.fault != net::blame::none && !one.suspended ? 2 : 3;
}

}  // namespace

std::vector<estate> take_stock(board::journal& book, std::span<const int> found,
                               const net::adoption_limits& limits, passing_fate& ours)
{
    const suspects dead{book.header()};
    fault_point("http.blamed");
    std::vector<int> recorded;
    for (const int descriptor : found) {
        const board::connection_record* const page = book.record(descriptor);
        if (page != nullptr && page->state().now != standing::free)
            recorded.push_back(descriptor);
    }
    const std::vector<int> bad = book.take_stock(recorded);

    std::vector<estate> all;
    all.reserve(found.size());
    for (const int descriptor : found) {
        estate& one = all.emplace_back();
        one.descriptor = descriptor;
        board::connection_record* const page = book.record(descriptor);
        if (::fcntl(descriptor, F_GETFD) == -1) {
            one.whose = estate::owner::nobody;
            one.verdict.why = "adopt.nothing";
            continue;
        }
        if (page == nullptr || std::ranges::binary_search(bad, descriptor)) {
            one.verdict.why = "adopt.extent";
            continue;
        }
        one.state = page->state();
        const standing found_as = one.state.now;
        if (one.state.now == standing::passing) {
            if (!ours || !ours(one.state.ticket)) {
                one.whose = estate::owner::another;
                one.verdict.why = "adopt.passed";
                continue;
            }
            one.state.now = standing::idle;
        }
        one.fault = dead.blame(descriptor, one.state);
        judge(one, book, limits);
        if (one.verdict.what == net::then::serve && is_unclear(one, found_as, book.header())) {
            one.state.now = standing::foreign;
            one.verdict.what = net::then::close;
            one.verdict.why = "adopt.unclear";
        }
        if (count_in(one)) {
            page->commit(one.state);
            fault_point("http.counted");
        }
    }
    std::vector<estate> ordered;
    ordered.reserve(all.size());
    for (int turn = 0; turn < turns; ++turn)
        std::ranges::copy_if(all, std::back_inserter(ordered),
                             [&](const estate& each) { return turn_of(each) == turn; });
    for (estate& each : ordered)
        each.verdict.strike &= !dead.struck();
    return ordered;
}

}  // namespace cohort::http
