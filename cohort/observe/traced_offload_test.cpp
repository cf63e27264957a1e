#include <cohort/observe/traced_offload.hpp>

#include <cohort/observe/recorded_test.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <stdexcept>
#include <thread>

using namespace cohort;
using namespace cohort::observe;

namespace {

awaitable<> work_in(recorded& r, int& answer)
{
    span whole = r.by.begin({.name = "whole"});
    answer = co_await observe::offload(whole.child("count"), [] { return 7; });
    co_await observe::offload(whole.child("nothing"), [] {});
    bool thrown = false;
    try {
        co_await observe::offload(whole.child("wrong"),
                                  []() -> int { throw std::runtime_error{"it broke"}; });
    } catch (const std::runtime_error&) {
        thrown = true;
    }
    CHECK(thrown);
    whole.forget();
}

}  // namespace

TEST_CASE("work on a lane is a span, with the moment when it began to run")
{
    recorded r;
    asio::io_context loop{1};
    int answer = 0;
    asio::co_spawn(loop, work_in(r, answer), [](std::exception_ptr thrown) { CHECK(!thrown); });
    loop.run();
    lanes::of(loop).stop();
    CHECK(answer == 7);
    const auto all = r.spans();
    REQUIRE(all.size() == 3);
    CHECK(all[0].at("name") == "wrong");
    CHECK(all[0].at("status").at("message") == "it broke");
    CHECK(all[1].at("name") == "count");
    CHECK(all[2].at("name") == "nothing");
    for (const auto& each : all)
        CHECK(each.at("events").at(0).at("name") == "runs");
}
