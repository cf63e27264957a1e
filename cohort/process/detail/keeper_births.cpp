// Who is born, and when.

#include <cohort/process/detail/keeper_loop.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/process/seat_lock.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace cohort::process::detail {

namespace {

constexpr std::uint64_t millisecond = 1'000'000;
constexpr std::uint64_t second = 1'000 * millisecond;

}  // namespace

void keeper_loop::plan() noexcept
{
    // One newborn at a time: whoever has not served yet may be sweeping the table, and must not
    // meet what we open for the next one.
    if (any(twin_stage::waiting) || any(twin_stage::seated) || !birth_pause_.over())
        return;
    if (over())
        return plan_the_last();
    const bool serving = any(twin_stage::ready);
    const auto due = standby_due_ns();
    const bool wanted = serving ? due && now_ns() >= *due : owed_;
    const auto free = std::ranges::find(places_, twin_stage::none, &place::stage);
    if (wanted && free != places_.end())
        give_birth(static_cast<int>(free - places_.begin()));
    else if (wanted && !serving)  // a standby can wait
        make_room();
}

/// Somebody who serves is worth more than the core of somebody who crashed long ago.
void keeper_loop::make_room() noexcept
{
    place* oldest = nullptr;
    for (place& each : places_) {
        if (each.stage != twin_stage::leaving)
            continue;
        if (each.killed)
            return;  // it will be buried in a moment
        if (oldest == nullptr || each.left_ns < oldest->left_ns)
            oldest = &each;
    }
    if (oldest == nullptr)
        return;
    oldest->killed = true;
    ::kill(oldest->pid, SIGKILL);
    post_.put({keeper_note::kind::shortage, oldest->pid, 0, EBUSY, 0, 0});
}

void keeper_loop::plan_the_last() noexcept
{
    const auto free = std::ranges::find(places_, twin_stage::none, &place::stage);
    if (last_tries_ == 0 || any(twin_stage::ready))
        return;
    if (free == places_.end())
        return make_room();
    twins_.last = true;
    const auto index = static_cast<int>(free - places_.begin());
    give_birth(index);
    last_tries_ = places_[static_cast<std::size_t>(index)].pid != 0 ? 0 : last_tries_ - 1;
}

std::optional<std::uint64_t> keeper_loop::standby_due_ns() const noexcept
{
    const auto who = std::ranges::find(places_, twin_stage::ready, &place::stage);
    // Whose seat it was is dead soon, and only then do we know of what: the rule has to hear first.
    const bool unjudged = std::ranges::any_of(
        places_, [](const place& p) { return p.stage == twin_stage::leaving && !p.judged; });
    if (who == places_.end() || twins_.how.standby == standby_mode::off || unjudged)
        return std::nullopt;
    if (rule_.has_standby(std::chrono::nanoseconds{0}))
        return standby_pause_.until_ns;
    constexpr std::chrono::nanoseconds long_life = respawn_rule::long_life;
    return std::max(standby_pause_.until_ns,
                    who->since_ns + static_cast<std::uint64_t>(long_life.count()));
}

void keeper_loop::give_birth(int index) noexcept
{
    const keeper_numbers& numbers = twins_.numbers;
    const bool last_one_left = alone();
    // With nobody alive the seat is free whatever its bytes say; and they may have been
    // overwritten.
    if (last_one_left)
        static_cast<void>(seat_lock{journal_}.init());

    int failure = make_twin(index);
    if (failure == EMFILE && last_one_left) {
        // The dead have left none, and only a successor can sweep: it is born on our spare ones.
        numbers.lend();
        failure = make_twin(index);
        numbers.take_back();
    }
    if (failure == 0) {
        owed_ = false;
        birth_pause_ = {};
        return;
    }
    numbers.vacate(numbers.channel(index));
    numbers.vacate(numbers.twin_end(index));
    birth_pause_.grow(10 * millisecond, 2 * second);
    post_.put({keeper_note::kind::shortage, 0, 0, failure, 0, 0});
}

int keeper_loop::make_twin(int index) noexcept
{
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == -1)
        return errno;
    const keeper_numbers& numbers = twins_.numbers;
    numbers.settle(numbers.channel(index), ends[0]);
    numbers.settle(numbers.twin_end(index), ends[1]);
    twins_.index = index;
    ++twins_.serial;
    auto born = maker_.make(
        [](void* from) noexcept { enter_life(*static_cast<twin_inheritance*>(from)); }, &twins_);
    if (!born)
        return born.error().why().value();
    const pid_t pid = born->pid;
    numbers.settle(numbers.pidfd(index), born->pidfd.release());

    place& who = places_[static_cast<std::size_t>(index)];
    who = {};
    who.pid = pid;
    who.stage = twin_stage::waiting;
    // Numbers of the dead come again; what is said of them is not said of this one.
    auto stale = static_cast<std::uint32_t>(pid);
    journal_.tenant.compare_exchange_strong(stale, 0);
    stale = static_cast<std::uint32_t>(pid);
    journal_.crash.pid.compare_exchange_strong(stale, 0);
    post_.put({keeper_note::kind::born, pid, 0, 0, 0, 0},
              {numbers.channel(index), numbers.pidfd(index)});
    twins_.gate.open(twins_.serial);
    return 0;
}

}  // namespace cohort::process::detail
