#include <cohort/primary/log_terms.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace cohort;
using primary::log_path;

namespace {

config::settings with_log(const std::string& to)
{
    config::settings made;
    made.name = "api";
    made.log.to = config::log_target::parse(to).value();
    return made;
}

}  // namespace

TEST_CASE("the app and the slot are put into the name of a log file, as often as it has them")
{
    CHECK(log_path(with_log("file:/l/{app}/{app}.{slot}"), 3) == "/l/api/api.3");
    CHECK(log_path(with_log("file:/l/{app}.{slot}"), std::nullopt) == "/l/api.primary");
    const auto here = std::filesystem::current_path() / "logs" / "api.log";
    CHECK(log_path(with_log("file:./logs/{app}.log"), 1) == here.string());
    CHECK(log_path(with_log("stdout"), 1).empty());
}

TEST_CASE("a log that several slots share is one file for all")
{
    CHECK(primary::logs_by_slot(with_log("file:{app}.{slot}.log")));
    CHECK_FALSE(primary::logs_by_slot(with_log("file:{app}.log")));
    CHECK_FALSE(primary::logs_by_slot(with_log("stdout")));
}

TEST_CASE("what keeps a log file from being opened shows before it is made")
{
    CHECK(primary::log_hindrance(with_log("stdout")).empty());
    CHECK(primary::log_hindrance(with_log("file:/tmp/not-there/either/{app}.log")).empty());
    CHECK_FALSE(std::filesystem::exists("/tmp/not-there"));
    CHECK(primary::log_hindrance(with_log("file:/dev/null/{app}.log")) == "/dev/null is no folder");
    CHECK(primary::log_hindrance(with_log("file:/tmp")) == "/tmp is no regular file");
}
