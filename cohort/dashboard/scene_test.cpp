#include <cohort/dashboard/scene.hpp>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::dashboard;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

struct stage_set {
    json::object survey = json::parse(R"({"app":"api","stage":"serving","root":10,"primary":11,
        "generation":3,"wanted":2,"serving":1,"parked":0,"held":1,"slots":[
        {"slot":0,"name":"api.0","stage":"serving","generation":3,"worker":7,"pid":70,
         "uptime_ms":1500,"connections":4,"requests":100,"running":2,"restarts":1},
        {"slot":1,"name":"api.1","stage":"held","generation":3,"restarts":0}]})")
                              .as_object();
    meter rates;
    recollection past;
    metric_figures numbers;
    losses lost;
    std::map<std::uint32_t, board::error_reading> errors;
    std::map<pid_t, process_cost> costs{
        {70, {.processor_time = 1s, .memory_bytes = 1000, .descriptors = 12}}};

    json::object shown()
    {
        return describe({.survey = survey,
                         .rates = rates,
                         .past = past,
                         .numbers = numbers,
                         .costs = costs,
                         .version = "1.2.3",
                         .age = 90s,
                         .throttled_s = 0.25,
                         .shared_bytes = 5,
                         .shared_room = 9,
                         .lost = lost,
                         .errors = errors,
                         .now = wall_time{} + 100s,
                         .when = steady_time{50s}});
    }
};

}  // namespace

TEST_CASE("a scene has every member of the contract, and null for what nobody knows")
{
    stage_set set;
    set.lost.add("spans", 3);
    set.errors[0] = {.count = 2, .last = "upstream gone", .when = steady_time{40s}};
    const json::object seen = set.shown();
    const auto& of = seen.at("cohort").as_object();
    CHECK(of.at("name") == "api");
    CHECK(of.at("version") == "1.2.3");
    CHECK(of.at("pid") == 10);
    CHECK(of.at("uptime_s") == 90);
    CHECK(of.at("state") == "serving");
    CHECK(of.at("reason") == "api.1 is kept empty by an operator");
    CHECK(of.at("workers_ready") == 1);
    CHECK(of.at("workers_wanted") == 2);
    CHECK(of.at("connections") == 4);
    CHECK(of.at("requests_per_s").is_null());
    CHECK(of.at("p99_ms").is_null());
    CHECK(seen.at("history").at("ready").as_array().empty());
    CHECK(seen.at("routes").as_array().empty());
    CHECK(seen.at("dropped").at("spans") == 3);
    CHECK(seen.at("dropped").at("log_lines") == 0);
    CHECK(seen.at("refused").at("rate_limited") == 0);
    CHECK_FALSE(seen.at("refused").as_object().contains("spans"));
    CHECK(seen.at("throttled_s") == 0.25);
    CHECK(seen.at("memory").at("shared_room") == 9);
    const auto& first = seen.at("workers").at(0).as_object();
    CHECK(first.at("id") == 7);
    CHECK(first.at("ready") == true);
    CHECK(first.at("uptime_s") == 1.5);
    CHECK(first.at("in_flight") == 2);
    CHECK(first.at("pss_bytes") == 1000);
    CHECK(first.at("fds") == 12);
    CHECK(first.at("oddness") == 0.0);
    CHECK(first.at("odd") == false);
    CHECK(first.at("utilisation").is_null());
    CHECK(first.at("log_errors") == 2);
    CHECK(first.at("last_error").at("words") == "upstream gone");
    CHECK(first.at("last_error").at("at") == "1970-01-01T00:01:30.000Z");
    const auto& second = seen.at("workers").at(1).as_object();
    CHECK(second.at("pid").is_null());
    CHECK(second.at("ready") == false);
    CHECK(second.at("state") == "held");
    CHECK(second.at("last_death").is_null());
    CHECK(second.at("log_errors").is_null());
    CHECK(second.at("last_error").is_null());
    CHECK(second.size() == first.size());
}

TEST_CASE("a worker whose event loop does not turn is silent, and not ready")
{
    stage_set set;
    auto& first = set.survey.at("slots").at(0).as_object();
    first["beat_ms"] = 200;
    json::object seen = set.shown();
    CHECK(seen.at("workers").at(0).at("ready") == true);
    CHECK(seen.at("workers").at(0).at("silent_s").is_null());
    first["beat_ms"] = 17'000;
    seen = set.shown();
    CHECK(seen.at("workers").at(0).at("ready") == false);
    CHECK(seen.at("workers").at(0).at("silent_s") == 17.0);
}

TEST_CASE("rates and history come with the second reading")
{
    stage_set set;
    count_reading one{.when = steady_time{10s}};
    one.slots[0] = {.worker = 7, .requests = 100, .processor_time = 1s};
    one.ready = 1;
    set.rates.take(one);
    one.when += 1s;
    one.slots[0].requests = 150;
    one.slots[0].processor_time = 1500ms;
    set.rates.take(one);
    const json::object seen = set.shown();
    CHECK(seen.at("cohort").at("requests_per_s") == 50.0);
    CHECK(seen.at("workers").at(0).at("requests_per_s") == 50.0);
    CHECK(seen.at("workers").at(0).at("cpu") == 0.5);
    CHECK(seen.at("workers").at(1).at("requests_per_s").is_null());
    CHECK(seen.at("history").at("ready").as_array() == json::array{1});
}
