#include <cohort/primary/log_terms.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

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

TEST_CASE("lines are for people on a terminal, and only there, unless somebody says more")
{
    const auto shape = [](const std::string& to, const std::string& format) {
        config::settings made = with_log(to);
        made.log.format = config::parse_log_format(format).value();
        return primary::shape_by(made.log);
    };
    const unique_fd ours{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    REQUIRE(ours.valid());
    REQUIRE(::grantpt(ours.borrow()) == 0);
    REQUIRE(::unlockpt(ours.borrow()) == 0);
    std::array<char, 64> name{};
    REQUIRE(::ptsname_r(ours.borrow(), name.data(), name.size()) == 0);
    const unique_fd terminal{::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    REQUIRE(terminal.valid());
    const unique_fd nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
    const unique_fd before{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
    REQUIRE(before.valid());
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    std::vector<log::format> seen;
    REQUIRE(::dup2(terminal.borrow(), STDOUT_FILENO) != -1);
    for (const char* const format : {"auto", "json", "pino", "text"})
        seen.push_back(shape("stdout", format));
    seen.push_back(shape("file:/l/x", "auto"));
    ::setenv("NO_COLOR", "1", 1);
    seen.push_back(shape("stdout", "auto"));
    ::unsetenv("NO_COLOR");
    REQUIRE(::dup2(nowhere.borrow(), STDOUT_FILENO) != -1);
    seen.push_back(shape("stdout", "auto"));
    seen.push_back(shape("stdout", "text"));
    REQUIRE(::dup2(before.borrow(), STDOUT_FILENO) != -1);
    using enum log::format;
    CHECK(seen == std::vector{pretty, json, pino, pretty, json, text, json, text});
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
