#include <cohort/primary/death_cause.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::primary;
using process::exit_reason;

namespace {

exit_status signalled(int number) { return {exit_reason::signalled(number), {}}; }

board::crash_reading crash_of(int signal)
{
    board::crash_reading crash;
    crash.signal = signal;
    crash.code = signal == SIGSEGV ? 1 : 0;
    crash.address = 0x1230;
    crash.thread = 4711;
    crash.stack.errand = "POST /crash";
    return crash;
}

}  // namespace

TEST_CASE("a crash is told with its signal, its address, its thread and its request")
{
    const exit_status how = signalled(SIGSEGV);
    const auto crash = crash_of(SIGSEGV);
    const finding found = judge({.how = how, .crash = &crash});
    CHECK(found.cause == death_cause::crash);
    CHECK(found.words == "crashed: SIGSEGV: no memory at 0x1230, in thread 4711, POST /crash");
    // It dumped its core, and somebody needed its place.
    const finding killed = judge({.how = signalled(SIGKILL), .crash = &crash});
    CHECK(killed.cause == death_cause::crash);
    CHECK(killed.words == found.words + "; it was ended before its core was dumped");
    const finding silent = judge({.how = how});
    CHECK(silent.cause == death_cause::crash);
    CHECK(silent.words == "crashed: SIGSEGV, and its crash handler did not get to say more");
}

TEST_CASE("an abort is one, unless an exception led to it")
{
    const exit_status how = signalled(SIGABRT);
    auto crash = crash_of(SIGABRT);
    CHECK(judge({.how = how, .crash = &crash}).cause == death_cause::abort);
    crash.exception_type = "St13runtime_error";
    crash.exception_says = "no such table";
    const finding found = judge({.how = how, .crash = &crash});
    CHECK(found.cause == death_cause::exception);
    CHECK(found.words == "exception escaped: std::runtime_error: no such table; SIGABRT, in thread "
                         "4711, POST /crash");
    const exit_status said{exit_reason::exited(1), "exception escaped: no such table"};
    CHECK(judge({.how = said}).cause == death_cause::exception);
    CHECK(judge({.how = said}).words == "exception escaped: no such table");
    // What escaped into the loop left its type on the sheet.
    auto left = crash_of(0);
    left.exception_type = "St13runtime_error";
    left.exception_says = "no such table";
    CHECK(judge({.how = said, .crash = &left}).words ==
          "exception escaped: std::runtime_error: no such table");
}

TEST_CASE("who was killed for memory is told with what it had and what it may have")
{
    const exit_status how{
        exit_reason::signalled(SIGKILL, process::core::absent, process::blame::memory), {}};
    constexpr std::uint64_t megabyte = 1U << 20;
    const finding bound = judge(
        {.how = how,
         .memory = {.resident = 60 * megabyte, .bound = 64 * megabyte, .peak = 64 * megabyte}});
    CHECK(bound.cause == death_cause::memory);
    CHECK(bound.words == "killed by the kernel for memory (OOM): 60.0M at its last beat; "
                         "limit.memory is 64.0M, of which its slot has had 64.0M");
    CHECK(judge({.how = how, .memory = {.bound = 64 * megabyte}}).words ==
          "killed by the kernel for memory (OOM): limit.memory is 64.0M");
    CHECK(judge({.how = how}).words ==
          "killed by the kernel for memory (OOM); no limit.memory: the machine, or the control "
          "group that the cohort is in, had no more");
}

TEST_CASE("exit codes are the program's own, and an exit() is told from an _exit()")
{
    const exit_status how{exit_reason::exited(3), {}};
    CHECK(judge({.how = how}).words == "ended itself with exit code 3");
    const auto called = crash_of(0);
    const finding found = judge({.how = how, .crash = &called});
    CHECK(found.cause == death_cause::exited);
    CHECK(found.words == "exit(3) was called by POST /crash");
    const exit_status nought{exit_reason::exited(0), {}};
    CHECK(judge({.how = nought}).cause == death_cause::exited);
    CHECK(judge({.how = nought, .leaving = true}).cause == death_cause::left);
    CHECK(judge({.how = nought, .leaving = true}).in_peace());
    CHECK(judge({.how = how, .leaving = true}).cause == death_cause::exited);
}

TEST_CASE("the kernel's want of memory is named before all else")
{
    const exit_status how{
        exit_reason::signalled(SIGKILL, process::core::absent, process::blame::memory), {}};
    const doom ours{death_cause::hang, "its event loop was silent"};
    CHECK(judge({.how = how, .ours = &ours}).cause == death_cause::memory);
}

TEST_CASE("who was ended by us died of what we ended it for, by whichever signal")
{
    const doom ours{death_cause::hang, "its event loop was silent for 30s"};
    for (const int number : {SIGABRT, SIGKILL}) {
        const exit_status how = signalled(number);
        const finding found = judge({.how = how, .ours = &ours});
        CHECK(found.cause == death_cause::hang);
        CHECK(found.words.starts_with("its event loop was silent for 30s; SIG"));
    }
    // What an operator sent it once is nothing that it dies of later.
    const doom sent{death_cause::operator_, "an operator had SIGUSR1 sent", SIGUSR1};
    const exit_status crashed = signalled(SIGSEGV);
    CHECK(judge({.how = crashed, .ours = &sent}).cause == death_cause::crash);
    // It was not, in the end.
    const exit_status well{exit_reason::exited(0), {}};
    CHECK(judge({.how = well, .leaving = true, .ours = &ours}).cause == death_cause::left);
}

TEST_CASE("a signal from outside names who sent it, where that can be known")
{
    const exit_status how = signalled(SIGSEGV);
    const board::sender_reading sender{
        .signal = SIGSEGV, .process = 71, .user = 1000, .name = "bash"};
    const finding found = judge({.how = how, .sender = &sender, .primary = 5});
    CHECK(found.cause == death_cause::outside);
    CHECK(found.words == "killed by SIGSEGV from process 71 (bash)");
    CHECK(judge({.how = how, .sender = &sender, .primary = 71}).words ==
          "killed by SIGSEGV from the primary of this cohort");
    const exit_status killed = signalled(SIGKILL);
    const finding unnamed = judge({.how = killed});
    CHECK(unnamed.cause == death_cause::outside);
    CHECK(unnamed.words.starts_with("killed by SIGKILL from outside: it was neither this cohort"));
}

TEST_CASE("who leaves because somebody asked by a signal says who that was")
{
    const exit_status how{exit_reason::exited(0), {}};
    board::flight_reading flight;
    flight.events.push_back({.kind = board::flight_kind::signal,
                             .when_ns = 1,
                             .number = SIGTERM,
                             .subject = 71,
                             .took = {},
                             .text = "bash"});
    const finding found = judge({.how = how, .leaving = true, .flight = &flight, .primary = 5});
    CHECK(found.cause == death_cause::left);
    CHECK(found.words == "left in peace, asked by SIGTERM from process 71 (bash)");
    CHECK(judge({.how = how, .leaving = true, .flight = &flight, .primary = 71}).words ==
          "left in peace");
}

TEST_CASE("death_causes are counted by what they were of")
{
    death_counts counts;
    counts.add(death_cause::crash);
    counts.add(death_cause::crash);
    counts.add(death_cause::unknown);
    CHECK(counts[death_cause::crash] == 2);
    CHECK(counts[death_cause::unknown] == 1);
    CHECK(counts[death_cause::hang] == 0);
    CHECK(name(death_cause::operator_) == "operator");
    CHECK(name(death_cause::unknown) == "unknown");
}
