#include <cohort/dashboard/watchman.hpp>

#include <cohort/async/lanes.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/dashboard/detail/stand_in_test.hpp>
#include <cohort/dashboard/inquiry.hpp>

#include <latch>

using namespace cohort;
using namespace cohort::dashboard;
using cohort::dashboard::detail::stage;

namespace {

awaitable<> look_twice(watchman& eyes, scope& tasks, std::latch& hold, std::latch& idle,
                       control::guest& asks, std::vector<result<watchman::sight_ptr>>& seen)
{
    auto first = eyes.look();
    auto refused = co_await std::move(first);
    seen.push_back(std::move(refused));
    hold.count_down();
    idle.wait();
    auto second = eyes.look();
    auto sight = co_await std::move(second);
    seen.push_back(std::move(sight));
    eyes.close();
    tasks.stop();
    asks.close();
}

}  // namespace

TEST_CASE("lanes that are full keep the watchman from one look, and not from the next")
{
    stage set;
    asio::io_context loop{1};
    lanes& all = lanes::of(loop);
    all.configure(1, 1);
    std::latch begun{1};
    std::latch hold{1};
    std::latch idle{2};
    REQUIRE(all.run([&]() noexcept {
        begun.count_down();
        hold.wait();
        idle.count_down();
    }));
    begun.wait();
    REQUIRE(all.run([&]() noexcept { idle.count_down(); }));

    control::guest asks{loop.get_executor()};
    REQUIRE(asks.open(std::move(set.spare)));
    const inquiry primary{asks};
    watchman eyes{{.executor = loop.get_executor(), .primary = primary, .board = *set.board}};
    scope tasks{loop.get_executor()};
    std::vector<result<watchman::sight_ptr>> seen;
    tasks.spawn(eyes.run());
    tasks.spawn(look_twice(eyes, tasks, hold, idle, asks, seen));
    loop.run();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].error().why() == errc::queue_full);
    CHECK(seen[1].has_value());
    all.stop();
}
