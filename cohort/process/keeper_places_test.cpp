#include <cohort/process/keeper.hpp>

#include <cohort/process/detail/pair_kit_test.hpp>
#include <cohort/process/last_words.hpp>
#include <cohort/process/seat_lock.hpp>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <vector>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;
using kind = keeper_note::kind;

namespace {

constexpr std::uint64_t crashes = 12;

/// What a crash handler does, and then what a process does that dumps a large core: nothing that
/// anybody can see.
[[noreturn]] void crash_slowly(board::journal_header& head) noexcept
{
    head.crash.thread.store(last_words::no_thread);
    head.crash.address.store(last_words::from_outside);
    head.crash.running.store(0);
    head.crash.signal.store(SIGSEGV);
    head.crash.pid.store(static_cast<std::uint32_t>(::getpid()));
    static_cast<void>(seat_lock{head}.release());
    ring_keeper();
    for (;;)
        ::pause();
}

}  // namespace

TEST_SUITE_BEGIN("twins" * doctest::skip(kit::no_twins));

TEST_CASE("those who dump their cores make room for those who serve, and do not outlive the cohort")
{
    auto journal = kit::make_journal();
    keeping how;
    how.journal = &journal;
    how.standby = standby_mode::off;
    how.last_grace = 100ms;
    how.life = [&journal](twin_birth) noexcept {
        board::journal_header& head = journal.header();
        tell_ready(head);
        if (head.tenures.load() <= crashes)
            crash_slowly(head);
        for (;;)
            ::pause();
    };
    auto pair = start_keeper(kit::permit(), std::move(how));
    REQUIRE(pair);

    std::vector<received_note> born;
    std::size_t ends = 0;
    std::size_t made_room = 0;
    while (born.size() < crashes + 1) {
        auto note = kit::next_note(pair->line);
        REQUIRE(note);
        if (note->note.what == kind::born) {
            born.push_back(std::move(*note));
        } else if (note->note.what == kind::shortage) {
            CHECK(note->note.status == EBUSY);
            // The oldest one; of notes of this kind only the last is told, if we are slow.
            CHECK(note->note.pid == born.at(ends).note.pid);
            ++made_room;
        } else {
            REQUIRE(note->note.what == kind::ended);
            CHECK(note->note.pid == born.at(ends++).note.pid);
            CHECK(note->note.status == SIGKILL);
            CHECK(note->note.succeeded == 1);
        }
    }
    CHECK(made_room > 0);
    CHECK(ends == crashes + 1 - 8);
    const auto serving = static_cast<std::uint32_t>(born.back().note.pid);
    CHECK(kit::comes_true([&] { return journal.header().tenant.load() == serving; }));

    REQUIRE(give_order(pair->line.borrow(), keeper_order::hold));
    kit::kill_by(born.back().pidfd, SIGTERM);
    CHECK(kit::line_ends(pair->line));
    CHECK(pair->keeper.wait() == exit_reason::exited(0));
}

TEST_SUITE_END();
