#include <cohort/async/loop_meter.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <thread>

using namespace cohort;
using namespace std::chrono_literals;

namespace {

/// The meter of this thread, for a while.
struct metered {
    loop_meter& meter = loop_meter::here();
    nanoseconds before = meter.slept();
    metered() { meter.start(); }
    ~metered() { meter.stop(); }
    [[nodiscard]] nanoseconds slept() const { return meter.slept() - before; }
};

}  // namespace

TEST_CASE("a loop that waits sleeps, and one that works does not")
{
    const metered here;
    boost::asio::io_context loop{1};
    boost::asio::steady_timer timer{loop, 20ms};
    bool worked = false;
    timer.async_wait([&](const boost::system::error_code&) {
        const nanoseconds slept = here.slept();
        CHECK(slept >= 15ms);
        const steady_time until = now() + 5ms;
        while (now() < until) {
        }
        CHECK(here.slept() == slept);
        worked = true;
    });
    loop.run();
    CHECK(worked);
}

TEST_CASE("when the loop woke up is told once, and not if it did not sleep")
{
    const metered here;
    boost::asio::io_context loop{1};
    const steady_time before = now();
    boost::asio::steady_timer timer{loop, 1ms};
    timer.async_wait([&](const boost::system::error_code&) {
        const auto woke = here.meter.take_awakening();
        REQUIRE(woke);
        CHECK(*woke >= before);
        CHECK(*woke <= now());
        CHECK_FALSE(here.meter.take_awakening());
        // With something to do at once, Asio only looks whether there is more.
        boost::asio::post(loop, [&] {
            boost::asio::post(loop, [&] { CHECK_FALSE(here.meter.take_awakening()); });
        });
    });
    loop.run();
}

TEST_CASE("nothing is measured that nobody asked for, and each thread has its own")
{
    const metered here;
    std::thread other{[] {
        CHECK_FALSE(loop_meter::here().on());
        boost::asio::io_context loop{1};
        boost::asio::steady_timer timer{loop, 1ms};
        timer.async_wait([](const boost::system::error_code&) {});
        loop.run();
        CHECK(loop_meter::here().slept() == 0ns);
    }};
    other.join();
    CHECK(here.slept() == 0ns);
}
