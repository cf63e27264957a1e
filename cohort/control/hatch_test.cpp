#include <cohort/control/hatch.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::control;

namespace {

/// Has pipes with the words of what was asked for, and no log of its own.
class shelves final : public larder {
public:
    result<std::vector<unique_fd>> fetch(const wish& what, pid_t) override
    {
        asked.push_back(what);
        if (what.what == goods::own_log)
            return failed(errc::bad_value, "find a log");
        int ends[2] = {-1, -1};
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        std::vector<unique_fd> all;
        all.emplace_back(ends[0]);
        const unique_fd full{ends[1]};
        const std::string text = text_of(what);
        REQUIRE(::write(full.borrow(), text.data(), text.size()) ==
                static_cast<ssize_t>(text.size()));
        return all;
    }
    std::vector<wish> asked;
};

std::string text_in(const unique_fd& file)
{
    std::string text(64, '\0');
    text.resize(static_cast<std::size_t>(::read(file.borrow(), text.data(), text.size())));
    return text;
}

/// Both sides on one loop. A resource.
struct both {
    both()
    {
        auto ends = hatch::make_ends();
        REQUIRE(ends);
        auto opened = hatch::open(loop.get_executor(), std::move(ends->first), has);
        REQUIRE(opened);
        ours = *std::move(opened);
        REQUIRE(asks.open(std::move(ends->second)));
    }
    result<unique_fd> ask(const wish& what)
    {
        result<unique_fd> got = failed(errc::cancelled, "begin");
        asio::co_spawn(loop, keep(what, got), [](std::exception_ptr) {});
        loop.restart();
        while (!done && loop.run_one() > 0)
            continue;
        done = false;
        return got;
    }
    awaitable<> keep(wish what, result<unique_fd>& to)
    {
        auto asking = asks.ask_one(what);
        to = co_await std::move(asking);
        done = true;
    }

    asio::io_context loop{1};
    shelves has;
    std::unique_ptr<hatch> ours;
    guest asks{loop.get_executor()};
    bool done = false;
};

}  // namespace

TEST_CASE("what is asked for is read as it was written, and nothing else is")
{
    for (const wish& each : {wish{}, wish{.what = goods::log, .slot = 7},
                             wish{.what = goods::process, .pid = 4'000'000'000}})
    {
        CHECK(parse_wish(std::to_underlying(each.what), text_of(each)).value() == each);
    }
    for (const char* each : {"", "-", "1", "- 1 2", "- x", "x 1", "- -1", "- 1 ", "4294967296 1"}) {
        CAPTURE(each);
        CHECK_FALSE(parse_wish(1, each));
    }
    CHECK_FALSE(parse_wish(0, "- 0"));
    CHECK_FALSE(parse_wish(6, "- 0"));
}

TEST_CASE("who asks is given what is open, or told why not")
{
    both sides;
    const auto log = sides.ask({.what = goods::log, .slot = 3});
    REQUIRE(log);
    CHECK(text_in(*log) == "3 0");
    const auto own = sides.ask({.what = goods::own_log});
    REQUIRE_FALSE(own);
    CHECK(own.error().why() == errc::answer_failed);
    CHECK(own.error().text().find("find a log") != std::string::npos);
    CHECK(sides.has.asked.back() == wish{.what = goods::own_log});
}

TEST_CASE("a primary that is gone is known at once")
{
    both sides;
    sides.ours.reset();
    CHECK(sides.ask({}).error().why() == errc::channel_closed);
    CHECK(sides.ask({}).error().why() == errc::channel_closed);
    guest never_opened{sides.loop.get_executor()};
}
