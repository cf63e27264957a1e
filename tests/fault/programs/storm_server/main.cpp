// An application that is watched by the witness, and that dies of every cause there is on demand:
//
//     GET /die/{cause}/{number}?times=T   on the loop's thread; T runs die, the next one answers
//     POST /die/{cause}/{number}          the same, but it must not run twice
//     GET /die/{cause}/lane/{number}      on a compute lane
//     GET /die/{cause}/task/{number}      in a coroutine that has already waited
//
// Causes: segv, abort, fpe, ill, bus, exit, quit, overflow, escape, thread, memory, eat, kill,
// hang.
//
// Environment: STORM_IMAGE_MIB (so much memory is filled before the first fork); GET /touch makes
// it the answering worker's own.
#include <cohort/async/deadline.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/cohort.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/testing/witness_api.hpp>
#include <cohort/testing/witness_body.hpp>

#include <csignal>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace http = cohort::http;

namespace {

constexpr std::size_t answer_bytes = 64;

/// Uses up its stack. Each frame is touched, and none can be left out.
[[gnu::noinline]] int overflow(volatile int* above)  // NOLINT(misc-no-recursion)
{
    volatile int here[256];
    here[0] = above == nullptr ? 0 : above[0] + 1;
    if (here[0] < 0)
        return 0;  // for the compiler, who believes in an end
    const int below = overflow(here);
    return below + here[0];
}

/// All memory there is, without a net below: what escapes ends the process.
void eat_memory() noexcept
{
    rlimit most{};
    ::getrlimit(RLIMIT_AS, &most);
    most.rlim_cur = 1;
    ::setrlimit(RLIMIT_AS, &most);
    std::vector<std::string> eaten;
    for (;;)
        eaten.emplace_back(std::size_t{1} << 20, 'x');
}

/// Memory for the kernel's own killer, who is to come first; not without an end.
void eat_until_killed() noexcept
{
    constexpr std::size_t most = 1U << 10;
    std::vector<std::string> eaten;
    while (eaten.size() < most)
        eaten.emplace_back(std::size_t{1} << 20, 'x');
    std::abort();
}

/// What the image holds besides the program.
std::vector<char>& ballast()
{
    static std::vector<char> bytes;
    return bytes;
}

void load_ballast()
{
    const char* const wanted = std::getenv("STORM_IMAGE_MIB");
    const auto mebibytes =
        wanted == nullptr ? 0 : cohort::parse_integer<std::size_t>(wanted).value_or(0);
    ballast().assign(mebibytes << 20, 'x');
}

http::response touch(const http::request&)
{
    constexpr std::size_t page = 4096;
    for (std::size_t at = 0; at < ballast().size(); at += page)
        ballast()[at] = 'y';
    return http::text("mine");
}

void escape() noexcept
{
    std::vector<int> nothing;
    (void)nothing.at(1);
}

/// The event loop never turns again. A volatile flag, so that the compiler believes in the loop.
void hang()
{
    volatile bool on = true;
    while (on) {
    }
}

/// The processor's own complaints, as an instruction would make them.
void raise_at_once(int number)
{
    ::signal(number, SIG_DFL);
    ::raise(number);
}

void die(std::string_view cause)
{
    volatile int zero = 0;
    if (cause == "segv")
        *static_cast<volatile int*>(reinterpret_cast<int*>(static_cast<std::uintptr_t>(zero))) = 1;
    else if (cause == "abort")
        std::abort();
    else if (cause == "fpe")
        ::raise(SIGFPE);
    else if (cause == "ill")
        __builtin_trap();
    else if (cause == "bus")
        ::raise(SIGBUS);
    else if (cause == "exit")
        std::exit(1);
    else if (cause == "quit")
        ::_exit(3);
    else if (cause == "overflow")
        overflow(nullptr);
    else if (cause == "escape")
        escape();
    else if (cause == "thread")
        std::thread{[] { throw std::runtime_error{"nobody catches it"}; }}.join();
    else if (cause == "memory")
        eat_memory();
    else if (cause == "eat")
        eat_until_killed();
    else if (cause == "silent")
        raise_at_once(SIGSEGV);
    else if (cause == "kill")
        ::raise(SIGKILL);
    else if (cause == "hang")
        hang();
}

/// Dies as often as it is told to; then it answers with its number's body.
http::response die_of(const http::request& asked)
{
    if (asked.attempt() <= asked.query<std::uint32_t>("times", 1, 1000)) {
        // In the turn of the loop in which it dies: nobody has written this line yet.
        cohort::log::info("request {} is about to die", asked.path<std::uint64_t>("number"));
        die(asked.path<std::string_view>("cause"));
    }
    const auto number = asked.path<std::uint64_t>("number");
    auto answer = http::bytes("application/octet-stream",
                              cohort::testing::witness_body(number, answer_bytes));
    answer.header("Witness-Attempt", std::to_string(asked.attempt()));
    return answer;
}

cohort::task<http::response> die_waiting(http::request& asked)
{
    co_await cohort::sleep_for(std::chrono::milliseconds{1});
    co_return die_of(asked);
}

}  // namespace

int main(int argc, char** argv)
{
    load_ballast();
    const cohort::testing::witness_api watched;
    http::router api;
    watched.add_to(api);
    api.get("/", [](const http::request&) { return http::text("Hello, world"); });
    api.get("/touch", touch);
    api.get("/die/{cause}/{number}", die_of);
    api.post("/die/{cause}/{number}", die_of);
    api.get("/die/{cause}/lane/{number}", die_of, {.cpu_bound = true});
    api.get("/die/{cause}/task/{number}", die_waiting);

    return cohort::serve(argc, argv, api);
}
