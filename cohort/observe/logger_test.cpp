#include <cohort/observe/logger.hpp>

#include <cohort/observe/detail/caught_test.hpp>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using log::detail::caught;
using log::detail::caught_in_file;

namespace {

/// What comes after the members that every line has.
std::string fields_of(const std::string& line)
{
    const auto pid = line.find(R"("pid":)");
    const auto first = line.find(R"(,"module")", pid);
    return first == std::string::npos ? std::string{} : line.substr(first);
}

}  // namespace

TEST_CASE("a logger's fields stand in each of its lines, before those of the line")
{
    const caught lines;
    const log::logger payments = log::with({{"module", "payments"}, {"shard", 3}});
    payments.info("one");
    CHECK(fields_of(lines.text()) == R"(,"module":"payments","shard":3})"
                                     "\n");
    payments.info({{"cents", 500}}, "{}", "two");
    const std::string text = lines.text();
    CHECK(fields_of(text) == R"(,"module":"payments","shard":3,"cents":500})"
                             "\n");
    CHECK(boost::json::parse(text).as_object().at("message") == "two");
}

TEST_CASE("a child has its parent's fields and its own, and no name twice")
{
    const caught lines;
    const log::logger parent = log::with({{"module", "payments"}, {"shard", 3}, {"z", 1}});
    const log::logger child = parent.with({{"shard", 12}, {"request", "r-1"}});
    child.warn("x");
    CHECK(fields_of(lines.text()) == R"(,"module":"payments","z":1,"shard":12,"request":"r-1"})"
                                     "\n");
    child.warn({{"z", 2}, {"more", 1}}, "x");
    CHECK(fields_of(lines.text()) ==
          R"(,"module":"payments","shard":12,"request":"r-1","z":2,"more":1})"
          "\n");
    parent.warn("x");
    CHECK(fields_of(lines.text()) == R"(,"module":"payments","shard":3,"z":1})"
                                     "\n");
}

TEST_CASE("a logger keeps nothing of what it was made of, and hides secrets")
{
    const caught lines;
    log::logger made;
    {
        const std::string gone = "gone";
        made = log::with({{"module", gone}, {"cookie", "a=b"}});
    }
    made.error("x");
    CHECK(fields_of(lines.text()) == R"(,"module":"gone","cookie":"[redacted]"})"
                                     "\n");
}

TEST_CASE("a logger's fields look like others in the text format")
{
    const log::logger made = log::with({{"module", "a b"}, {"slot", 3}});
    const caught lines{{.shape = log::format::text}};
    made.info({{"slot", 4}}, "x");
    CHECK(lines.text().ends_with(" info  x  module=\"a b\"  slot=4\n"));
}

TEST_CASE("below the level a logger writes nothing; a line of nothing but fields of its own is cut")
{
    const caught_in_file lines{{.least = log::level::warn}};
    log::logger made = log::with({{"module", "m"}});
    made.info("no");
    made.write(log::level::info, "no");
    CHECK(lines.text().empty());
    made = made.with({{"huge", std::string(5000, 'x')}});
    made.warn("yes");
    const auto line = lines.object();
    CHECK(line.at("module") == "m");
    CHECK_FALSE(line.contains("huge"));
    CHECK(line.at("truncated") == true);
}
