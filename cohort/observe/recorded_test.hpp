#pragma once
// For tests of spans: a tracer, and what was recorded.

#include <cohort/observe/tracer.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace cohort::observe {

/// Turned by hand.
inline steady_time trace_clock_now = steady_time{} + std::chrono::hours{1};
inline steady_time trace_clock() noexcept { return trace_clock_now; }

inline trace_options by_test_clock(sampler which = {})
{
    trace_options how;
    how.which = which;
    how.clock = &trace_clock;
    how.coarse_clock = &trace_clock;
    return how;
}

/// None but those that failed or were slow.
inline sampler nothing() { return {sampler::by::trace, sampler::roots::none}; }

struct recorded {
    explicit recorded(const trace_options& how = by_test_clock())
        : by{how, "spans_test/1"}
    {
        while (!spans().empty())
            ;  // of tests before
    }

    /// Those that are new, as JSON; first those that failed or were slow.
    std::vector<boost::json::object> spans()
    {
        std::vector<boost::json::object> all;
        for (span_ring* const each : {&by.trouble(), &by.ring()}) {
            const auto ring = each->find();
            REQUIRE(ring);
            export_reader reader{*ring};
            for (const export_item& one : reader.take({.items = 1000, .bytes = 1 << 24}, now()))
                all.push_back(boost::json::parse(one.text).as_object());
            reader.settle();
        }
        return all;
    }
    /// The only one that is new.
    boost::json::object span()
    {
        auto all = spans();
        REQUIRE(all.size() == 1);
        return all.front();
    }

    tracer by;
};

/// The value of an attribute: what is inside of {"stringValue": …}; null: there is none.
inline boost::json::value attribute_of(const boost::json::object& span, std::string_view key)
{
    if (const auto* const all = span.if_contains("attributes")) {
        for (const auto& each : all->as_array()) {
            if (std::string_view{each.at("key").as_string()} == key)
                return each.at("value").as_object().begin()->value();
        }
    }
    return nullptr;
}

}  // namespace cohort::observe
