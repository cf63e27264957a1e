#include <cohort/process/detail/twin_entry.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/process/cgroup.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/descriptors.hpp>
#include <cohort/process/detail/pidfd.hpp>
#include <cohort/process/identity.hpp>
#include <cohort/process/seat_lock.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <string_view>

namespace cohort::process::detail {

int bell_number = -1;

namespace {

[[noreturn]] void give_up(std::string_view doing) noexcept
{
    constexpr std::string_view start = "cohort: a newborn worker could not ";
    std::array<char, 200> line{};
    std::size_t used = 0;
    for (const std::string_view part : {start, doing, std::string_view{"\n"}})
        used += part.copy(line.data() + used, line.size() - used);
    // Nothing can be done about a standard error that does not take it.
    [[maybe_unused]] const auto lost = ::write(STDERR_FILENO, line.data(), used);
    ::_exit(stillborn);
}

void take(const stumble& taken, std::string_view doing) noexcept
{
    // A keeper that is gone has taken its line with it: nobody would hear of us.
    if (taken.at == step::parent_gone)
        ::_exit(0);
    if (taken.at != step::none)
        give_up(doing);
}

void show(std::string_view name) noexcept
{
    if (!name.empty())
        set_title(name);
}

void take_the_seat(const twin_inheritance& from) noexcept
{
    seat_lock seat{from.how.journal->header()};
    auto now_or_never = seat.try_acquire();
    if (now_or_never && !*now_or_never) {
        show(from.how.standby_title);
        if (const auto later = seat.acquire(); !later)
            give_up("take the seat that it waited for");
    } else if (!now_or_never) {
        give_up("take its seat");
    }
}

/// Returns whether somebody had the seat before.
bool move_in(board::journal_header& journal) noexcept
{
    // In this order: nobody who reads "ready" may take it for ours.
    journal.ready.store(0, std::memory_order_release);
    journal.since_ns.store(now_ns(), std::memory_order_release);
    journal.tenant.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_release);
    return journal.tenures.fetch_add(1, std::memory_order_acq_rel) > 0;
}

/// For whoever takes stock: did the last one die for want of memory?
void note_memory_kills(board::journal_header& journal) noexcept
{
    const auto all = memory_kills_of_machine();
    journal.memory_kills.store(all ? *all + 1 : 0, std::memory_order_release);
}

}  // namespace

void enter_life(twin_inheritance& from) noexcept
{
    // Until it serves, a twin is of no use to anybody without its keeper.
    take(on_parent_death(parent_death::kill(), from.keeper), "tie its life to its keeper's");
    from.gate.pass(from.serial);
    take(reset_signals(), "reset its signals");
    ::signal(SIGPIPE, SIG_IGN);
    take_the_seat(from);
    ::prctl(PR_SET_PDEATHSIG, 0);
    take(on_parent_death(from.how.twin_orphan, from.keeper), "tie its life to its keeper's");
    if (::getppid() != from.keeper)
        ::_exit(0);

    twin_birth birth;
    birth.successor = move_in(from.how.journal->header());
    birth.last = from.last;
    ring_keeper();
    auto found = sweep(*from.how.journal, from.pristine);
    if (!found)
        give_up("close what its predecessor left");
    birth.found = std::move(*found);
    note_memory_kills(from.how.journal->header());
    const int own_end = from.numbers.twin_end(from.index);
    birth.channel = unique_fd{::fcntl(own_end, F_DUPFD_CLOEXEC, 3)};
    if (!birth.channel.valid())
        give_up("take its channel");
    from.numbers.vacate(own_end);
    birth.keeper = open_pidfd(from.keeper);
    if (!birth.keeper.valid())
        give_up("watch its keeper");
    // Last, after the sweep: it may need a number of those that the dead had.
    if (from.how.box) {
        const stumble entered = from.how.box->enter();
        take(entered, words_of(entered.at));
    }
    show(from.how.twin_title);
    from.how.life(std::move(birth));
    ::_exit(0);
}

}  // namespace cohort::process::detail
