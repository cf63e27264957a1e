#include <cohort/dashboard/event_words.hpp>

#include <cohort/dashboard/detail/fields.hpp>

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <string_view>

namespace cohort::dashboard {

namespace {

using detail::number_at;
using detail::text_at;

/// The rest of an event that says nothing of itself: "from 2, to 4".
std::string facts_of(const boost::json::object& event)
{
    std::string words;
    for (const auto& each : event) {
        const std::string_view key{each.key().data(), each.key().size()};
        if (key == "event" || key == "time" || key == "sequence" || key == "slot" ||
            each.value().is_null())
            continue;
        const std::string value = each.value().is_string() ? std::string{text_at(event, key)}
                                                           : boost::json::serialize(each.value());
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", key, value);
    }
    return words;
}

}  // namespace

std::string words_of(const boost::json::object& event)
{
    const std::string_view kind = text_at(event, "event");
    const auto pid = number_at(event, "pid").value_or(0);
    if (kind == "stage") {
        std::string words = fmt::format("{} → {} ({})", text_at(event, "from"),
                                        text_at(event, "to"), text_at(event, "why"));
        return pid == 0 ? words : fmt::format("{}, pid {}", words, pid);
    }
    if (kind == "end") {
        const std::string_view cause = text_at(event, "cause_words");
        return fmt::format("pid {} ended: {}{}{}", pid, text_at(event, "reason"),
                           cause.empty() ? "" : "; ", cause);
    }
    if (const std::string_view words = text_at(event, "words"); !words.empty())
        return std::string{words};
    const std::string facts = facts_of(event);
    return facts.empty() ? std::string{kind} : fmt::format("{}: {}", kind, facts);
}

}  // namespace cohort::dashboard
