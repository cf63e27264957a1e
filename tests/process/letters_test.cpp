// Messages between the processes of a cohort, as parts of a trace.

#include <cohort/testing/harness.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testing;

namespace {

using object = boost::json::object;

std::string_view text_at(const object& span, std::string_view key)
{
    const auto* const found = span.if_contains(key);
    return found == nullptr ? std::string_view{} : std::string_view{found->as_string()};
}

/// "name kind", and behind it what it consists of, in brackets and in order of their words.
std::string shape(const std::vector<object>& all, const object& of)
{
    std::string words =
        std::string{text_at(of, "name")} + " " + std::to_string(of.at("kind").to_number<int>());
    if (of.contains("status"))
        words += "!";
    std::vector<std::string> parts;
    for (const object& each : all) {
        if (text_at(each, "parentSpanId") == text_at(of, "spanId"))
            parts.push_back(shape(all, each));
    }
    std::ranges::sort(parts);
    for (std::size_t i = 0; i < parts.size(); ++i)
        words += (i == 0 ? " (" : ", ") + parts[i];
    return parts.empty() ? words : words + ")";
}

}  // namespace

TEST_CASE("letters: what a message is part of goes along, to workers and to the primary")
{
    launch how;
    how.exec = PROCESS_PROGRAMS "letters";
    how.args = {"--workers", "2", "--name", "letters"};
    how.env = {"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9"};
    running_program app{how};
    app.wait_for("all is said");
    std::vector<object> all;
    for (const std::string& line : app.lines()) {
        const auto said = boost::json::parse(line);
        if (said.at("message") == "recorded")
            all.push_back(boost::json::parse(said.at("span").as_string()).as_object());
    }
    const auto whole =
        std::ranges::find(all, "whole", [](const object& each) { return text_at(each, "name"); });
    REQUIRE(whole != all.end());
    CHECK(shape(all, *whole) == "whole 1 (ask a worker 3 (answer 2 (part 1)), "
                                "ask a worker 3! (answer 2! (part 1)), "
                                "ask the primary 3 (answer 2 (part 1)), "
                                "tell a worker 4 (hear 5))");
    CHECK(all.size() == 12);  // of what is part of nothing there is none
    CHECK(app.stop().code() == 0);
}
