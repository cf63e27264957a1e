#include <cohort/config/serialize.hpp>
#include <cohort/config/catalogue.hpp>
#include <cohort/config/read.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::config;
using namespace std::chrono_literals;

namespace {

/// No key has its default here; a test below sees to that.
settings changed_everywhere()
{
    const document all = read_toml(R"(
log = {level = "warn", format = "text", to = "file:logs/{app}.log", rotate = "100M x 10"}
[admin]
socket = "/run/shop.sock"
http = "127.0.0.1:9464"
token = "0123456789abcdef"
token_file = "/run/token"
view_token = "fedcba9876543210"
view_token_file = "/run/view_token"
metrics = "open"
hosts = ["shop.example", "here"]
[app.shop]
exec = "./a \"b\" \\ \u00fc \t"
args = ["", "two words"]
cwd = "/srv"
env = {"A B" = "x\ny", "dotted.name" = "", P = {file = "/run/\"p\""}, Q = {fd = 7}}
stdin = "pipe"
stdout = "null"
stderr = "file:/tmp/x"
user = "www-data"
group = 33
listen = ["8080", "unix:/run/x"]
backlog = 1
workers = "2..16"
balance = "sticky"
speaks = "node"
lanes = 8
keepers = false
standby = false
ready = {on = "http:/ready", timeout = "1500ms"}
health = {heartbeat = "off", request = "90s", http = "/h every 1s, 1 fail", at_once = 3}
crash = {folder = "/var/crashes", reports = 7, bytes = "1M"}
restart = {backoff = "1ms..1h", give_up = "7 in 1m", stop_codes = [0, 255]}
stop = {drain = "1001ms", timeout = "0"}
reload = {canary = 0, soak = "0", abort_if = ["5xx > 0.07%"], rollback = false, timeout = "1d"}
recycle = {memory = "1G ±7%", requests = "100k ±20%", age = "36h"}
scale = {target = "55%", up_after = "1s", down_after = "10m"}
[app.shop.limit]
bodies = "64M"
connections = 7
connections_per_client = "off"
uncounted_clients = []
streams = 3
body = "0"
head = "4097B"
idle = "1s"
request = "59s"
memory = "2G"
files = 64
[app.shop.tls]
certificate = "/a.pem"
key = "/a.key"
client_ca = "/b.pem"
client = "optional"
[app.shop.sandbox]
profile = "server"
read = ["/a"]
write = ["/b"]
capabilities = ["CAP_KILL"]
no_new_privs = true
best_effort = true
)",
                                   "test");
    CAPTURE(config::text(all.problems));
    REQUIRE(all.apps.size() == 1);
    REQUIRE(all.usable());
    settings s = all.apps[0];
    s.keepers = !keepers_default;
    return s;
}

}  // namespace

TEST_CASE("settings come back as they were, whatever key was changed")
{
    const settings s = changed_everywhere();
    for (const key& k : catalogue()) {
        CAPTURE(k.name);
        CHECK(k.literal(s) != default_of(k));
    }
    const auto back = deserialize(serialize(s));
    CAPTURE(serialize(s));
    REQUIRE(back);
    CHECK(*back == s);
    CHECK(deserialize(serialize(settings{})) == settings{});
}

TEST_CASE("values that only a program can say come back, too")
{
    settings s;
    s.restart.give_up_deaths = 0;
    s.restart.give_up_window = 1min;
    s.stop.drain = 0ms;
    s.reload.abort_if.clear();
    s.env.emplace("CONTROL", "\x01\x7f\r\n\"");
    REQUIRE(problems(s).empty());
    CHECK(deserialize(serialize(s)) == s);
}

TEST_CASE("what serialize did not write is refused")
{
    const std::string whole = serialize(settings{});
    for (const std::string& text :
         {std::string{}, std::string{"name = 3"}, whole.substr(0, whole.size() / 2),
          whole + "name = \"twice\"\n", std::string{"name = \"\xff\"\n"}})
    {
        const auto refused = deserialize(text);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().why() == errc::malformed);
    }
    settings odd;
    odd.lanes = 0;
    CHECK_FALSE(deserialize(serialize(odd)));
}
