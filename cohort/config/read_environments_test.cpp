#include <cohort/config/read.hpp>

#include <doctest/doctest.h>

using namespace cohort::config;
using namespace std::chrono_literals;

namespace {

/// Without the final newline, if it is one.
std::string problems_of(std::string_view toml)
{
    std::string all = text(read_toml(toml, "cohort.toml").problems);
    if (all.ends_with('\n'))
        all.pop_back();
    return all;
}

}  // namespace

TEST_CASE("an environment overrides key by key, and only the one that was chosen")
{
    constexpr std::string_view file = R"(
[app.api]
workers = 1
listen = "8080"
env = {LOG = "info", MODE = "dev"}
[log]
level = "debug"
[env.production.app.api]
workers = 8
env = {MODE = "prod"}
[env.production.app.api.stop]
timeout = "1m"
[env.production.log]
level = "warn"
[env.empty]
)";
    const auto with = [file](std::string_view environment) {
        const document all = read_toml(file, "f", {}, environment);
        CAPTURE(text(all.problems));
        REQUIRE(all.usable());
        REQUIRE(all.apps.size() == 1);
        return all.apps[0];
    };
    CHECK(with("").workers == worker_count::exactly(1));
    CHECK(with("").log.level == log_level::debug);
    CHECK(with("empty") == with(""));
    const settings s = with("production");
    CHECK(s.workers == worker_count::exactly(8));
    CHECK(s.listen == std::vector<std::string>{"8080"});
    CHECK(s.env == std::map<std::string, std::string>{{"LOG", "info"}, {"MODE", "prod"}});
    CHECK(s.stop.timeout == 1min);
    CHECK(s.log.level == log_level::warn);
    const document unknown = read_toml(file, "f", {}, "prod");
    CHECK(text(unknown.problems) ==
          "f: env.prod: no such environment in this file; it has: empty, production\n");
}

TEST_CASE("every environment is checked, at every depth, and says where")
{
    CHECK(problems_of("[app.a]\n[env.x.app.b]\n") ==
          "cohort.toml:2:12: env.x.app.b: an environment changes apps of the file; unknown key; "
          "known here: a");
    CHECK(problems_of("[app.a]\n[env.x.app.a.stop]\ntiemout = 1\n") ==
          "cohort.toml:3:1: env.x.app.a.stop.tiemout: unknown key; did you mean \"timeout\"?");
    CHECK(problems_of("[app.a]\n[env.x.app.a]\nlanes = 65\n") ==
          "cohort.toml:3:1: env.x.app.a.lanes: must be 1 to 64");
    CHECK(problems_of("[app.a]\nuser = \"u\"\ngroup = \"g\"\n[env.x.app.a]\nuser = \"\"\n") ==
          "cohort.toml:3:1: app.a.group: must be empty without `user` (with env.x.app.a)");
    CHECK(problems_of("[env.x.lgo]\n") ==
          "cohort.toml:1:8: env.x.lgo: unknown key; did you mean \"log\"?");
    CHECK(problems_of("[env]\nx = 3\n").find("must be a table") != std::string::npos);
    CHECK(problems_of("[env.x.log]\nrotate = \"1M x 3\"\n") ==
          "cohort.toml:2:1: env.x.log.rotate: must be off unless log.to is a file");
}

TEST_CASE("who judges a value later can still say where it stands")
{
    const document all = read_toml("[app.a]\nlisten = [\"1\",\n  \"x\"]\n[app.b]\n"
                                   "[env.e.app.b]\nlisten = \"y\"\n",
                                   "f", {}, "e");
    REQUIRE(all.apps.size() == 2);
    CHECK(all.complaint(all.apps[0], "listen[1]", "bad").text() == "f:3:3: app.a.listen[1]: bad");
    CHECK(all.complaint(all.apps[1], "listen[0]", "bad").text() ==
          "f:6:1: env.e.app.b.listen: bad");
    CHECK(all.complaint(all.apps[1], "user", "bad").text() == "f: app.b.user: bad");
}
