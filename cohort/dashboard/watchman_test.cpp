#include <cohort/dashboard/watchman.hpp>

#include <cohort/async/full_lanes_test.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/dashboard/detail/stand_in_test.hpp>
#include <cohort/dashboard/inquiry.hpp>

using namespace cohort;
using namespace cohort::dashboard;
using cohort::dashboard::detail::stage;

namespace {

awaitable<> look_twice(watchman& eyes, scope& tasks, full_lanes& full, control::guest& asks,
                       std::vector<result<watchman::sight_ptr>>& seen)
{
    auto first = eyes.look();
    auto refused = co_await std::move(first);
    seen.push_back(std::move(refused));
    full.release();
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
    full_lanes full{all};

    control::guest asks{loop.get_executor()};
    REQUIRE(asks.open(std::move(set.spare)));
    const inquiry primary{asks};
    watchman eyes{{.executor = loop.get_executor(), .primary = primary, .board = *set.board}};
    scope tasks{loop.get_executor()};
    std::vector<result<watchman::sight_ptr>> seen;
    tasks.spawn(eyes.run());
    tasks.spawn(look_twice(eyes, tasks, full, asks, seen));
    loop.run();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].error().why() == errc::queue_full);
    CHECK(seen[1].has_value());
    all.stop();
}
