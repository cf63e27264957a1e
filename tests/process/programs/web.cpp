// An HTTP application that can be made to fail in many ways.
#include "stuck.hpp"

#include <cohort/cohort.hpp>

#include <fmt/format.h>

#include <csignal>
#include <stdexcept>
#include <thread>

#include <unistd.h>

using namespace cohort;

namespace {

http::response who(const http::request&)
{
    const worker& self = *current_worker();
    return http::text(fmt::format("{} {} {}", self.slot(), self.id(), self.pid()));
}

task<http::response> slow(http::request& request)
{
    const auto pause = milliseconds{request.path<int>("ms")};
    co_await sleep_for(pause);
    co_return who(request);
}

task<> throw_it()
{
    throw std::runtime_error{"no such table"};
    co_return;
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/", [](const http::request&) { return http::text("Hello, world"); });
    api.get("/who", who);
    api.get("/ready", [](const http::request&) {
        return current_worker()->stopping() ? http::text("stopping", 503) : http::text("ready");
    });
    api.get("/slow/{ms}", slow);
    api.get("/exit/{code}", [](const http::request& request) -> http::response {
        ::_exit(request.path<int>("code"));
    });
    api.get("/signal/{number}", [](const http::request& request) {
        ::raise(request.path<int>("number"));
        return http::text("still here");
    });
    api.get("/throw", [](const http::request&) {
        current_worker()->spawn(throw_it());
        return http::text("soon");
    });
    api.get("/hang", [](const http::request&) {
        scenario::compute_for_ever();
        return http::text("never");
    });
    return serve(argc, argv, api);
}
