#include <cohort/config/settings.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>

using namespace cohort;
using namespace cohort::config;
using namespace std::chrono_literals;

TEST_CASE("the defaults are usable as they are") { CHECK(problems(settings{}).empty()); }

TEST_CASE("a number of workers is automatic, a number, or a range")
{
    CHECK(worker_count::parse("auto") == worker_count::automatic());
    CHECK(worker_count::parse("8") == worker_count::exactly(8));
    CHECK(worker_count::parse("2..16") == worker_count::between(2, 16));
    for (const char* bad : {"", "0", "257", "-1", "1.5", "16..2", "2..", "..2", "2...4", "many",
                            "0..4", "4..257", " 4", "Auto", "99999999999999999999"})
    {
        CAPTURE(bad);
        CHECK_FALSE(worker_count::parse(bad));
    }
    CHECK(worker_count::automatic().resolve(6) == 6);
    CHECK(worker_count::automatic().resolve(0) == 1);
    CHECK(worker_count::automatic().resolve(1000) == 256);
    CHECK(worker_count::exactly(3).resolve(6) == 3);
    CHECK(worker_count::between(2, 4).resolve(1) == 2);
    CHECK(worker_count::between(2, 4).resolve(3) == 3);
    CHECK(worker_count::between(2, 4).resolve(9) == 4);
    CHECK(worker_count::between(2, 4).text() == "2..4");
    CHECK(worker_count::exactly(3).text() == "3");
    CHECK(worker_count{}.text() == "auto");
}

TEST_CASE("every name of an enumeration is read back")
{
    for (const policy p : {policy::balanced, policy::round_robin, policy::least_connections,
                           policy::reuseport, policy::sticky})
        CHECK(parse_policy(name_of(p)) == p);
    for (const log_level l : {log_level::trace, log_level::debug, log_level::info, log_level::warn,
                              log_level::error, log_level::fatal, log_level::silent})
        CHECK(parse_log_level(name_of(l)) == l);
    for (const log_format f : {log_format::json, log_format::text})
        CHECK(parse_log_format(name_of(f)) == f);
    CHECK_FALSE(parse_policy("Balanced"));
    CHECK_FALSE(parse_log_level(""));
    for (const char* text : {"inherit", "pipe", "null", "file:/tmp/x y"})
        CHECK(stream_target::parse(text)->text() == text);
    CHECK_FALSE(stream_target::parse("file:"));
    CHECK_FALSE(stream_target::parse("nowhere"));
}

// Whole strings on the right: GCC 12 sees ghosts in assignments from short literals (-Wrestrict).
TEST_CASE("every field that can be out of range is complained about by its name")
{
    struct spoiled {
        const char* key;
        std::function<void(settings&)> spoil;
    };
    for (const spoiled& s : std::vector<spoiled>{
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
             {"limit.body", [](settings& x) { x.limit.body_bytes = 2ULL << 40; }},
             {"limit.head", [](settings& x) { x.limit.head_bytes = 1; }},
             {"limit.idle", [](settings& x) { x.limit.idle = 0ms; }},
             {"limit.request", [](settings& x) { x.limit.request = 2h; }},
         })
    {
        CAPTURE(s.key);
        settings x;
        s.spoil(x);
        const auto all = problems(x);
        REQUIRE(all.size() == 1);
        CHECK(all[0].key == s.key);
    }
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

TEST_CASE("the time before a drain is longer where balancers need to notice")
{
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    CHECK(stop{}.drain_time() == 0ms);
    ::setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
    CHECK(stop{}.drain_time() == 5s);
    stop fixed;
    fixed.drain = 1s;
    CHECK(fixed.drain_time() == 1s);
    ::unsetenv("KUBERNETES_SERVICE_HOST");
}
