#include <cohort/http/telemetry/batch_exporter.hpp>

#include <cohort/http/client/detail/client_scene_test.hpp>
#include <cohort/http/middleware/decompress_requests.hpp>
#include <cohort/observe/recorded_test.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

/// A collector, and an exporter to it.
struct scene : client_scene {
    scene()
    {
        h.api.use(http::decompress_requests());
        h.api.post("/v1/traces", [this](const http::request& of) {
            if (refuses)
                return http::text("busy", 503);
            const auto document = boost::json::parse(of.body());
            const auto& all = document.at("resourceSpans").at(0);
            service =
                all.at("resource").at("attributes").at(0).at("value").at("stringValue").as_string();
            batches.emplace_back();
            for (const auto& each : all.at("scopeSpans").at(0).at("spans").as_array())
                batches.back().emplace_back(std::string_view{each.at("name").as_string()});
            return http::bytes("application/json", "{}");
        });
        how.traces.address = serve() + "/v1/traces";
        how.resource.set("service.name", "shop");
        how.spans.delay = 1ms;
    }
    http::batch_exporter& exporter()
    {
        if (!made) {
            const auto ring = r.by.ring().find();
            REQUIRE(ring);
            made.emplace(http::batch_exporter::of_spans(*ring, how, 1ms));
        }
        return *made;
    }
    ~scene()
    {
        if (made)
            finish(made->close());
    }
    void finish(awaitable<> work)
    {
        scope last{h.loop.get_executor()};
        last.spawn(std::move(work));
        h.until([&last] { return last.size() == 0; });
    }
    void record(int count)
    {
        for (int i = 0; i < count; ++i)
            r.by.begin({.name = std::to_string(++recorded_so_far)}).end();
    }
    [[nodiscard]] std::size_t received() const
    {
        std::size_t all = 0;
        for (const auto& each : batches)
            all += each.size();
        return all;
    }

    observe::recorded r{observe::trace_options{}};
    observe::otlp_settings how;
    std::optional<http::batch_exporter> made;
    std::vector<std::vector<std::string>> batches;
    std::string service;
    int recorded_so_far = 0;
    bool refuses = false;
};

}  // namespace

TEST_CASE("spans are sent in batches, in order, while others are recorded")
{
    scene s;
    s.how.spans.items_max = 4;
    s.record(10);
    s.tasks.spawn(s.exporter().run());
    s.h.until([&] { return s.received() == 10; });
    CHECK(s.batches[0] == std::vector<std::string>{"1", "2", "3", "4"});
    CHECK(s.service == "shop");
    s.record(1);
    s.h.until([&] { return s.received() == 11; });
    CHECK(s.exporter().counters().delivered == 11);
    CHECK(s.exporter().lost() == 0);
}

TEST_CASE("what waits is sent at the end, and only for as long as there is time")
{
    scene s;
    s.how.spans.items_max = 4;
    s.record(6);
    s.finish(s.exporter().flush(10s));
    CHECK(s.received() == 6);
    s.refuses = true;
    s.record(5);
    s.finish(s.exporter().flush(300ms));
    CHECK(s.received() == 6);
    CHECK(s.exporter().counters().given_up >= 4);
}

TEST_CASE(
    "a batch that was on its way when its sender stopped is sent after all, by whoever follows")
{
    for (const bool same : {true, false}) {
        CAPTURE(same);
        scene s;
        s.refuses = true;
        s.record(3);
        {
            scope running{s.h.loop.get_executor()};
            running.spawn(s.exporter().run());
            s.h.until([&] { return s.exporter().counters().requests > 1; });
            running.stop();
            s.h.until([&] { return running.size() == 0; });
        }
        CHECK(s.exporter().counters().given_up == 0);
        s.refuses = false;
        if (!same) {
            s.finish(s.made->close());
            s.made.reset();
        }
        s.finish(s.exporter().flush(10s));
        CHECK(s.received() == 3);
    }
}
