#include <cohort/app/caretaker.hpp>

#include <cohort/app/worker.hpp>
#include <cohort/async/deadline.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/worker/core.hpp>

#include <string>
#include <utility>
#include <vector>

namespace cohort::detail {

namespace {

using namespace std::chrono_literals;

/// The primary tells us of our neighbours right after our hello.
constexpr nanoseconds neighbours_come_within = 1s;
constexpr nanoseconds look_again = 5ms;

http::response apologise(const http::request&)
{
    auto words = http::problem(503, {}, "the processes that should have answered this have died");
    words.header("Retry-After", "1");
    return words;
}

task<> meet_the_neighbours(work::hall& doors)
{
    const auto until = now() + neighbours_come_within;
    while (!doors.has_heirs() && now() < until)
        co_await sleep_for(look_again);
}

/// A connection is handed over with the number of its endpoint.
task<> learn_the_endpoints(work::core& core)
{
    const std::vector<std::string> all = core.terms().listen;
    for (const std::string& where : all) {
        const auto known = co_await core.doors().learn(where);
        if (!known)
            log::warn("connections of {} cannot be handed over: {}; they are closed", where,
                      known.error().text());
    }
}

}  // namespace

task<int> caretake(worker& self)
{
    http::router api;
    api.any("/{rest...}", apologise);
    if (const auto frozen = api.freeze(); !frozen)
        log::error("{}; requests of the dead are answered 404", frozen.error().text());
    http::server server{self.loop(), self.poller(), api, self.http_options()};
    work::core& core = self.core();
    co_await meet_the_neighbours(core.doors());
    co_await learn_the_endpoints(core);
    const std::size_t idle = core.doors().hand_on_found();
    if (idle != 0)
        log::info("{} idle connections go on in other slots", idle);
    self.look_after(server);
    core.leave();
    co_await self.until_drained();
    co_return 0;
}

}  // namespace cohort::detail
