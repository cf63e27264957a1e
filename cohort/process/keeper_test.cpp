#include <cohort/process/keeper.hpp>

#include <cohort/process/cgroup.hpp>
#include <cohort/process/detail/pair_kit_test.hpp>
#include <cohort/process/last_words.hpp>
#include <cohort/process/seat_lock.hpp>

#include <algorithm>
#include <csignal>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;
using kind = keeper_note::kind;

namespace {

keeping plain(board::journal& journal, standby_mode standby)
{
    keeping how;
    how.title = "cohort: keeper";
    how.twin_title = "cohort: worker";
    how.standby_title = "cohort: standby";
    how.journal = &journal;
    how.standby = standby;
    return how;
}

/// A worker that serves until it is killed.
void serve(board::journal& journal) noexcept
{
    tell_ready(journal.header());
    for (;;)
        ::pause();
}

kept_pair start(keeping how)
{
    auto pair = start_keeper(kit::permit(), std::move(how));
    REQUIRE_MESSAGE(pair.has_value(), (pair ? "" : pair.error().text()));
    return std::move(*pair);
}

bool serves(board::journal& journal, pid_t pid)
{
    return kit::comes_true([&] {
        return journal.header().tenant.load() == static_cast<std::uint32_t>(pid) &&
               journal.header().ready.load() == 1;
    });
}

}  // namespace

TEST_SUITE_BEGIN("twins" * doctest::skip(kit::no_twins));

TEST_CASE("a keeper makes a worker that has the seat, a channel and no more")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::off);
    how.life = [&journal](twin_birth born) noexcept {
        const char word = born.successor || !born.found.empty() ? 'n' : 'y';
        if (::write(born.channel.borrow(), &word, 1) != 1)
            ::_exit(1);
        serve(journal);
    };
    auto pair = start(std::move(how));
    auto born = kit::next_note(pair.line);
    REQUIRE(born);
    REQUIRE(born->note.what == kind::born);
    CHECK(kit::read_until(born->channel, [](const auto& all) { return !all.empty(); }) == "y");
    CHECK(serves(journal, born->note.pid));
    CHECK(journal.header().tenures.load() == 1);
    CHECK(journal.header().pristine_count.load() > 30);

    SUBCASE("and ends with it when it is told to hold")
    {
        REQUIRE(give_order(pair.line.borrow(), keeper_order::hold));
        kit::kill_by(born->pidfd, SIGTERM);
        auto ended = kit::next_note(pair.line);
        REQUIRE(ended);
        CHECK(ended->note.what == kind::ended);
        CHECK(ended->note.pid == born->note.pid);
        CHECK(ended->note.code == CLD_KILLED);
        CHECK(ended->note.status == SIGTERM);
        CHECK(ended->note.succeeded == 0);
        CHECK(ended->note.had_seat == 1);
        CHECK(kit::line_ends(pair.line));
        CHECK(pair.keeper.wait() == exit_reason::exited(0));
    }
}

TEST_CASE("a killed worker is followed by another, and by the standby at once")
{
    auto journal = kit::make_journal();
    standby_mode mode = standby_mode::off;
    SUBCASE("without standby") { mode = standby_mode::off; }
    SUBCASE("with standby") { mode = standby_mode::on; }
    auto how = plain(journal, mode);
    how.life = [&journal](twin_birth) noexcept { serve(journal); };
    auto pair = start(std::move(how));

    kit::roll_call roll{pair.line};
    for (int round = 0; round < 30; ++round) {
        roll.wait_for(mode == standby_mode::on ? 2 : 1);
        const pid_t worker = roll.living.front().note.pid;
        REQUIRE(serves(journal, worker));
        kit::kill_by(roll.living.front().pidfd, SIGKILL);
        const keeper_note end = roll.wait_for_end_of(worker);
        CHECK(end.succeeded == 1);
        CHECK(end.had_seat == 1);
        CHECK(end.status == SIGKILL);
    }
    CHECK(journal.header().tenures.load() >= 30);
    // Others may be killed for memory at any time.
    if (const auto killed = memory_kills_of_machine()) {
        CHECK(journal.header().memory_kills.load() >= 1);
        CHECK(journal.header().memory_kills.load() <= *killed + 1);
    }
}

TEST_CASE("a worker that dies at once is followed once, and then when it is ordered")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::on);
    how.life = [](twin_birth) noexcept { ::_exit(3); };
    auto pair = start(std::move(how));
    const auto expect = [&](kind what, std::uint32_t succeeded) {
        auto note = kit::next_note(pair.line);
        REQUIRE(note);
        CHECK(note->note.what == what);
        CHECK(note->note.succeeded == succeeded);
        if (what == kind::ended) {
            CHECK(note->note.code == CLD_EXITED);
            CHECK(note->note.status == 3);
        }
    };
    // A birth that could not be told before the death is not told at all; here the line is free.
    expect(kind::born, 0);
    expect(kind::ended, 1);
    expect(kind::born, 0);
    // "waiting" stands before "ended": the keeper decides, and then buries.
    expect(kind::waiting, 0);
    expect(kind::ended, 0);
    REQUIRE(give_order(pair.line.borrow(), keeper_order::spawn));
    expect(kind::born, 0);
    expect(kind::waiting, 0);
    expect(kind::ended, 0);
}

TEST_CASE("a worker that somebody crashes from outside is followed every time, however young")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::off);
    how.life = [&journal](twin_birth) noexcept {
        board::journal_header& head = journal.header();
        tell_ready(head);
        head.crash.thread.store(last_words::no_thread);
        head.crash.address.store(last_words::from_outside);
        head.crash.running.store(0);
        head.crash.signal.store(SIGSEGV);
        head.crash.pid.store(static_cast<std::uint32_t>(::getpid()));
        ::_exit(4);
    };
    auto pair = start(std::move(how));
    for (int deaths = 0; deaths < 10;) {
        auto note = kit::next_note(pair.line);
        REQUIRE(note);
        REQUIRE(note->note.what != kind::waiting);
        if (note->note.what == kind::ended) {
            CHECK(note->note.succeeded == 1);
            CHECK(note->note.served_well == 1);
            ++deaths;
        }
    }
}

TEST_CASE("a keeper that is to bequeath makes one last twin, which knows it, and then ends")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::on);
    how.life = [&journal](twin_birth born) noexcept {
        if (born.last)
            tell_ready(journal.header());
        ::_exit(born.last ? 4 : 3);
    };
    auto pair = start(std::move(how));
    auto gone = kit::next_note(pair.line, kind::waiting);
    REQUIRE(gone);
    REQUIRE(kit::next_note(pair.line, kind::ended));
    REQUIRE(give_order(pair.line.borrow(), keeper_order::bequeath));
    REQUIRE(kit::next_note(pair.line, kind::born));
    auto last = kit::next_note(pair.line, kind::ended);
    REQUIRE(last);
    CHECK(last->note.status == 4);
    CHECK(last->note.succeeded == 0);
    CHECK(kit::line_ends(pair.line));
    CHECK(pair.keeper.wait() == exit_reason::exited(0));
}

TEST_CASE("when the line ends the standby goes, and the worker may leave in peace")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::on);
    how.last_grace = 100ms;
    SUBCASE("a worker that hears it leaves")
    {
        how.life = [&journal](twin_birth born) noexcept {
            tell_ready(journal.header());
            char byte = 0;
            pollfd look{born.channel.borrow(), POLLIN, 0};
            ::poll(&look, 1, -1);
            ::_exit(::read(born.channel.borrow(), &byte, 1) == 0 ? 0 : 1);
        };
    }
    SUBCASE("a worker that does not is killed after its grace")
    {
        how.life = [&journal](twin_birth) noexcept { serve(journal); };
    }
    auto pair = start(std::move(how));
    auto worker = kit::next_note(pair.line, kind::born);
    auto standby = kit::next_note(pair.line, kind::born);
    REQUIRE(worker);
    REQUIRE(standby);
    pair.line.reset();
    worker->channel.reset();
    standby->channel.reset();
    CHECK(kit::ended(standby->pidfd));
    CHECK(kit::ended(worker->pidfd));
    CHECK(pair.keeper.wait() == exit_reason::exited(0));
}

TEST_CASE("the death of a keeper ends its twins")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::on);
    SUBCASE("at once") { how.twin_orphan = parent_death::kill(); }
    SUBCASE("after a grace, in which the worker sees it")
    {
        how.twin_orphan = parent_death::after(300ms);
    }
    how.life = [&journal](twin_birth born) noexcept {
        tell_ready(journal.header());
        pollfd look{born.keeper.borrow(), POLLIN, 0};
        while (::poll(&look, 1, -1) == -1) {
        }
        journal.header().next_id.store(77);
        for (;;)
            ::pause();
    };
    const bool graceful = how.twin_orphan.what() == parent_death::how::after;
    auto pair = start(std::move(how));
    auto worker = kit::next_note(pair.line, kind::born);
    auto standby = kit::next_note(pair.line, kind::born);
    REQUIRE(worker);
    REQUIRE(standby);
    REQUIRE(pair.keeper.signal(SIGKILL));
    CHECK(pair.keeper.wait() == exit_reason::signalled(SIGKILL));
    CHECK(kit::ended(standby->pidfd));
    CHECK(kit::ended(worker->pidfd));
    if (graceful)
        CHECK(journal.header().next_id.load() == 77);
    CHECK(journal.header().tenures.load() == 1);
    CHECK(kit::line_ends(pair.line));
}

TEST_CASE("a standby that crashes with the seat is followed, though the keeper sees it all at once")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::on);
    how.life = [&journal](twin_birth born) noexcept {
        board::journal_header& head = journal.header();
        if (head.tenures.load() == 2) {
            head.crash.signal.store(SIGSEGV);
            head.crash.pid.store(static_cast<std::uint32_t>(::getpid()));
            ::_exit(4);
        }
        tell_ready(head);
        pollfd look{born.channel.borrow(), POLLIN, 0};
        ::poll(&look, 1, -1);
        ::_exit(3);
    };
    auto pair = start(std::move(how));
    auto worker = kit::next_note(pair.line, kind::born);
    auto standby = kit::next_note(pair.line, kind::born);
    REQUIRE(worker);
    REQUIRE(standby);
    // The standby comes, crashes and is gone before the keeper looks at anybody.
    REQUIRE(pair.keeper.signal(SIGSTOP));
    REQUIRE(::write(worker->channel.borrow(), "x", 1) == 1);
    CHECK(kit::ended(worker->pidfd));
    CHECK(kit::ended(standby->pidfd));
    REQUIRE(pair.keeper.signal(SIGCONT));

    std::optional<received_note> next;
    for (int ends = 0; ends < 2 || !next;) {
        auto note = kit::next_note(pair.line);
        REQUIRE(note);
        CHECK(note->note.what != kind::waiting);
        if (note->note.what == kind::ended) {
            CHECK(note->note.succeeded == 1);
            ++ends;
        } else if (!next) {
            next = std::move(*note);
        }
    }
    CHECK(serves(journal, next->note.pid));
}

TEST_CASE("a standby that dies is replaced, and the worker serves on")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::on);
    how.life = [&journal](twin_birth) noexcept { serve(journal); };
    auto pair = start(std::move(how));
    auto worker = kit::next_note(pair.line, kind::born);
    auto standby = kit::next_note(pair.line, kind::born);
    REQUIRE(worker);
    REQUIRE(standby);
    kit::kill_by(standby->pidfd, SIGKILL);
    auto ended = kit::next_note(pair.line);
    REQUIRE(ended);
    CHECK(ended->note.pid == standby->note.pid);
    CHECK(ended->note.had_seat == 0);
    CHECK(ended->note.succeeded == 1);
    auto next = kit::next_note(pair.line);
    REQUIRE(next);
    CHECK(next->note.what == kind::born);
    CHECK(journal.header().tenant.load() == static_cast<std::uint32_t>(worker->note.pid));
}

TEST_CASE("signals that mean others do not end a keeper")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::off);
    how.life = [&journal](twin_birth) noexcept { serve(journal); };
    auto pair = start(std::move(how));
    auto worker = kit::next_note(pair.line, kind::born);
    REQUIRE(worker);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGPIPE})
        REQUIRE(pair.keeper.signal(number));
    kit::kill_by(worker->pidfd, SIGKILL);
    CHECK(kit::next_note(pair.line, kind::born));
}

TEST_CASE("a worker that used up every descriptor is followed all the same")
{
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::off);
    kit::shared_words words;
    how.life = [&](twin_birth) noexcept {
        if (words.word[0].fetch_add(1) > 0)
            serve(journal);
        while (::open("/dev/null", O_RDONLY | O_CLOEXEC) != -1) {
        }
        words.word[1].store(static_cast<std::uint64_t>(errno));
        ::_exit(1);
    };
    auto pair = start(std::move(how));
    REQUIRE(kit::next_note(pair.line, kind::born));
    auto next = kit::next_note(pair.line, kind::born);
    REQUIRE(next);
    CHECK(words.word[1].load() == EMFILE);
    CHECK(serves(journal, next->note.pid));
}

TEST_CASE("a keeper and its workers become another user, and sweep as that one")
{
    if (::geteuid() != 0)
        return;
    auto journal = kit::make_journal();
    auto how = plain(journal, standby_mode::off);
    how.user = credentials{65534, 65534};
    kit::shared_words words;
    how.life = [&](twin_birth born) noexcept {
        if (::getuid() != 65534)
            ::_exit(1);
        int ends[2] = {-1, -1};
        if (!born.successor && ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
            board::connection_state state;
            state.now = board::standing::idle;
            journal.record(ends[0])->commit(state);
        }
        words.word[0].store(born.found.size());
        serve(journal);
    };
    auto pair = start(std::move(how));
    kit::roll_call roll{pair.line};
    roll.wait_for(1);
    REQUIRE(serves(journal, roll.living.front().note.pid));
    CHECK(words.word[0].load() == 0);
    kit::kill_by(roll.living.front().pidfd, SIGKILL);
    roll.wait_for_end_of(roll.living.front().note.pid);
    roll.wait_for(1);
    REQUIRE(serves(journal, roll.living.front().note.pid));
    CHECK(words.word[0].load() == 1);
}

TEST_SUITE_END();
