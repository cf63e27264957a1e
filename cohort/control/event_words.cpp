#include <cohort/control/event_words.hpp>

#include <cohort/control/fields.hpp>

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace cohort::control {

namespace {

/// "worker 7 (pid 70)"
std::string who(const boost::json::object& event)
{
    const auto worker = number_at(event, "worker");
    const auto pid = number_at(event, "pid").value_or(0);
    std::string name = worker ? fmt::format("worker {}", *worker) : std::string{"a worker"};
    return pid == 0 ? name : fmt::format("{} (pid {})", name, pid);
}

/// The rest of an event that says nothing of itself: "from 2, to 4".
std::string facts_of(const boost::json::object& event)
{
    constexpr auto shown_elsewhere =
        std::to_array<std::string_view>({"event", "time", "sequence", "slot"});
    std::string words;
    for (const auto& each : event) {
        const std::string_view key{each.key().data(), each.key().size()};
        if (each.value().is_null() ||
            std::ranges::find(shown_elsewhere, key) != shown_elsewhere.end())
            continue;
        const std::string value = each.value().is_string() ? std::string{text_at(event, key)}
                                                           : boost::json::serialize(each.value());
        if (value.empty())
            continue;
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", key, value);
    }
    return words;
}

}  // namespace

std::string event_words(const boost::json::object& event)
{
    const std::string_view kind = text_at(event, "event");
    if (kind == "stage") {
        const auto pid = number_at(event, "pid").value_or(0);
        return fmt::format("{} → {} ({}){}", text_at(event, "from"), text_at(event, "to"),
                           text_at(event, "why"),
                           pid == 0 ? std::string{} : fmt::format(", pid {}", pid));
    }
    if (kind == "end") {
        const std::string_view cause = text_at(event, "cause_words");
        return fmt::format("{} ended: {}{}{}", who(event), text_at(event, "reason"),
                           cause.empty() ? "" : "; ", cause);
    }
    if (kind == "ill")
        return fmt::format("{} will be ended: {}", who(event), text_at(event, "words"));
    if (kind == "report") {
        const std::string_view file = text_at(event, "file");
        return file.empty() ? fmt::format("why {} ended is known", who(event))
                            : fmt::format("why {} ended is in {}", who(event), file);
    }
    if (const std::string_view by = text_at(event, "by"); !by.empty())
        return fmt::format("{}: asked by {}", kind, by);
    if (const std::string_view words = text_at(event, "words"); !words.empty())
        return std::string{words};
    const std::string facts = facts_of(event);
    return facts.empty() ? std::string{kind} : fmt::format("{}: {}", kind, facts);
}

}  // namespace cohort::control
