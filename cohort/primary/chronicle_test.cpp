#include <cohort/primary/chronicle.hpp>

#include <cohort/base/utf8.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::primary;

TEST_CASE("whoever listens to the chronicle hears of everything as it comes")
{
    boost::asio::io_context loop;
    chronicle past{loop.get_executor()};
    std::vector<std::string> heard;
    past.on_event([&](const boost::json::object& event) {
        heard.emplace_back(event.at("event").as_string());
    });
    past.note("scaled", {{"workers", 3}});
    past.changed({.slot = 1, .from = stage::booting, .to = stage::serving, .why = cause::ready});
    CHECK(heard == std::vector<std::string>{"scaled", "stage"});
    past.on_event({});
    past.note("scaled", {});
    CHECK(heard.size() == 2);
}

TEST_CASE("what the next primary is told of an end is text, however much of it there was")
{
    boost::asio::io_context loop;
    chronicle past{loop.get_executor()};
    std::string long_words;
    for (int i = 0; i < 100; ++i)
        long_words += "é€";
    worker_info who;
    who.id = 7;
    past.ended(who, {process::exit_reason::exited(1), long_words}, nanoseconds{0},
               {death_cause::exception, "x" + long_words});
    chronicle next{loop.get_executor()};
    next.recall(0, past.remember(0));
    const auto ends = next.ends_of(0);
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].how.last_words().size() > 150);
    CHECK(is_utf8(ends[0].how.last_words()));
    CHECK(ends[0].what.words.size() > 190);
    CHECK(is_utf8(ends[0].what.words));
}
