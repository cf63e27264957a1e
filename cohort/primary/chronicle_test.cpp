#include <cohort/primary/chronicle.hpp>

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
