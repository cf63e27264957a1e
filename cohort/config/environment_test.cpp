#include <cohort/config/environment.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace cohort::config;

namespace {

using variables = std::map<std::string, std::string>;

std::vector<problem> apply(settings& s, const variables& all)
{
    return apply_environment(s, [&](const char* name) -> std::optional<std::string_view> {
        const auto found = all.find(name);
        if (found == all.end())
            return std::nullopt;
        return found->second;
    });
}

std::vector<std::string> listen_after(std::vector<std::string> listen, const variables& all)
{
    settings s;
    s.listen = std::move(listen);
    CHECK(apply(s, all).empty());
    return s.listen;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("an environment that says nothing changes nothing")
{
    settings s;
    s.listen = {"8080"};
    const settings before = s;
    CHECK(apply(s, {}).empty());
    CHECK(apply(s, {{"PORT", ""}, {"WEB_CONCURRENCY", ""}, {"COHORT_BALANCE", ""}}).empty());
    CHECK(s == before);
}

TEST_CASE("the number of workers comes from our own variable, or else from the one of others")
{
    settings s;
    CHECK(apply(s, {{"WEB_CONCURRENCY", "3"}}).empty());
    CHECK(s.workers == worker_count::exactly(3));
    CHECK(apply(s, {{"WEB_CONCURRENCY", "3"}, {"COHORT_WORKERS", "2..5"}}).empty());
    CHECK(s.workers == worker_count::between(2, 5));
}

TEST_CASE("keepers are switched by the environment, too, and by no other word than a switch")
{
    settings s;
    CHECK(apply(s, {{"COHORT_KEEPERS", "off"}}).empty());
    CHECK_FALSE(s.keepers);
    CHECK(apply(s, {{"COHORT_KEEPERS", "1"}}).empty());
    CHECK(s.keepers);
    CHECK(apply(s, {{"COHORT_KEEPERS", "perhaps"}}).size() == 1);
}

TEST_CASE("PORT replaces the port of the first TCP address and leaves the rest alone")
{
    CHECK(listen_after({}, {{"PORT", "5000"}}) == list{"5000"});
    CHECK(listen_after({"8080"}, {{"PORT", "5000"}}) == list{"5000"});
    CHECK(listen_after({"127.0.0.1:8080", "9090"}, {{"PORT", "0"}}) == list{"127.0.0.1:0", "9090"});
    CHECK(listen_after({"tcp://[::1]:80"}, {{"PORT", "5000"}}) == list{"tcp://[::1]:5000"});
    CHECK(listen_after({"unix:/run/x", "udp://:53", "fd:3", "localhost:1"}, {{"PORT", "5000"}}) ==
          list{"unix:/run/x", "udp://:53", "fd:3", "localhost:5000"});
    CHECK(listen_after({"unix:/run/x"}, {{"PORT", "5000"}}) == list{"5000", "unix:/run/x"});
}

TEST_CASE("COHORT_LISTEN replaces every address, and PORT then says nothing")
{
    CHECK(listen_after({"8080"}, {{"COHORT_LISTEN", "unix:/run/x,[::1]:80"}, {"PORT", "1"}}) ==
          list{"unix:/run/x", "[::1]:80"});
}

TEST_CASE("policy and log follow the environment")
{
    settings s;
    CHECK(apply(s, {{"COHORT_BALANCE", "round_robin"},
                    {"COHORT_LOG_LEVEL", "debug"},
                    {"COHORT_LOG_FORMAT", "text"}})
              .empty());
    CHECK(s.balance == policy::round_robin);
    CHECK(s.log.level == log_level::debug);
    CHECK(s.log.format == log_format::text);
}

TEST_CASE("every key but the table of variables has a variable of its own")
{
    settings s;
    CHECK(apply(s, {{"COHORT_RESTART_BACKOFF", "1s..2s"},
                    {"COHORT_LIMIT_MEMORY", "512M"},
                    {"COHORT_LIMIT_CONNECTIONS", "7"},
                    {"COHORT_LIMIT_CONNECTIONS_PER_CLIENT", "off"},
                    {"COHORT_LIMIT_UNCOUNTED_CLIENTS", "loopback,203.0.113.0/24"},
                    {"COHORT_LIMIT_STREAMS", "auto"},
                    {"COHORT_RELOAD_ROLLBACK", "off"},
                    {"COHORT_RELOAD_ABORT_IF", "crash,p99 > 2x"},
                    {"COHORT_SCALE_TARGET", "50%"},
                    {"COHORT_ADMIN_SOCKET", "off"},
                    {"COHORT_ENV", "production"}})
              .empty());
    CHECK(s.restart.backoff_first.count() == 1000);
    CHECK(s.limit.memory_bytes == 512U << 20);
    CHECK(s.limit.connections == 7);
    CHECK(s.limit.connections_per_client == 0);
    CHECK(s.limit.uncounted_clients == std::vector<std::string>{"loopback", "203.0.113.0/24"});
    CHECK(s.limit.streams == 0);
    CHECK_FALSE(s.reload.rollback);
    CHECK(s.reload.abort_if.size() == 2);
    CHECK(s.scaling.target_percent == 50);
    CHECK(s.admin.socket == "off");
    CHECK(s.env.empty());
    CHECK(apply(s, {{"COHORT_LIMIT_CONNECTIONS", "many"}}).size() == 1);
    // "off" is the word for no limit, so that nobody takes 0 for one.
    CHECK(apply(s, {{"COHORT_LIMIT_CONNECTIONS_PER_CLIENT", "0"}}).size() == 1);
    CHECK(apply(s, {{"COHORT_LIMIT_STREAMS", "off"}}).size() == 1);
    CHECK(apply(s, {{"COHORT_STOP_TIMEOUT", "30"}}).size() == 1);
}

TEST_CASE("a variable that is nearly one of ours is most likely a slip, others are not ours")
{
    CHECK(text(unknown_variables({"COHORT_WORKRS", "COHORT_WORKERS", "COHORT_ENV", "COHORT_SLOT",
                                  "COHORT_ZZZZZZZZZZZZ", "PATH", "WORKRS"})) ==
          "environment: COHORT_WORKRS: unknown variable; did you mean COHORT_WORKERS? We go on "
          "without it\n");
}

TEST_CASE("a variable that makes no sense is complained about and changes nothing")
{
    for (const auto& [name, value] : variables{{"COHORT_WORKERS", "many"},
                                               {"WEB_CONCURRENCY", "0"},
                                               {"PORT", "65536"},
                                               {"COHORT_LISTEN", "80,,81"},
                                               {"COHORT_BALANCE", "rr"},
                                               {"COHORT_LOG_LEVEL", "loud"},
                                               {"COHORT_LOG_FORMAT", "xml"}})
    {
        CAPTURE(name);
        settings s;
        const auto all = apply(s, {{name, value}});
        REQUIRE(all.size() == 1);
        CHECK(all[0].file == "environment");
        CHECK(all[0].key == name);
        CHECK(s == settings{});
    }
}
