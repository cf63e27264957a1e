#include <cohort/async/event.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <vector>

using namespace cohort;

TEST_CASE("listeners hear in the order they subscribed, until they leave")
{
    event<int> happened;
    std::vector<int> heard;
    auto first = happened.subscribe([&](const int& n) noexcept { heard.push_back(n); });
    {
        auto second = happened.subscribe([&](const int& n) noexcept { heard.push_back(10 * n); });
        happened.emit(1);
    }
    happened.emit(2);
    CHECK(heard == std::vector{1, 10, 2});
}

TEST_CASE("a listener may leave from inside, and a newcomer waits for the next time")
{
    event<> happened;
    int first_heard = 0;
    int late_heard = 0;
    std::optional<event<>::subscription> first;
    std::optional<event<>::subscription> late;
    first = happened.subscribe([&]() noexcept {
        ++first_heard;
        late = happened.subscribe([&]() noexcept { ++late_heard; });
        first.reset();
    });
    happened.emit();
    CHECK(first_heard == 1);
    CHECK(late_heard == 0);
    happened.emit();
    CHECK(first_heard == 1);
    CHECK(late_heard == 1);
}

TEST_CASE("a subscription may outlive its event")
{
    std::optional<event<>::subscription> kept;
    {
        event<> gone;
        kept = gone.subscribe([]() noexcept {});
    }
    kept.reset();
}
