#include <cohort/process/last_words.hpp>

#include <cohort/process/child_side.hpp>
#include <cohort/process/detail/pair_kit_test.hpp>
#include <cohort/process/seat_lock.hpp>
#include <cohort/process/twin.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <thread>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

/// Fills any stack. The address escapes, so that no compiler makes a loop of it.
[[gnu::noinline]] int overflow(volatile char* above) noexcept
{
    volatile char frame[4096];
    frame[0] = above ? above[0] : 'x';
    // Never false; but the compiler must not know.
    return frame[0] == 'x' ? overflow(frame) + frame[0] : 0;
}

void fault_at_address() noexcept
{
    auto* const nowhere = reinterpret_cast<volatile int*>(0x1230);
    *nowhere = 1;
}

void leave() noexcept
{
    // As a user's handler might.
    const auto end = &std::exit;
    end(3);
}

struct death {
    void (*die)() noexcept;
    int signal;             // 0: exit code 3
    std::uint64_t address;  // as noted; 1: any
};

const death deaths[] = {
    {fault_at_address, SIGSEGV, 0x1230},
    {[]() noexcept { overflow(nullptr); }, SIGSEGV, 1},
    {[]() noexcept { std::abort(); }, SIGABRT, 0},
    {[]() noexcept { ::raise(SIGFPE); }, SIGFPE, 0},
    {[]() noexcept { ::raise(SIGSYS); }, SIGSYS, 0},
    {[]() noexcept { ::raise(SIGTRAP); }, SIGTRAP, 0},
    {[]() noexcept { __builtin_trap(); }, SIGILL, 1},
    {leave, 0, 3},
};

/// What the successor found, in shared words.
enum word : std::size_t { done, pid, signal_number, thread, running, address, tenure };

/// Two workers: the first dies in the way told, the second says what it found.
struct scene {
    board::journal journal = kit::make_journal();
    kit::shared_words words;
    bool stock_is_taken = true;

    void report() noexcept
    {
        board::crash_note& crash = journal.header().crash;
        words.word[pid] = crash.pid.load();
        words.word[signal_number] = crash.signal.load();
        words.word[thread] = crash.thread.load();
        words.word[running] = crash.running.load();
        words.word[address] = crash.address.load();
        words.word[tenure] = journal.header().tenures.load();
        words.word[done] = 1;
        tell_ready(journal.header());
        for (;;)
            ::pause();
    }

    kept_pair start(std::move_only_function<void() noexcept> first_life, standby_mode mode)
    {
        keeping how;
        how.journal = &journal;
        how.standby = mode;
        how.life = [this, first = std::move(first_life)](twin_birth born) mutable noexcept {
            if (born.successor)
                report();
            if (!last_words::install(journal))
                ::_exit(90);
            // Cores may be allowed where this runs; they would only take time.
            ::prctl(PR_SET_DUMPABLE, 0);
            if (stock_is_taken)
                journal.header().speaker.store(static_cast<std::uint32_t>(::getpid()));
            journal.header().running[0].store(11);
            journal.header().running[1].store(12);
            tell_ready(journal.header());
            first();
            for (;;)
                ::pause();
        };
        auto pair = start_keeper(kit::permit(), std::move(how));
        REQUIRE(pair);
        return std::move(*pair);
    }
};

void on_a_lane(void (*die)() noexcept) noexcept
{
    std::thread lane{[die] {
        if (last_words::install_on_this_thread(1))
            die();
    }};
    for (;;)
        ::pause();
}

}  // namespace

TEST_SUITE_BEGIN("twins" * doctest::skip(kit::no_twins));

TEST_CASE("a worker that dies says how, and in the middle of what")
{
    for (const death& how : deaths) {
        for (const bool lane : {false, true}) {
            CAPTURE(how.signal);
            CAPTURE(lane);
            scene here;
            auto pair = here.start(
                [&how, lane]() noexcept {
                    if (lane)
                        on_a_lane(how.die);
                    how.die();
                },
                standby_mode::off);
            kit::roll_call roll{pair.line};
            roll.wait_for(1);
            const pid_t first = roll.living.front().note.pid;
            const keeper_note end = roll.wait_for_end_of(first);
            REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
            CHECK(here.words.word[pid] == static_cast<std::uint64_t>(first));
            CHECK(here.words.word[signal_number] == static_cast<std::uint64_t>(how.signal));
            CHECK(here.words.word[thread] == (lane ? 1 : 0));
            CHECK(here.words.word[running] == (lane ? 12 : 11));
            if (how.address != 1)
                CHECK(here.words.word[address] == how.address);
            CHECK(here.words.word[tenure] == 2);
            // The handler hides nothing from whoever asks the kernel.
            CHECK(end.code == (how.signal != 0 ? CLD_KILLED : CLD_EXITED));
            CHECK(end.status == (how.signal != 0 ? how.signal : 3));
            CHECK(end.succeeded == 1);
        }
    }
}

TEST_CASE("a crash on a thread that is nobody's is not blamed on a request")
{
    scene here;
    auto pair = here.start(
        []() noexcept {
            std::thread stranger{[] { fault_at_address(); }};
            for (;;)
                ::pause();
        },
        standby_mode::off);
    REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
    CHECK(here.words.word[signal_number] == SIGSEGV);
    CHECK(here.words.word[thread] == last_words::no_thread);
    CHECK(here.words.word[running] == 0);
}

TEST_CASE("a worker that crashes before it has taken stock died of nobody's request")
{
    scene here;
    here.stock_is_taken = false;
    bool exits = false;
    SUBCASE("by a signal") {}
    SUBCASE("by an exit") { exits = true; }
    auto pair =
        here.start([exits]() noexcept { exits ? leave() : fault_at_address(); }, standby_mode::off);
    REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
    CHECK(here.words.word[signal_number] == (exits ? 0 : SIGSEGV));
    CHECK(here.words.word[thread] == last_words::no_thread);
    CHECK(here.words.word[running] == 0);
}

TEST_CASE("whoever knows what a thread ran is asked before the seat is given away")
{
    scene here;
    static board::journal_header* notes = nullptr;
    notes = &here.journal.header();
    auto pair = here.start(
        []() noexcept {
            last_words::on_culprit(
                [](std::uint32_t index) noexcept { notes->crash.struck.store(index + 100); });
            on_a_lane(fault_at_address);
        },
        standby_mode::off);
    REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
    CHECK(notes->crash.struck.load() == 101);
}

TEST_CASE("last words that abort end the process")
{
    scene here;
    auto pair = here.start(
        []() noexcept {
            last_words::on_culprit([](std::uint32_t) noexcept { std::abort(); });
            fault_at_address();
        },
        standby_mode::off);
    kit::roll_call roll{pair.line};
    roll.wait_for(1);
    const keeper_note end = roll.wait_for_end_of(roll.living.front().note.pid);
    CHECK(end.code == CLD_KILLED);
    CHECK(end.status == SIGABRT);
    CHECK(end.succeeded == 1);
    REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
    CHECK(here.words.word[signal_number] == SIGSEGV);
}

TEST_CASE("last words that do not come to an end are ended, and the process dies of what it did")
{
    for (const bool lane : {false, true}) {
        CAPTURE(lane);
        scene here;
        auto pair = here.start(
            [lane]() noexcept {
                last_words::on_culprit([](std::uint32_t) noexcept {
                    for (;;)
                        ::pause();
                });
                if (lane)
                    on_a_lane(fault_at_address);
                fault_at_address();
            },
            standby_mode::off);
        kit::roll_call roll{pair.line};
        roll.wait_for(1);
        const keeper_note end = roll.wait_for_end_of(roll.living.front().note.pid);
        CHECK(end.code == CLD_KILLED);
        CHECK(end.status == SIGSEGV);
        CHECK(end.succeeded == 1);
        REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
        CHECK(here.words.word[thread] == (lane ? 1 : 0));
    }
}

TEST_CASE("a crash signal that came from outside is not blamed on a request")
{
    scene here;
    auto pair = here.start([]() noexcept {}, standby_mode::off);
    kit::roll_call roll{pair.line};
    roll.wait_for(1);
    REQUIRE(kit::comes_true([&] { return here.journal.header().ready.load() == 1; }));
    kit::kill_by(roll.living.front().pidfd, SIGABRT);
    REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
    CHECK(here.words.word[signal_number] == SIGABRT);
    CHECK(here.words.word[thread] == last_words::no_thread);
    CHECK(here.words.word[running] == 0);
}

TEST_CASE("the seat is given away by the handler, not by the death")
{
    void (*die)() noexcept = nullptr;
    SUBCASE("on the loop thread") { die = fault_at_address; }
    SUBCASE("on the loop thread, without stack")
    {
        die = []() noexcept { overflow(nullptr); };
    }
    SUBCASE("on a lane")
    {
        die = []() noexcept { on_a_lane(fault_at_address); };
    }
    scene here;
    seat_lock seat{here.journal.header()};
    REQUIRE(seat.init());
    struct worker {
        scene* here;
        void (*die)() noexcept;
    } with{&here, die};
    auto maker = twin_maker::prepare(kit::permit());
    REQUIRE(maker);
    auto made = maker->make(
        [](void* argument) noexcept {
            auto& own = *static_cast<worker*>(argument);
            const stumble reset = reset_signals();
            seat_lock its{own.here->journal.header()};
            if (reset.at != step::none || !its.acquire() || !last_words::install(own.here->journal))
                ::_exit(90);
            own.here->words.word[done] = 1;
            own.die();
        },
        &with);
    REQUIRE(made);
    REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
    const auto got = seat.acquire();
    REQUIRE(got);
    // Not owner_died, as when the kernel finds the lock in the hands of a dead thread.
    CHECK(*got == seating::fresh);
    siginfo_t end{};
    CHECK(::waitid(P_PID, static_cast<id_t>(made->pid), &end, WEXITED) == 0);
    CHECK(end.si_status == SIGSEGV);
    CHECK(seat.release());
}

TEST_CASE("two threads that crash at once hand the seat over once")
{
    for (int round = 0; round < 20; ++round) {
        scene here;
        auto pair = here.start(
            []() noexcept {
                std::atomic<int> together{0};
                const auto meet = [&together] {
                    together.fetch_add(1);
                    while (together.load() < 3) {
                    }
                };
                std::thread one{[&] {
                    static_cast<void>(last_words::install_on_this_thread(1));
                    meet();
                    fault_at_address();
                }};
                std::thread two{[&] {
                    static_cast<void>(last_words::install_on_this_thread(2));
                    meet();
                    fault_at_address();
                }};
                meet();
                fault_at_address();
            },
            standby_mode::off);
        REQUIRE(kit::comes_true([&] { return here.words.word[done] == 1; }));
        CHECK(here.words.word[signal_number] == SIGSEGV);
        CHECK(here.words.word[thread] <= 2);
        CHECK(here.words.word[tenure] == 2);
    }
}

TEST_CASE("a number that no thread can have is refused")
{
    const auto refused = last_words::install_on_this_thread(board::threads_max);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why() == errc::bad_value);
}

TEST_SUITE_END();
