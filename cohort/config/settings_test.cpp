#include <cohort/config/settings.hpp>

#include <doctest/doctest.h>

#include <functional>

using namespace cohort;
using namespace cohort::config;
using namespace std::chrono_literals;

namespace {

struct spoiled {
    const char* key;
    std::function<void(settings&)> spoil;
};

void each_is_complained_about(const std::vector<spoiled>& all)
{
    for (const spoiled& s : all) {
        CAPTURE(s.key);
        settings x;
        s.spoil(x);
        const auto found = problems(x);
        REQUIRE(found.size() == 1);
        CHECK(found[0].key == s.key);
    }
}

}  // namespace

TEST_CASE("the defaults are usable as they are") { CHECK(problems(settings{}).empty()); }

TEST_CASE("every name of an enumeration is read back")
{
    for (const policy p : {policy::balanced, policy::round_robin, policy::least_connections,
                           policy::reuseport, policy::sticky})
        CHECK(parse_policy(name_of(p)) == p);
    for (const protocol p :
         {protocol::automatic, protocol::cohort, protocol::node, protocol::sockets, protocol::none})
        CHECK(parse_protocol(name_of(p)) == p);
    CHECK_FALSE(parse_policy("Balanced"));
    CHECK_FALSE(parse_protocol("http"));
}

// Whole strings on the right: GCC 12 sees ghosts in assignments from short literals (-Wrestrict).
TEST_CASE("every field that can be out of range is complained about by its name")
{
    each_is_complained_about({
        {"name", [](settings& x) { x.name.clear(); }},
        {"name", [](settings& x) { x.name = std::string{"a b"}; }},
        {"name", [](settings& x) { x.name = std::string(65, 'a'); }},
        {"exec", [](settings& x) { x.exec = std::string{"a\0b", 3}; }},
        {"args", [](settings& x) { x.args = {"lonely"}; }},
        {"cwd", [](settings& x) { x.cwd = std::string{"/tmp\0x", 6}; }},
        {"env", [](settings& x) { x.env.emplace("A=B", "1"); }},
        {"env", [](settings& x) { x.env.emplace("", "1"); }},
        {"group", [](settings& x) { x.group = std::string{"staff"}; }},
        {"listen", [](settings& x) { x.listen = {""}; }},
        {"listen", [](settings& x) { x.listen = {"8080", "9090", "8080"}; }},
        {"listen", [](settings& x) { x.listen.assign(65, "0"); }},
        {"backlog", [](settings& x) { x.backlog = 0; }},
        {"backlog", [](settings& x) { x.backlog = 65'536; }},
        {"lanes", [](settings& x) { x.lanes = 0; }},
        {"lanes", [](settings& x) { x.lanes = 65; }},
        {"ready.timeout", [](settings& x) { x.ready.timeout = 99ms; }},
        {"health.heartbeat", [](settings& x) { x.health.heartbeat = 1ms; }},
        {"restart.backoff", [](settings& x) { x.restart.backoff_ceiling = 1ms; }},
        {"restart.give_up", [](settings& x) { x.restart.give_up_window = 0ms; }},
        {"stop.drain", [](settings& x) { x.stop.drain = 11min; }},
        {"stop.timeout", [](settings& x) { x.stop.timeout = 61min; }},
        {"limit.connections", [](settings& x) { x.limit.connections = 0; }},
        {"limit.connections_per_client",
         [](settings& x) { x.limit.connections_per_client = 1'000'001; }},
        {"limit.uncounted_clients",
         [](settings& x) { x.limit.uncounted_clients.assign(65, "::1"); }},
        {"limit.streams", [](settings& x) { x.limit.streams = 10'001; }},
        {"limit.body", [](settings& x) { x.limit.body_bytes = 2ULL << 40; }},
        {"limit.bodies", [](settings& x) { x.limit.bodies_bytes = 1; }},
        {"limit.head", [](settings& x) { x.limit.head_bytes = 1; }},
        {"limit.idle", [](settings& x) { x.limit.idle = 0ms; }},
        {"limit.request", [](settings& x) { x.limit.request = 2h; }},
    });
}

TEST_CASE("the same for the fields that say how it is operated")
{
    each_is_complained_about({
        {"limit.memory", [](settings& x) { x.limit.memory_bytes = 1; }},
        {"limit.files", [](settings& x) { x.limit.files = 63; }},
        {"env", [](settings& x) { x.secrets.emplace("A", secret{}); }},
        {"env", [](settings& x) { x.secrets.emplace("A", secret{"/x", 5}); }},
        {"env", [](settings& x) { x.secrets.emplace("A", secret{{}, 2}); }},
        {"ready.on", [](settings& x) { x.ready.on.what = ready_sign::kind::http; }},
        {"health.request", [](settings& x) { x.health.request = 1ms; }},
        {"health.http", [](settings& x) { x.health.http = {"/ok", 1ms, 3}; }},
        {"crash.folder", [](settings& x) { x.crash.folder = "here"; }},
        {"crash.reports", [](settings& x) { x.crash.reports = 0; }},
        {"crash.bytes", [](settings& x) { x.crash.bytes = 1; }},
        {"health.http", [](settings& x) { x.health.http = {"/ok", 1s, 0}; }},
        {"health.http", [](settings& x) { x.health.http.path = std::string{"ok then"}; }},
        {"health.at_once", [](settings& x) { x.health.at_once = 0; }},
        {"restart.stop_codes", [](settings& x) { x.restart.stop_codes = {256}; }},
        {"restart.stop_codes", [](settings& x) { x.restart.stop_codes.assign(33, 1); }},
        {"reload.canary", [](settings& x) { x.reload.canary = 257; }},
        {"reload.soak", [](settings& x) { x.reload.soak = 2h; }},
        {"reload.abort_if", [](settings& x) { x.reload.abort_if[1].over = 101; }},
        {"reload.abort_if", [](settings& x) { x.reload.abort_if[2].over = 0.5; }},
        {"reload.abort_if", [](settings& x) { x.reload.abort_if.resize(17); }},
        {"reload.timeout", [](settings& x) { x.reload.timeout = 0ms; }},
        {"recycle.memory", [](settings& x) { x.recycle.memory_bytes = {1, 0}; }},
        {"recycle.requests", [](settings& x) { x.recycle.requests = {10, 51}; }},
        {"recycle.age", [](settings& x) { x.recycle.age = {0ms, 10}; }},
        {"scale.target", [](settings& x) { x.scaling.target_percent = 96; }},
        {"scale.up_after", [](settings& x) { x.scaling.up_after = 0ms; }},
        {"scale.down_after", [](settings& x) { x.scaling.down_after = 0ms; }},
        {"tls.certificate", [](settings& x) { x.tls.certificate = {""}, x.tls.key = {"a"}; }},
        {"tls.key", [](settings& x) { x.tls.certificate = {"a", "b"}, x.tls.key = {"a"}; }},
        {"tls.client_ca", [](settings& x) { x.tls.client = client_check::optional; }},
        {"sandbox.read", [](settings& x) { x.sandbox.read = {"relative"}; }},
        {"sandbox.write", [](settings& x) { x.sandbox.write.assign(65, "/x"); }},
        {"sandbox.capabilities", [](settings& x) { x.sandbox.capabilities = {"CAP_FLY"}; }},
        {"log.to", [](settings& x) { x.log.to.what = log_target::kind::file; }},
        {"log.rotate", [](settings& x) { x.log.rotate = {1U << 20, 3}; }},
        {"admin.socket", [](settings& x) { x.admin.socket = std::string{"here"}; }},
        {"admin.http", [](settings& x) { x.admin.http = std::string{"a\0b", 3}; }},
        {"admin.http", [](settings& x) { x.admin.socket = "off", x.admin.http = "9464"; }},
        {"admin.token", [](settings& x) { x.admin.token = std::string{"short"}; }},
        {"admin.token", [](settings& x) { x.admin.token = std::string(20, ' '); }},
        {"admin.token_file", [](settings& x) { x.admin.token_file = std::string{"a\0b", 3}; }},
        {"admin.view_token", [](settings& x) { x.admin.view_token = std::string{"short"}; }},
        {"admin.view_token",
         [](settings& x) { x.admin.token = x.admin.view_token = "0123456789abcdef"; }},
        {"admin.view_token_file",
         [](settings& x) { x.admin.view_token_file = std::string{"a\0b", 3}; }},
        {"admin.hosts", [](settings& x) { x.admin.hosts.assign(65, "a.example"); }},
        {"admin.hosts", [](settings& x) { x.admin.hosts = {""}; }},
    });
}

TEST_CASE("what switches a thing off is in range")
{
    settings x;
    x.health.heartbeat = 0ms;
    x.restart.give_up_deaths = 0;
    x.stop.drain = 0ms;
    x.stop.timeout = 0ms;
    x.limit.body_bytes = 0;
    CHECK(problems(x).empty());
}
