// How workers end, and what the primary learns of it.

#include "stage.hpp"

#include <cohort/async/deadline.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

namespace actor {

namespace {

// Workers.

task<int> end_42(cohort::worker&) { co_return 42; }

task<int> quit_7(cohort::worker& self)
{
    co_await self.quit(7);
    co_return 1;
}

task<int> quit_0(cohort::worker& self)
{
    co_await self.quit();
    co_return 1;
}

task<int> abort_now(cohort::worker&)
{
    std::abort();
    co_return 0;
}

task<int> throw_now(cohort::worker&)
{
    throw std::runtime_error{"no such table: customers"};
    co_return 0;
}

task<> throw_soon()
{
    co_await cohort::sleep_for(1ms);
    throw std::runtime_error{"the price is negative"};
}

task<int> throw_beside(cohort::worker& self)
{
    self.spawn(throw_soon());
    co_await self.until_stopping();
    co_return 0;
}

task<int> throw_in_handler(cohort::worker& self)
{
    self.on_message([](message&) { throw std::runtime_error{"I do not like it"}; });
    co_await self.until_stopping();
    co_return 0;
}

task<int> hang_up(cohort::worker& self)
{
    self.drop_channel();
    co_await self.until_stopping();
    co_return 3;
}

task<int> leave(cohort::worker& self)
{
    self.disconnect();
    co_await self.until_stopping();
    co_return 5;
}

constexpr std::array parts{
    role{"end-42", end_42},
    role{"quit-7", quit_7},
    role{"quit-0", quit_0},
    role{"abort", abort_now},
    role{"throw", throw_now},
    role{"throw-beside", throw_beside},
    role{"throw-in-handler", throw_in_handler},
    role{"hang-up", hang_up},
    role{"leave", leave},
};

// The primary.

task<happening> end_of(stage& on, std::string role)
{
    const auto who = on.fork(std::move(role));
    co_await on.until("exit", who.id);
    expect(on.count("exit", who.id) == 1 && on.count("disconnect", who.id) == 1, "each once");
    const happening h = on.find("exit", who.id);
    expect(h.end->code().has_value() != h.end->signal().has_value(), "a code or a signal");
    co_return h;
}

task<> codes(stage& on)
{
    auto h = co_await end_of(on, "end-42");
    expect(h.end->code() == 42, "what main returns is the exit code");
    expect_equal(h.end->words(), "exit code 42", "in words");
    expect(h.who.exited_after_disconnect == false, "nobody asked it to leave");

    h = co_await end_of(on, "quit-7");
    expect(h.end->code() == 7, "quit takes a code");
    expect(h.who.exited_after_disconnect == true, "quit says good-bye: it was on purpose");
    h = co_await end_of(on, "quit-0");
    expect(h.end->code() == 0, "quit's own code is 0");
    h = co_await end_of(on, "leave");
    expect(h.end->code() == 5, "after disconnect, main's code counts");
    expect(h.who.exited_after_disconnect == true, "disconnect is on purpose");
    h = co_await end_of(on, "hang-up");
    expect(h.end->code() == 0, "who drops its channel leaves with 0");
    expect(h.who.exited_after_disconnect == false, "but said nothing");
}

task<> signals(stage& on)
{
    const auto who = co_await on.online("idle");
    static_cast<void>(on.cluster.kill(who.id, SIGKILL));
    co_await on.until("exit", who.id);
    auto h = on.find("exit", who.id);
    expect(h.end->signal() == SIGKILL && !h.end->code(), "killed");
    expect(h.end->words().find("SIGKILL") != std::string::npos, "in words: " + h.end->words());
    expect(h.who.exited_after_disconnect == false, "not on purpose");
    expect(h.workers_known == 0, "the map is empty in the exit hook");

    h = co_await end_of(on, "abort");
    expect(h.end->signal() == SIGABRT, "aborted");
    expect(h.end->words().find("SIGABRT") != std::string::npos, "in words: " + h.end->words());
}

task<> exceptions(stage& on)
{
    auto h = co_await end_of(on, "throw");
    expect(h.end->code() == 1, "an exception out of main is exit code 1");
    expect_equal(h.end->last_words(), "exception escaped: no such table: customers",
                 "its last words");
    expect(h.end->words().find("exit code 1") != std::string::npos, "the code is in the words");
    expect(h.who.exited_after_disconnect == false, "not on purpose");
    h = co_await end_of(on, "throw-beside");
    expect_equal(h.end->last_words(), "exception escaped: the price is negative",
                 "out of what was spawned");

    const auto who = co_await on.online("throw-in-handler");
    auto words = message::json("hello");
    expect(on.cluster.try_send(who.id, words).has_value(), "send");
    co_await on.until("exit", who.id);
    expect_equal(on.find("exit", who.id).end->last_words(), "exception escaped: I do not like it",
                 "out of a message handler");
}

/// The hook throws; the cluster ends, and the workers with it. The driver looks at the exit code.
task<> hook_throws(stage& on)
{
    for (int i = 0; i < 2; ++i)
        static_cast<void>(co_await on.online("idle"));
    on.besides = [](const happening& h) {
        if (h.what == "exit")
            throw std::runtime_error{"the hook is broken"};
    };
    const auto who = co_await on.online("end-42");
    co_await on.until("exit", who.id);
    const std::function<bool()> never = [&on] { return on.count("exit") == 3; };
    co_await on.until(never, "the other workers leave");
    on.besides = nullptr;
}

/// The same by the coroutine of on_start.
task<> start_throws(stage& on)
{
    for (int i = 0; i < 2; ++i)
        static_cast<void>(co_await on.online("idle"));
    throw std::runtime_error{"the plan is broken"};
}

task<> fork_again(stage& on)
{
    // Node's "fork on exit": the map does not contain the dead one any more.
    unsigned left = 3;
    on.besides = [&on, &left](const happening& h) {
        if (h.what == "exit" && left > 0) {
            --left;
            expect(on.cluster.workers().empty(), "it can be counted on in the exit hook");
            static_cast<void>(on.fork("end-42"));
        }
    };
    static_cast<void>(on.fork("end-42"));
    const std::function<bool()> four = [&on] { return on.count("exit") == 4; };
    co_await on.until(four, "four lives");
    on.besides = nullptr;
    expect(on.find("exit", 4).who.slot == 0, "each had the slot of the one before");
}

constexpr std::array stories{
    scenario{"codes", codes},
    scenario{"signals", signals},
    scenario{"exceptions", exceptions},
    scenario{"hook-throws", hook_throws},
    scenario{"start-throws", start_throws, ending::by_exception},
    scenario{"fork-again", fork_again},
};

}  // namespace

std::span<const scenario> end_scenarios() { return stories; }
std::span<const role> end_roles() { return parts; }

}  // namespace actor
