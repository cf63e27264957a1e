// A server whose workers die in every way there is, on request: POST /die/{how}.

#include "stuck.hpp"

#include <cohort/cohort.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/worker/core.hpp>

#include <boost/asio/post.hpp>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <unistd.h>

namespace {

namespace http = cohort::http;

cohort::worker* here = nullptr;

[[gnu::noinline]] void write_nowhere()
{
    auto* const nowhere = reinterpret_cast<volatile int*>(0x1230);
    *nowhere = 1;
}

[[gnu::noinline]] void break_a_promise() { std::abort(); }

[[gnu::noinline]] void throw_on_a_thread()
{
    std::thread{[] { throw std::runtime_error{"no such table"}; }}.join();
}

void throw_into_the_loop()
{
    boost::asio::post(here->core().loop(), [] { throw std::runtime_error{"no such column"}; });
}

cohort::task<> hang_half_way(cohort::nanoseconds budget)
{
    co_await cohort::sleep_for(budget / 2);
    scenario::compute_for_ever();
}

/// Not now: when this worker is to leave, it does not.
void overstay()
{
    here->on_drain([](cohort::nanoseconds budget) { return hang_half_way(budget); });
}

[[gnu::noinline]] void call_exit(int code)
{
    const auto leave = &std::exit;
    leave(code);
}

http::response die(const http::request& asked)
{
    const auto how = asked.path<std::string_view>("how");
    cohort::log::info("about to die of {}", how);
    if (how == "segv")
        write_nowhere();
    else if (how == "abort")
        break_a_promise();
    else if (how == "thread")
        throw_on_a_thread();
    else if (how == "loop")
        throw_into_the_loop();
    else if (how == "exit")
        call_exit(3);
    else if (how == "quit")
        ::_exit(1);
    else if (how == "hang")
        scenario::compute_for_ever();
    else if (how == "late")
        overstay();
    else if (how == "throw")
        throw std::out_of_range{"no such row"};
    else if (how == "kill")
        ::kill(::getpid(), SIGKILL);
    return http::text("not yet");
}

http::response who(const http::request&)
{
    return http::json(boost::json::object{{"slot", here->slot()}, {"pid", ::getpid()}});
}

/// Until the client has enough.
cohort::task<http::response> wait(const http::request&)
{
    co_await cohort::sleep_for(std::chrono::minutes{1});
    co_return http::text("never");
}

cohort::task<void> remember(cohort::worker& self)
{
    here = &self;
    co_return;
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/who", who);
    api.get("/wait/{for}", wait);
    api.post("/die/{how}", die);
    api.post("/lane/{how}", die, {.cpu_bound = true});
    cohort::serve_options more;
    more.on_worker = remember;
    return cohort::serve(argc, argv, api, std::move(more));
}
