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
to = "file:logs/{app}.log"
rotate = "100M x 10"

[admin]
socket = "/run/api/admin.sock"
http = "127.0.0.1:9464"
token_file = "/run/secrets/token"
view_token_file = "/run/secrets/view_token"
metrics = "open"
hosts = ["api.example"]

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
speaks  = "sockets"
lanes   = 8
keepers = false
standby = "off"

[app.api.env]
LOG = "info"
THREADS = 4
DB_PASSWORD = {file = "/run/secrets/db"}
API_KEY = {fd = 5}

[app.api.ready]
on      = "http:/ready"
timeout = "5s"

[app.api.health]
heartbeat = "off"
request = "2m"
http = "/health every 5s, 4 fails"
at_once = 2

[app.api.restart]
backoff = "50ms..10s"
give_up = "7 in 1m"
stop_codes = [0, 3]

[app.api.stop]
drain   = "3s"
timeout = "2m"

[app.api.limit]
connections = 5000
connections_per_client = 50
uncounted_clients = ["local", "203.0.113.0/24"]
streams = 20
body = "8M"
head = "32K"
idle = "1m"
request = "10s"
memory = "512M"
files = 4096

[app.api.reload]
canary = 2
soak = "30s"
abort_if = ["crash", "5xx > 0.5%", "p99 > 2x", "memory > 1.5x"]
rollback = false
timeout = "20m"

[app.api.recycle]
memory = "1G"
requests = "100k ±20%"
age = "1d +-10%"

[app.api.scale]
target = "60%"
up_after = "5s"
down_after = "2m"

[app.api.tls]
certificate = ["/etc/one.pem", "/etc/two.pem"]
key = ["/etc/one.key", "/etc/two.key"]
client_ca = "/etc/ca.pem"
client = "required"

[app.api.sandbox]
profile = "strict"
read = ["/srv/api"]
write = ["/var/lib/api", "/tmp"]
capabilities = ["CAP_NET_BIND_SERVICE"]
no_new_privs = true
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
    CHECK(s.limit.connections_per_client == 50);
    CHECK(s.limit.uncounted_clients == std::vector<std::string>{"local", "203.0.113.0/24"});
    CHECK(s.limit.streams == 20);
    CHECK(s.limit.body_bytes == 8U << 20);
    CHECK(s.limit.head_bytes == 32768);
    CHECK(s.limit.idle == 1min);
    CHECK(s.limit.request == 10s);
    CHECK(s.limit.memory_bytes == 512U << 20);
    CHECK(s.limit.files == 4096);
}

TEST_CASE("a whole file says how it is operated, too")
{
    const settings s = only_app(whole_file);
    CHECK(s.speaks == protocol::sockets);
    CHECK(s.secrets == std::map<std::string, secret>{{"API_KEY", {{}, 5}},
                                                     {"DB_PASSWORD", {"/run/secrets/db", -1}}});
    CHECK(s.ready.on == ready_sign{ready_sign::kind::http, "/ready"});
    CHECK(s.health.request == 2min);
    CHECK(s.health.http == http_probe{"/health", 5s, 4});
    CHECK(s.health.at_once == 2);
    CHECK(s.restart.stop_codes == std::vector<unsigned>{0, 3});
    CHECK(s.reload.canary == 2);
    CHECK(s.reload.soak == 30s);
    CHECK(s.reload.abort_if == std::vector<abort_rule>{{abort_rule::kind::crash, 0},
                                                       {abort_rule::kind::errors, 0.5},
                                                       {abort_rule::kind::latency, 2},
                                                       {abort_rule::kind::memory, 1.5}});
    CHECK_FALSE(s.reload.rollback);
    CHECK(s.reload.timeout == 20min);
    CHECK(s.recycle.memory_bytes == spread<std::uint64_t>{1ULL << 30, 0});
    CHECK(s.recycle.requests == spread<std::uint64_t>{100'000, 20});
    CHECK(s.recycle.age == spread<milliseconds>{24h, 10});
    CHECK(s.scaling.target_percent == 60);
    CHECK(s.scaling.up_after == 5s);
    CHECK(s.scaling.down_after == 2min);
    CHECK(s.tls.certificate == std::vector<std::string>{"/etc/one.pem", "/etc/two.pem"});
    CHECK(s.tls.key == std::vector<std::string>{"/etc/one.key", "/etc/two.key"});
    CHECK(s.tls.client_ca == "/etc/ca.pem");
    CHECK(s.tls.client == client_check::required);
    CHECK(s.sandbox.profile == sandbox_profile::strict);
    CHECK(s.sandbox.read == std::vector<std::string>{"/srv/api"});
    CHECK(s.sandbox.write == std::vector<std::string>{"/var/lib/api", "/tmp"});
    CHECK(s.sandbox.capabilities == std::vector<std::string>{"CAP_NET_BIND_SERVICE"});
    CHECK(s.sandbox.no_new_privs);
    CHECK(s.log.to == log_target{log_target::kind::file, "logs/{app}.log"});
    CHECK(s.log.rotate == rotation{100U << 20, 10});
    CHECK(s.admin.socket == "/run/api/admin.sock");
    CHECK(s.admin.http == "127.0.0.1:9464");
    CHECK(s.admin.token.empty());
    CHECK(s.admin.token_file == "/run/secrets/token");
    CHECK(s.admin.view_token.empty());
    CHECK(s.admin.view_token_file == "/run/secrets/view_token");
    CHECK(s.admin.metrics == metrics_access::open);
    CHECK(s.admin.hosts == std::vector<std::string>{"api.example"});
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
          "cohort.toml:2:1: log.xyzzy: unknown key; known here: level, format, to, rotate");
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

TEST_CASE("new sections name the nearest key and refuse the wrong kind, as the old ones do")
{
    for (const auto& [text, words] : std::vector<std::pair<const char*, const char*>>{
             {"[app.a.reload]\ncanry = 1\n",
              "2:1: app.a.reload.canry: unknown key; did you mean \"canary\"?"},
             {"[app.a.recycle]\nmemry = 1\n", "did you mean \"memory\"?"},
             {"[app.a.scale]\ntraget = 1\n", "did you mean \"target\"?"},
             {"[app.a.sandbox]\nprofle = 1\n", "did you mean \"profile\"?"},
             {"[app.a.health]\nhttps = 1\n", "did you mean \"http\"?"},
             {"[admin]\nsokcet = 1\n", "1: admin.sokcet: unknown key; did you mean \"socket\"?"},
             {"[log]\nrotat = 1\n", "did you mean \"rotate\"?"},
             {"[app.a]\nspeak = 1\n", "did you mean \"speaks\"?"},
             {"[app.a]\n\"stop.timeout\" = \"1s\"\n", "unknown key"},
             {"[app.a.reload]\nsoak = 10\n",
              "2:8: app.a.reload.soak: cannot read a duration with its unit"},
             {"[app.a.limit]\nmemory = 4096\n", "(B, K, M, G or T)"},
             {"[app.a.scale]\ntarget = 70\n", "0% to 100%"},
             {"[app.a.reload]\ncanary = \"1\"\n", "whole number"},
             {"[app.a.reload]\nabort_if = [\"5xx > 1\"]\n", "5xx > 1%"},
             {"[app.a.restart]\nstop_codes = [\"x\"]\n", "an exit code, 0 to 255"},
             {"[app.a.env]\nA = {fil = \"x\"}\n", "app.a.env.A: must be a text in quotes"},
             {"[app.a.env]\nA = {fd = 2}\n", "a descriptor from 3"},
             {"[app.a]\nreload = 1\n", "app.a.reload: must be a table"}})
    {
        CAPTURE(text);
        const std::string found = only_problem(text);
        CAPTURE(found);
        CHECK(found.find(words) != std::string::npos);
    }
}

TEST_CASE("a file that is not TOML is refused where it breaks")
{
    CHECK(only_problem("[app.a]\nexec = \n").starts_with("cohort.toml:2:"));
    CHECK(only_problem("[app.a]\nlanes = 1\nlanes = 2\n").starts_with("cohort.toml:3:"));
    CHECK(only_problem("[= \n").starts_with("cohort.toml:1:"));
    CHECK(only_problem("[ap\u02dep]\n").starts_with("cohort.toml:1:"));
    CHECK(only_problem("\xff\xfe").starts_with("cohort.toml:1:"));
    // toml++ would recurse once for each of them, until the stack ends.
    std::string deep = "[app.a]\nx";
    for (int part = 0; part < 200'000; ++part)
        deep += ".x";
    CHECK(only_problem(deep + " = 1") == "cohort.toml:2:1: a key of more than 64 parts");
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
