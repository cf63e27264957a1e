#include <cohort/http/telemetry/otlp_sender.hpp>

#include <cohort/http/client/detail/client_scene_test.hpp>
#include <cohort/http/middleware/decompress_requests.hpp>

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

/// A collector that answers as it is told, then 200.
struct collector : client_scene {
    collector()
    {
        h.api.use(http::decompress_requests());
        h.api.post("/v1/traces", [this](const http::request& of) {
            bodies.emplace_back(of.body());
            for (const char* const name : {"Content-Type", "Content-Encoding", "User-Agent", "key"})
                fields.emplace_back(of.header(name).value_or(""));
            if (answers.empty())
                return http::bytes("application/json", "{}");
            http::response next = std::move(answers.front());
            answers.pop_front();
            return next;
        });
        to.address = serve() + "/v1/traces";
    }
    ~collector()
    {
        if (!sender)
            return;
        scope last{h.loop.get_executor()};
        last.spawn(sender->close());
        h.until([&last] { return last.size() == 0; });
    }

    http::otlp_counters send(std::string document, std::size_t items, nanoseconds budget = 10s)
    {
        if (!sender)
            sender.emplace(to, 1ms);
        CHECK(run(sender->send(std::move(document), items, budget)));
        return sender->counters();
    }

    observe::otlp_target to;
    std::optional<http::otlp_sender> sender;
    std::deque<http::response> answers;
    std::vector<std::string> bodies;
    std::vector<std::string> fields;
};

http::response busy(unsigned status, std::string_view retry_after = {})
{
    http::response one = http::text("busy", status);
    if (!retry_after.empty())
        one.header("Retry-After", retry_after);
    return one;
}

}  // namespace

TEST_CASE("a document is posted as it is, compressed unless it is not wanted, over one connection")
{
    collector c;
    c.to.headers = {{"key", "secret"}, {"Host", "cannot be set"}};
    const std::string document(10'000, 'x');
    const auto first = c.send(document, 3);
    CHECK(first.delivered == 3);
    CHECK(first.bytes < 1000);
    CHECK(c.fields[0] == "application/json");
    CHECK(c.fields[2].starts_with("cohort-otlp-http-json/"));
    CHECK(c.fields[3] == "secret");
    c.send("{}", 1);
    CHECK(c.bodies == std::vector<std::string>{document, "{}"});
    CHECK(c.accepted == 1);

    collector plain;
    plain.to.compression = observe::otlp_compression::none;
    CHECK(plain.send(document, 1).bytes == 10'000);
    CHECK(plain.fields[1].empty());
}

TEST_CASE("an answer that may be another later is asked for again, until it is there")
{
    collector c;
    for (const unsigned status : {429U, 502U, 503U, 504U})
        c.answers.push_back(busy(status, "0"));
    c.answers.push_back(busy(503));
    const auto all = c.send("{}", 2);
    CHECK(all.delivered == 2);
    CHECK(all.requests == 6);
    CHECK(all.retries == 5);
    CHECK(c.bodies.size() == 6);
}

TEST_CASE("a refusal is final, and so is a pause that is longer than there is time")
{
    collector c;
    for (const unsigned status : {400U, 404U, 500U})
        c.answers.push_back(busy(status));
    for (int i = 0; i < 3; ++i)
        c.send("{}", 5);
    CHECK(c.sender->counters().refused == 15);
    CHECK(c.sender->counters().requests == 3);
    c.answers.push_back(busy(503, "3600"));
    const auto all = c.send("{}", 7);
    CHECK(all.given_up == 7);
    CHECK(all.requests == 4);
    CHECK(all.delivered == 0);
}

TEST_CASE("a collector that is not there is tried again, until the time is over")
{
    collector c;
    c.to.address = "http://127.0.0.1:1/v1/traces";
    const auto all = c.send("{}", 4, 500ms);
    CHECK(all.given_up == 4);
    CHECK(all.requests > 1);
    CHECK(all.retries == all.requests - 1);
}

TEST_CASE("what a collector did not take of a request is counted, and not sent again")
{
    collector c;
    c.answers.push_back(
        http::bytes("application/json",
                    R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}})"));
    const auto all = c.send("{}", 5);
    CHECK(all.rejected == 2);
    CHECK(all.delivered == 3);
    CHECK(all.requests == 1);

    CHECK(http::otlp_rejected(R"({"partialSuccess":{"rejectedDataPoints":7}})") == 7);
    CHECK(http::otlp_rejected(R"({"partialSuccess":{"rejectedLogRecords":"1"}})") == 1);
    for (const char* const none :
         {"", "x", "[]", "{}", R"({"partialSuccess":{}})", R"({"partialSuccess":1})",
          R"({"partialSuccess":{"rejectedSpans":-1}})",
          R"({"partialSuccess":{"errorMessage":"all is well"}})"})
        CHECK(http::otlp_rejected(none) == 0);
}
