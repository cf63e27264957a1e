#include <cohort/dashboard/shared_answer.hpp>

#include <cohort/async/scope.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <vector>

using namespace cohort;
using namespace cohort::dashboard;

namespace {

constexpr int enough = 100;

/// Finds a number out, and is as slow as a test wants it to be.
struct source {
    explicit source(asio::io_context& loop)
        : go_on{loop.get_executor()}
    {}

    awaitable<result<int>> find()
    {
        ++begun;
        while (waits)
            co_await go_on.wait();
        if (fails)
            co_return failed(errc::queue_full, "find a number");
        co_return begun;
    }

    void let_go()
    {
        waits = false;
        go_on.notify_all();
    }

    wakeup go_on;
    bool waits = true;
    bool fails = false;
    int begun = 0;
};

using numbers = shared_answer<int>;
using outcomes = std::vector<result<numbers::value_ptr>>;

awaitable<> ask(numbers& of, outcomes& into)
{
    auto asking = of.get();
    auto got = co_await std::move(asking);
    into.push_back(std::move(got));
}

struct stand {
    explicit stand(nanoseconds fresh_for)
        : from{loop}, of{loop.get_executor(), [this] { return from.find(); }, fresh_for}
    {}

    /// Until everybody waits for something.
    void settle()
    {
        loop.restart();
        while (loop.poll() > 0) {
        }
    }

    asio::io_context loop{1};
    source from;
    numbers of;
    scope askers{loop.get_executor()};
    outcomes got;
};

}  // namespace

TEST_CASE("who asks at the same time gets one answer, found once")
{
    stand at{std::chrono::hours{1}};
    for (int i = 0; i < enough; ++i)
        at.askers.spawn(ask(at.of, at.got));
    at.settle();
    CHECK(at.from.begun == 1);
    CHECK(at.got.empty());
    at.from.let_go();
    at.settle();
    REQUIRE(at.got.size() == enough);
    for (const auto& each : at.got)
        CHECK(each.value() == at.got.front().value());
    at.askers.spawn(ask(at.of, at.got));
    at.settle();
    CHECK(at.got.back().value() == at.got.front().value());
    CHECK(at.from.begun == 1);
}

TEST_CASE("an answer that is too old is found anew")
{
    // Older than nothing at all: a clock that stands still would not make it fresh.
    stand at{nanoseconds{-1}};
    at.from.let_go();
    for (int i = 1; i <= 3; ++i) {
        at.askers.spawn(ask(at.of, at.got));
        at.settle();
        CHECK(*at.got.back().value() == i);
    }
}

TEST_CASE("a failure is everybody's who waited for it, and nobody's afterwards")
{
    stand at{std::chrono::hours{1}};
    at.from.fails = true;
    for (int i = 0; i < enough; ++i)
        at.askers.spawn(ask(at.of, at.got));
    at.settle();
    at.from.let_go();
    at.settle();
    REQUIRE(at.got.size() == enough);
    for (const auto& each : at.got)
        CHECK(each.error().why() == errc::queue_full);
    CHECK(at.from.begun == 1);
    at.from.fails = false;
    at.askers.spawn(ask(at.of, at.got));
    at.settle();
    CHECK(at.got.back().has_value());
}

TEST_CASE("when the one who finds out leaves, the next one does")
{
    stand at{std::chrono::hours{1}};
    auto* const first = at.askers.spawn(ask(at.of, at.got));
    at.settle();
    at.askers.spawn(ask(at.of, at.got));
    at.settle();
    CHECK(at.from.begun == 1);
    at.from.waits = false;
    first->emit(asio::cancellation_type::all);
    at.settle();
    CHECK(at.from.begun == 2);
    REQUIRE(at.got.size() == 2);
    CHECK(at.got[0].error().why() == errc::cancelled);
    CHECK(*at.got[1].value() == 2);
}
