#include <cohort/dashboard/dashboard.hpp>

#include <cohort/dashboard/access.hpp>
#include <cohort/dashboard/detail/embedded.hpp>
#include <cohort/dashboard/detail/stand_in_test.hpp>
#include <cohort/dashboard/shapes.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

using namespace cohort;
using namespace cohort::dashboard;
using cohort::dashboard::detail::stage;
using namespace std::chrono_literals;

namespace {

bool is(const std::string& answer, int status)
{
    return answer.starts_with(fmt::format("HTTP/1.1 {} ", status));
}

const std::string authorized = "Authorization: Bearer 0123456789abcdef\r\n";

/// Where a value does not have the shape that the documentation says; empty: nowhere.
std::string misfit(const boost::json::value& what, const boost::json::object& shape,
                   const std::string& where)
{
    if (const auto* const properties = shape.if_contains("properties")) {
        for (const auto& each : properties->as_object()) {
            const auto* const value = what.as_object().if_contains(each.key());
            if (value == nullptr)
                return where + "." + std::string{each.key()} + " is missing";
            if (auto wrong =
                    misfit(*value, each.value().as_object(), where + "." + std::string{each.key()});
                !wrong.empty())
                return wrong;
        }
        for (const auto& each : what.as_object()) {
            if (!properties->as_object().contains(each.key()))
                return where + "." + std::string{each.key()} + " is not documented";
        }
        return {};
    }
    if (const auto* const items = shape.if_contains("items")) {
        for (const auto& each : what.as_array()) {
            if (auto wrong = misfit(each, items->as_object(), where + "[]"); !wrong.empty())
                return wrong;
        }
        return {};
    }
    const std::string types = boost::json::serialize(shape.at("type"));
    const bool fits = (what.is_null() && types.contains("null")) ||
                      (what.is_string() && types.contains("string")) ||
                      (what.is_bool() && types.contains("boolean")) ||
                      ((what.is_int64() || what.is_uint64()) &&
                       (types.contains("integer") || types.contains("number"))) ||
                      (what.is_double() && types.contains("number")) ||
                      (what.is_object() && types.contains("object"));
    return fits ? std::string{} : where + " is not " + types;
}

}  // namespace

TEST_CASE("checks of health say whether a worker serves, and why not")
{
    stage set;
    CHECK(is(set.ask_local("GET /livez"), 200));
    CHECK(is(set.ask_remote("GET /livez"), 200));
    CHECK(is(set.ask_remote("GET /readyz"), 200));
    // Others: what was seen of this one is good for a second.
    stage half;
    half.primary.serving = 1;
    const std::string some = half.ask_local("GET /readyz");
    CHECK(is(some, 200));
    CHECK(stage::json_of(some).at("state") == "degraded");
    stage down;
    down.primary.serving = 0;
    const std::string none = down.ask_local("GET /readyz");
    CHECK(is(none, 503));
    CHECK(stage::json_of(none).at("ready") == false);
    CHECK(stage::json_of(none).at("reason") ==
          "no worker serves: api.0 is resting, api.1 is resting");
    CHECK(is(down.ask_local("GET /livez"), 200));
    CHECK(stage::json_of(set.ask_local("GET /version")).at("name") == "api");
}

TEST_CASE("a flood of scrapes and checks is answered, and the primary hears little of it")
{
    stage set{
        [](config::settings& s, premises&) { s.admin.metrics = config::metrics_access::open; }};
    constexpr std::size_t askers = 400;
    std::vector<unique_fd> all;
    all.reserve(askers);
    for (std::size_t i = 0; i < askers; ++i) {
        all.push_back(set.connect_remote());
        const std::string text =
            fmt::format("GET /{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                        i % 2 == 0 ? "metrics" : "livez");
        REQUIRE(::send(all.back().borrow(), text.data(), text.size(), MSG_NOSIGNAL) > 0);
    }
    for (const unique_fd& each : all)
        CHECK(is(stage::receive(each, {}), 200));
    CHECK(set.primary.times("ls") < askers / 2);
    CHECK(set.end() == 0);
}

TEST_CASE("a primary that is gone makes it neither live nor ready")
{
    stage set{[](config::settings&, premises& with) {
        auto ends = control::hatch::make_ends();
        REQUIRE(ends);
        const unique_fd living{std::exchange(with.hatch, ends->second.release())};
    }};
    CHECK(is(set.ask_local("GET /livez"), 503));
    CHECK(is(set.ask_local("GET /readyz"), 503));
    CHECK(is(set.ask_local("GET /api/v1/state"), 503));
    const std::string order = set.ask_local("POST /api/v1/reload");
    CHECK(is(order, 504));
    CHECK(stage::json_of(order).at("exit") == 4);
}

TEST_CASE("the state has the shape that is documented")
{
    stage set;
    const auto seen = stage::json_of(set.ask_local("GET /api/v1/state"));
    schema::describer by;
    static_cast<void>(state_shape{}.describe(by));
    const auto shape = by.definitions().at("State").as_object();
    CHECK(misfit(seen, shape, "state") == "");
    CHECK(seen.at("workers").as_array().size() == 2);
    CHECK(seen.at("events").at(0).at("words") == "scaled: to 2");
    const auto workers = stage::json_of(set.ask_local("GET /api/v1/workers"));
    CHECK(workers.at("workers").as_array().size() == 2);
    const auto document = stage::json_of(set.ask_local("GET /api/v1/openapi.json"));
    const auto& paths = document.at("paths").as_object();
    CHECK(paths.contains("/api/v1/workers/{slot}/drain"));
    CHECK(paths.at("/api/v1/logs").at("get").at("parameters").as_array().size() == 4);
    const auto& reload = paths.at("/api/v1/reload").at("post").at("requestBody");
    CHECK(reload.at("required") == false);
    CHECK(document.at("components").at("schemas").as_object().contains("State"));
}

TEST_CASE("over TCP it takes the token, but for checks of health")
{
    stage set;
    for (const char* each : {"GET /api/v1/state", "GET /version", "GET /metrics",
                             "POST /api/v1/reload", "GET /api/v1/openapi.json"})
    {
        CAPTURE(each);
        CHECK(is(set.ask_remote(each), 401));
        CHECK(is(set.ask_remote(each, "Authorization: Bearer 0123456789abcdeX\r\n"), 401));
        CHECK(is(set.ask_remote(each, authorized), 200));
        CHECK(is(set.ask_local(each), 200));
    }
    CHECK(set.primary.times("reload") == 2);
}

TEST_CASE("metrics are open over TCP if that is wanted")
{
    stage set{
        [](config::settings& s, premises&) { s.admin.metrics = config::metrics_access::open; }};
    const std::string text = set.ask_remote("GET /metrics");
    CHECK(is(text, 200));
    CHECK(text.contains("text/plain; version=0.0.4"));
    CHECK(text.contains("cohort_metrics_"));
    const std::string open =
        set.ask_remote("GET /metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n");
    CHECK(open.contains("application/openmetrics-text"));
    CHECK(open.contains("# EOF"));
    CHECK(is(set.ask_remote("GET /api/v1/state"), 401));
}

TEST_CASE("a name that leads here by accident is not answered, nor is another site's page")
{
    stage set{[](config::settings& s, premises&) { s.admin.hosts = {"ops.example"}; }};
    const auto named = [](const std::string& host) {
        return "Host: " + host + "\r\n" + authorized;
    };
    CHECK(is(set.ask_remote("GET /api/v1/state", named("evil.example")), 421));
    CHECK(is(set.ask_remote("GET /api/v1/state", named("ops.example:9464")), 200));
    CHECK(is(set.ask_remote("GET /api/v1/state", named("127.0.0.1:9464")), 200));
    CHECK(is(set.ask_remote("GET /api/v1/state", named("[::1]:9464")), 200));
    CHECK(is(set.ask_remote("GET /readyz", named("10-1-2-3.pod.cluster.local")), 200));
    CHECK(is(set.ask_local("POST /api/v1/reload", "Host: evil.example\r\n"), 421));
    CHECK(is(set.ask_local("POST /api/v1/reload", "Sec-Fetch-Site: cross-site\r\n"), 403));
    CHECK(is(set.ask_local("POST /api/v1/reload", "Origin: https://evil.example\r\n"), 403));
    CHECK(set.primary.times("reload") == 0);
    CHECK(is(set.ask_local("POST /api/v1/reload", "Sec-Fetch-Site: same-origin\r\n"), 200));
}

TEST_CASE("orders are carried out, and say what came of it")
{
    stage set;
    const std::string scaled = set.ask_local("POST /api/v1/scale", {}, R"({"to":"2"})");
    REQUIRE(is(scaled, 200));
    const auto said = stage::json_of(scaled);
    CHECK(said.at("exit") == 0);
    CHECK(said.at("outcome") == "done");
    CHECK(said.at("reason") == "2 of 2 workers serve");
    CHECK(said.at("data").at("to") == "2");
    CHECK(said.at("progress").at(0) == "1 of 2 workers serve");
    const auto missing = set.ask_local("POST /api/v1/workers/9/drain");
    CHECK(is(missing, 404));
    CHECK(stage::json_of(missing).at("reason") == "api has no slot 9");
    CHECK(is(set.ask_local("POST /api/v1/workers/300/drain"), 400));
    CHECK(is(set.ask_local("POST /api/v1/workers/1/fly"), 404));
    CHECK(is(set.ask_local("GET /api/v1/workers/1/drain"), 405));
    CHECK(is(set.ask_local("POST /api/v1/scale", {}, "[]"), 400));
    CHECK(is(set.ask_local("POST /api/v1/scale", {}, R"({"budget_ms":0})"), 400));
    const auto all =
        stage::json_of(set.ask_local("POST /api/v1/drain", {}, R"({"budget_ms":500})"));
    CHECK(boost::json::serialize(all.at("data")) == R"({"all":true})");
    const auto level =
        stage::json_of(set.ask_local("POST /api/v1/workers/1/level", {}, R"({"level":"debug"})"));
    CHECK(level.at("reason") == "log-level");
}

TEST_CASE("the log can be read, by level, text and slot")
{
    stage set;
    set.primary.file = (set.folder / "api.log").string();
    std::ofstream{set.primary.file} << R"({"level":"info","message":"begins","pid":70})"
                                       "\n"
                                       R"({"level":"error","message":"upstream","pid":71})"
                                       "\n"
                                       R"({"level":"info","message":"goes on","pid":71})"
                                       "\n";
    const auto lines_of = [&set](const std::string& query) {
        const auto said = stage::json_of(set.ask_local("GET /api/v1/" + query));
        CHECK(said.at("exit") == 0);
        CHECK(said.at("data").at("file").as_string() == set.primary.file);
        return boost::json::serialize(said.at("data").at("lines"));
    };
    CHECK(lines_of("logs?grep=begins") ==
          R"(["{\"level\":\"info\",\"message\":\"begins\",\"pid\":70}"])");
    CHECK(lines_of("logs").contains("begins"));
    CHECK_FALSE(lines_of("logs?last=1").contains("upstream"));
    CHECK_FALSE(lines_of("workers/1/logs").contains("begins"));
    const std::string bad = lines_of("workers/1/logs?level=error");
    CHECK(bad.contains("upstream"));
    CHECK_FALSE(bad.contains("goes on"));
    for (const char* each : {"logs?last=0", "logs?last=1001", "logs?level=loud"}) {
        CAPTURE(each);
        CHECK(is(set.ask_local("GET /api/v1/" + std::string{each}), 400));
    }
    std::filesystem::remove(set.primary.file);
    CHECK(is(set.ask_local("GET /api/v1/logs"), 409));
}

TEST_CASE("the report of a death is what its file has, and no other file is given away")
{
    stage set;
    set.primary.file = (set.folder / "crash.txt").string();
    std::ofstream{set.primary.file} << "stack of thread 1\n";
    const std::string told = set.ask_local("GET /api/v1/why/1/5");
    CHECK(is(told, 200));
    CHECK(told.contains("text/plain"));
    CHECK(stage::body_of(told) == "stack of thread 1\n");
    CHECK(is(set.ask_local("GET /api/v1/why/1/6"), 404));
    CHECK(is(set.ask_local("GET /api/v1/why/1/0"), 400));
    std::filesystem::remove(set.primary.file);
    CHECK(is(set.ask_local("GET /api/v1/why/1/5"), 404));
}

TEST_CASE("who may only look orders nothing")
{
    stage set;
    const std::string viewer = "Authorization: Bearer fedcba9876543210\r\n";
    CHECK(is(set.ask_remote("GET /api/v1/state", viewer), 401));
    std::ofstream{set.folder / "api.view_token"} << "fedcba9876543210\n";
    for (const char* each : {"GET /api/v1/state", "GET /api/v1/cohort", "GET /api/v1/level",
                             "GET /api/v1/why", "GET /metrics", "POST /api/v1/plan"})
    {
        CAPTURE(each);
        CHECK(is(set.ask_remote(each, viewer), 200));
    }
    for (const char* each : {"reload", "stop", "drain", "workers/1/drain", "workers/1/dump"}) {
        CAPTURE(each);
        const std::string said = set.ask_remote("POST /api/v1/" + std::string{each}, viewer);
        CHECK(is(said, 403));
        CHECK(said.contains("operators"));
    }
    CHECK(set.primary.times("stop") == 0);
    CHECK(set.primary.times("dump") == 0);
    const auto may = [](const std::string& answer) {
        return boost::json::serialize(stage::json_of(answer).at("may"));
    };
    CHECK(may(set.ask_remote("GET /api/v1/access", viewer)) == R"(["look"])");
    CHECK(may(set.ask_remote("GET /api/v1/access", authorized)) == R"(["look","order"])");
    CHECK(may(set.ask_local("GET /api/v1/access")) == R"(["look","order"])");
}

TEST_CASE("who guesses tokens is not listened to for a while, and it is counted")
{
    stage set;
    const std::string wrong = "Authorization: Bearer 0123456789abcdeX\r\n";
    // On a slow machine it may guess again meanwhile.
    constexpr std::uint64_t tries_max = 100 * gate::guesses_max;
    std::string last;
    std::uint64_t tries = 0;
    while (!is(last, 429) && tries++ < tries_max)
        last = set.ask_remote("GET /version", wrong);
    CHECK(is(last, 429));
    CHECK(tries > gate::guesses_max);
    CHECK(last.contains("Retry-After: "));
    CHECK(is(set.ask_remote("GET /version"), 401));
    CHECK(is(set.ask_remote("GET /livez"), 200));
    const auto seen = stage::json_of(set.ask_local("GET /api/v1/state"));
    CHECK(seen.at("refused").at("wrong_tokens").to_number<std::uint64_t>() == tries);
}

TEST_CASE("a restart is over when another worker serves")
{
    stage set;
    const auto said = stage::json_of(set.ask_local("POST /api/v1/workers/1/restart"));
    CHECK(said.at("exit") == 0);
    CHECK(said.at("reason") == "api.1 serves again, as pid 71");
    CHECK(set.primary.times("signal") == 1);
}

TEST_CASE("progress is told as it comes to whoever asks for events")
{
    stage set;
    const std::string told =
        set.ask_local("POST /api/v1/scale", "Accept: text/event-stream\r\n", R"({"to":"2"})");
    CHECK(is(told, 200));
    const auto progress = told.find("event: progress");
    const auto answer = told.find("event: answer");
    CHECK(progress != std::string::npos);
    CHECK(answer != std::string::npos);
    CHECK(progress < answer);
    CHECK(told.contains("1 of 2 workers serve"));
}

TEST_CASE("the stream has one state after another, seen once for all who listen")
{
    stage set;
    std::vector<unique_fd> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(set.connect());
        const std::string line = "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
        REQUIRE(::send(all.back().borrow(), line.data(), line.size(), MSG_NOSIGNAL) > 0);
    }
    for (const unique_fd& each : all) {
        std::string text = stage::receive(each, "event: state");
        while (text.find("event: state", text.find("event: state") + 1) == std::string::npos) {
            const std::string more = stage::receive(each, "event: state");
            REQUIRE_FALSE(more.empty());
            text += more;
        }
        CHECK(text.starts_with("HTTP/1.1 200"));
        CHECK(text.contains("text/event-stream"));
    }
    // Each look asks for both, whoever listens.
    const auto looks = set.primary.times("events");
    CHECK(set.primary.times("ls") <= looks + 1);
}

TEST_CASE("who listens hears that it ends, and is not waited for")
{
    stage set;
    const unique_fd over = set.connect();
    const std::string line = "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
    REQUIRE(::send(over.borrow(), line.data(), line.size(), MSG_NOSIGNAL) > 0);
    REQUIRE(stage::receive(over, "event: state").contains("event: state"));
    CHECK(set.end() == 0);
    CHECK(stage::receive(over, {}).ends_with("0\r\n\r\n"));
}

TEST_CASE("the page comes without a token, and browsers keep it until it changes")
{
    stage set;
    for (const auto& each : cohort::dashboard::detail::embedded_files()) {
        CAPTURE(each.name);
        const std::string path = each.name == "index.html" ? "/" : "/" + std::string{each.name};
        const std::string answer = set.ask_remote("GET " + path);
        REQUIRE(is(answer, 200));
        CHECK(answer.contains("default-src 'none'"));
        CHECK_FALSE(answer.contains("unsafe-inline"));
        CHECK(stage::body_of(answer).size() == each.size);
        const auto at = answer.find("ETag: ");
        REQUIRE(at != std::string::npos);
        const std::string tag = answer.substr(at + 6, answer.find("\r\n", at) - at - 6);
        CHECK(is(set.ask_remote("GET " + path, "If-None-Match: " + tag + "\r\n"), 304));
    }
}

TEST_CASE("when nobody comes for a while it ends, and never under somebody who is there")
{
    stage set{[](config::settings&, premises& with) {
        with.resident = false;
        with.rests_after = 300ms;
    }};
    CHECK(set.wait() == 0);
}
