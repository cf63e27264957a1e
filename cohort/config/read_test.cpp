#include <cohort/config/read.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::config;
using namespace std::chrono_literals;

namespace {

std::string only_problem(std::string_view text)
{
    const document all = read_toml(text, "cohort.toml");
    CAPTURE(config::text(all.problems));
    REQUIRE(all.problems.size() == 1);
    return all.problems[0].text();
}

settings only_app(std::string_view text, const settings& base = {})
{
    const document all = read_toml(text, "cohort.toml", base);
    CAPTURE(config::text(all.problems));
    REQUIRE(all.usable());
    REQUIRE(all.apps.size() == 1);
    return all.apps[0];
}

constexpr std::string_view whole_file = R"(
[log]
level = "warn"
format = "text"
to = "stdout"

[app.api]
exec    = "./api"
args    = ["--fast", "two words"]
cwd     = "/srv/api"
stdin   = "inherit"
stdout  = "pipe"
stderr  = "file:/var/log/api.err"
user    = "www-data"
group   = 33
listen  = ["8080", "unix:/run/api.sock"]
backlog = 1024
workers = "2..16"
balance = "least_connections"
lanes   = 8
keepers = false
standby = "off"

[app.api.env]
LOG = "info"
THREADS = 4

[app.api.ready]
on      = "notify"
timeout = "5s"

[app.api.health]
heartbeat = "off"

[app.api.restart]
backoff = "50ms..10s"
give_up = "7 in 1m"

[app.api.stop]
drain   = "3s"
timeout = "2m"

[app.api.limit]
connections = 5000
body = "8M"
head = 32768
idle = "1m"
request = "10s"
)";

}  // namespace

TEST_CASE("a whole file is read, key by key")
{
    const settings s = only_app(whole_file);
    CHECK(s.name == "api");
    CHECK(s.exec == "./api");
    CHECK(s.args == std::vector<std::string>{"--fast", "two words"});
    CHECK(s.cwd == "/srv/api");
    CHECK(s.in.text() == "inherit");
    CHECK(s.out.text() == "pipe");
    CHECK(s.err.text() == "file:/var/log/api.err");
    CHECK(s.user == "www-data");
    CHECK(s.group == "33");
    CHECK(s.listen == std::vector<std::string>{"8080", "unix:/run/api.sock"});
    CHECK(s.backlog == 1024);
    CHECK(s.workers == worker_count::between(2, 16));
    CHECK(s.balance == policy::least_connections);
    CHECK(s.lanes == 8);
    CHECK_FALSE(s.keepers);
    CHECK_FALSE(s.standby);
    CHECK(s.env == std::map<std::string, std::string>{{"LOG", "info"}, {"THREADS", "4"}});
    CHECK(s.ready.timeout == 5s);
    CHECK(s.health.heartbeat == 0ms);
    CHECK(s.restart.backoff_first == 50ms);
    CHECK(s.restart.backoff_ceiling == 10s);
    CHECK(s.restart.give_up_deaths == 7);
    CHECK(s.restart.give_up_window == 1min);
    CHECK(s.stop.drain == 3s);
    CHECK(s.stop.timeout == 2min);
    CHECK(s.limit.connections == 5000);
    CHECK(s.limit.body_bytes == 8U << 20);
    CHECK(s.limit.head_bytes == 32768);
    CHECK(s.limit.idle == 1min);
    CHECK(s.limit.request == 10s);
    CHECK(s.log.level == log_level::warn);
    CHECK(s.log.format == log_format::text);
}

TEST_CASE("words that stand for values are understood")
{
    const settings s = only_app("[app.x]\nworkers = \"auto\"\nlisten = \"8080\"\n"
                                "restart.give_up = \"never\"\nstop.drain = \"auto\"\n"
                                "health.heartbeat = \"10s\"\n");
    CHECK(s.workers.is_automatic());
    CHECK(s.listen == std::vector<std::string>{"8080"});
    CHECK(s.restart.give_up_deaths == 0);
    CHECK(s.stop.drain == std::nullopt);
    CHECK(s.health.heartbeat == 10s);
    CHECK(only_app("[app.x]\nworkers = 8\nlisten = [8080]\n").workers == worker_count::exactly(8));
}

TEST_CASE("an app starts from what the program's own code asked for")
{
    settings base;
    base.listen = {"3000"};
    base.lanes = 2;
    base.env = {{"KEEP", "1"}, {"CHANGE", "old"}};
    const settings s = only_app("[app.api]\nlanes = 3\nenv = {CHANGE = \"new\"}\n", base);
    CHECK(s.listen == base.listen);
    CHECK(s.lanes == 3);
    CHECK(s.env == std::map<std::string, std::string>{{"KEEP", "1"}, {"CHANGE", "new"}});
}

TEST_CASE("several apps come in the order of the file, and [log] is for all")
{
    const document all = read_toml("[app.zoo]\n[app.ant]\n[log]\nlevel = \"debug\"\n", "f");
    REQUIRE(all.usable());
    REQUIRE(all.apps.size() == 2);
    CHECK(all.apps[0].name == "zoo");
    CHECK(all.apps[1].name == "ant");
    CHECK(all.apps[0].log.level == log_level::debug);
    CHECK(all.apps[1].log.level == log_level::debug);
    CHECK(read_toml("", "f").usable());
    CHECK(read_toml("", "f").apps.empty());
}

TEST_CASE("an unknown key names the nearest known one, with file, line and column")
{
    CHECK(only_problem("[app.api]\nexec = \"x\"\nworker = 3\n") ==
          "cohort.toml:3:1: app.api.worker: unknown key; did you mean \"workers\"?");
    CHECK(only_problem("[app.api.stop]\n  tiemout = \"3s\"\n") ==
          "cohort.toml:2:3: app.api.stop.tiemout: unknown key; did you mean \"timeout\"?");
    CHECK(only_problem("[app.api.helth]\n") ==
          "cohort.toml:1:10: app.api.helth: unknown key; did you mean \"health\"?");
    CHECK(only_problem("[ap.api]\n").ends_with("ap: unknown key; did you mean \"app\"?"));
    CHECK(only_problem("[log]\nxyzzy = 1\n") ==
          "cohort.toml:2:1: log.xyzzy: unknown key; known here: to, level, format");
}

TEST_CASE("a key of a later version is refused, and the message says why")
{
    for (const char* text : {"[app.a]\nspeaks = \"node\"\n", "[app.a.reload]\ncanary = 1\n",
                             "[app.a.recycle]\n", "[app.a.sandbox]\n",
                             "[app.a.limit]\nmemory = \"1G\"\n", "[app.a.health]\nhttp = \"off\"\n",
                             "[admin]\nsocket = \"auto\"\n", "[log]\nrotate = \"100M x 10\"\n"})
    {
        CAPTURE(text);
        CHECK(only_problem(text).ends_with(
            "is for a later version of cohort and would have no effect; remove it"));
    }
    CHECK(only_problem("[app.a.ready]\non = \"listen\"\n") ==
          "cohort.toml:2:6: app.a.ready.on: only \"notify\" is supported so far");
}

TEST_CASE("a value of the wrong kind is refused where it stands")
{
    CHECK(only_problem("[app.a]\nlanes = \"four\"\n") ==
          "cohort.toml:2:9: app.a.lanes: must be a whole number, not negative");
    CHECK(only_problem("[app.a]\nlanes = -1\n").ends_with("whole number, not negative"));
    CHECK(only_problem("[app.a]\nworkers = 0\n") ==
          "cohort.toml:2:11: app.a.workers: cannot read a number of workers (auto, 1 to 256, or "
          "2..16) from \"0\": not an allowed value");
    CHECK(only_problem("[app.a]\nworkers = true\n").ends_with("or a whole number"));
    CHECK(only_problem("[app.a]\nexec = 1\n").ends_with("must be a text in quotes"));
    CHECK(only_problem("[app.a]\nlisten = [8080, [1]]\n") ==
          "cohort.toml:2:17: app.a.listen: must be a list of texts");
    CHECK(only_problem("[app.a]\nenv = {A = 1.5}\n").find("app.a.env.A: ") != std::string::npos);
    CHECK(only_problem("[app.a.stop]\ntimeout = 30\n").find("with its unit") != std::string::npos);
    CHECK(only_problem("[app.a.stop]\ntimeout = \"30\"\n").find("with its unit") !=
          std::string::npos);
    CHECK(only_problem("[app.a.restart]\nbackoff = \"1s\"\n").find("two durations") !=
          std::string::npos);
    CHECK(
        only_problem("[app.a.restart]\ngive_up = \"0 in 3s\"\n").find("a number and a duration") !=
        std::string::npos);
    CHECK(only_problem("[app.a]\nstop = 3\n").ends_with("app.a.stop: must be a table"));
    CHECK(only_problem("[app]\na = 3\n").find("must be a table") != std::string::npos);
    CHECK(only_problem("app = 3\n").find("must be a table") != std::string::npos);
}

TEST_CASE("a value that is out of range is found with its line")
{
    CHECK(only_problem("[app.a]\nexec = \"x\"\n\nlanes = 100\n") ==
          "cohort.toml:4:1: app.a.lanes: must be 1 to 64");
    CHECK(only_problem("[app.a.health]\nheartbeat = \"500us\"\n") ==
          "cohort.toml:2:1: app.a.health.heartbeat: must be off, or 100ms to 1h");
    CHECK(only_problem("[app.\"a b\"]\n").starts_with("cohort.toml:1:6: app.a b.name: must be"));
    CHECK(only_problem("[app.a]\nargs = [\"x\"]\n") ==
          "cohort.toml:2:1: app.a.args: must be empty without `exec`");
}

TEST_CASE("what is wrong in the program's own code is not blamed on the file")
{
    settings base;
    base.lanes = 0;
    const document all = read_toml("[app.a]\n", "cohort.toml", base);
    REQUIRE(all.problems.size() == 1);
    CHECK(all.problems[0].text() == "app.a.lanes: must be 1 to 64");
}

TEST_CASE("all problems are reported at once, in the order of the file")
{
    const document all = read_toml("[app.a]\nworker = 1\nlanes = 99\n[app.b]\nexce = \"x\"\n", "f");
    REQUIRE(all.problems.size() == 3);
    CHECK(all.problems[0].line == 2);
    CHECK(all.problems[1].line == 3);
    CHECK(all.problems[2].line == 5);
    CHECK_FALSE(all.usable());
}

TEST_CASE("a file that is not TOML is refused where it breaks")
{
    CHECK(only_problem("[app.a]\nexec = \n").starts_with("cohort.toml:2:"));
    CHECK(only_problem("[app.a]\nlanes = 1\nlanes = 2\n").starts_with("cohort.toml:3:"));
    CHECK(only_problem("[= \n").starts_with("cohort.toml:1:"));
    CHECK(only_problem("[ap\u02dep]\n").starts_with("cohort.toml:1:"));
    CHECK(only_problem("\xff\xfe").starts_with("cohort.toml:1:"));
    const std::string large(2 << 20, '#');
    CHECK(only_problem(large) == "cohort.toml: larger than 1 MiB");
}

TEST_CASE("a file that is not there is an error with its name")
{
    const auto missing = read_file("/no/such/cohort.toml");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().text() == "open /no/such/cohort.toml: No such file or directory");
    CHECK(read_file("/dev/zero").error().why() == errc::too_large);
}
