#include <cohort/cli/view.hpp>

#include <cohort/cli/footprint.hpp>
#include <cohort/control/event_words.hpp>
#include <cohort/control/silence.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <sys/types.h>

#include <algorithm>
#include <utility>

namespace cohort::cli {

namespace json = boost::json;

namespace {

const json::value* find(const json::object& in, std::string_view key)
{
    return in.if_contains({key.data(), key.size()});
}

void add_footprint(json::object& to, const footprint& of)
{
    to["memory_bytes"] = of.memory_bytes ? json::value(*of.memory_bytes) : json::value(nullptr);
    to["processor_ms"] =
        of.processor_time
            ? json::value(std::chrono::duration_cast<milliseconds>(*of.processor_time).count())
            : json::value(nullptr);
    const auto share = of.processor_share();
    to["processor_share"] = share ? json::value(*share) : json::value(nullptr);
}

std::optional<double> share_at(const json::object& in)
{
    const json::value* const found = find(in, "processor_share");
    return found != nullptr && found->is_double() ? std::optional{found->as_double()}
                                                  : std::nullopt;
}

std::optional<std::uint64_t> bytes_at(const json::object& in)
{
    const json::value* const found = find(in, "memory_bytes");
    if (found == nullptr)
        return std::nullopt;
    if (found->is_uint64())
        return found->as_uint64();
    return found->is_int64() ? std::optional{static_cast<std::uint64_t>(found->as_int64())}
                             : std::nullopt;
}

std::string age_at(const json::object& in, std::string_view key)
{
    const auto length = number_at(in, key);
    return length ? text_of(milliseconds{*length}) : std::string{"-"};
}

std::string listen_of(const json::object& survey)
{
    std::string all;
    const json::value* const list = find(survey, "listen");
    if (list == nullptr || !list->is_array())
        return "-";
    for (const json::value& each : list->as_array()) {
        if (!each.is_string())
            continue;
        std::string_view where{each.as_string().data(), each.as_string().size()};
        if (where.starts_with("tcp://"))
            where.remove_prefix(6);
        all += all.empty() ? "" : " ";
        all += where;
    }
    return all.empty() ? "-" : all;
}

/// A program that need not know us counts nothing: its zeros mean nothing.
bool counts(const json::object& slot) { return number_at(slot, "beat_ms").has_value(); }

std::string counted_at(const json::object& slot, std::string_view key)
{
    return counts(slot) ? count_at(slot, key) : std::string{"-"};
}

/// Of those who count.
std::string counted_sum(const json::object& survey, std::string_view key)
{
    const auto slots = objects_at(survey, "slots");
    std::int64_t sum = 0;
    for (const json::object* slot : slots)
        sum += counts(*slot) ? number_at(*slot, key).value_or(0) : 0;
    const bool any = std::ranges::any_of(slots, [](const auto* slot) { return counts(*slot); });
    return any ? std::to_string(sum) : std::string{"-"};
}

/// "silent 15s" of a worker whose event loop does not turn; otherwise empty.
std::string words_of_silence(const json::object& slot)
{
    const auto silent = control::silence_of(slot);
    return silent ? "silent " + text_of(*silent) : std::string{};
}

std::string sum_of(const json::object& survey, std::string_view key)
{
    std::int64_t sum = 0;
    for (const json::object* slot : objects_at(survey, "slots"))
        sum += number_at(*slot, key).value_or(0);
    return std::to_string(sum);
}

}  // namespace

std::string text_at(const json::object& in, std::string_view key)
{
    const json::value* const found = find(in, key);
    return found != nullptr && found->is_string() ? printable(std::string{found->as_string()})
                                                  : std::string{};
}

std::optional<std::int64_t> number_at(const json::object& in, std::string_view key)
{
    const json::value* const found = find(in, key);
    return found != nullptr && found->is_int64() ? std::optional{found->as_int64()} : std::nullopt;
}

std::optional<double> real_at(const json::object& in, std::string_view key)
{
    const json::value* const found = find(in, key);
    return found != nullptr && found->is_number() ? std::optional{found->to_number<double>()}
                                                  : std::nullopt;
}

const json::object* object_at(const json::object& in, std::string_view key)
{
    const json::value* const found = find(in, key);
    return found == nullptr ? nullptr : found->if_object();
}

std::vector<const json::object*> objects_at(const json::object& in, std::string_view key)
{
    std::vector<const json::object*> all;
    const json::value* const list = find(in, key);
    if (list == nullptr || !list->is_array())
        return all;
    for (const json::value& each : list->as_array()) {
        if (each.is_object())
            all.push_back(&each.as_object());
    }
    return all;
}

std::string count_at(const json::object& in, std::string_view key)
{
    const auto count = number_at(in, key);
    return count ? std::to_string(*count) : std::string{"-"};
}

void add_footprints(json::object& survey)
{
    std::uint64_t memory = 0;
    const auto add = [&memory](std::optional<std::int64_t> pid) {
        const footprint seen = pid ? footprint_of(static_cast<pid_t>(*pid)) : footprint{};
        memory += seen.memory_bytes.value_or(0);
        return seen;
    };
    const auto root = number_at(survey, "root");
    const footprint whole = add(root);
    if (number_at(survey, "primary") != root)
        static_cast<void>(add(number_at(survey, "primary")));
    if (json::value* const slots = survey.if_contains("slots"); slots && slots->is_array()) {
        for (json::value& each : slots->as_array()) {
            if (!each.is_object())
                continue;
            json::object& slot = each.as_object();
            static_cast<void>(add(number_at(slot, "keeper")));
            add_footprint(slot, add(number_at(slot, "pid")));
        }
    }
    survey["memory_bytes"] = memory;
    survey["uptime_ms"] =
        whole.age ? json::value(std::chrono::duration_cast<milliseconds>(*whole.age).count())
                  : json::value(nullptr);
}

std::string event_line(const json::object& what)
{
    const auto slot = number_at(what, "slot");
    const std::string words = printable(control::event_words(what));
    return slot ? fmt::format("slot {}: {}", *slot, words) : words;
}

tone tone_of(std::string_view stage) noexcept
{
    if (stage == "serving")
        return tone::good;
    if (stage == "parked" || stage == "gone" || stage == "unreachable")
        return tone::bad;
    return stage == "held" ? tone::faint : tone::warning;
}

table cohorts_table(const std::vector<json::object>& surveys)
{
    using side = table::side;
    table all;
    all.column("app");
    all.column("stage");
    all.column("workers", side::right);
    all.column("pid", side::right);
    all.column("uptime", side::right);
    all.column("restarts", side::right);
    all.column("conns", side::right);
    all.column("requests", side::right);
    all.column("memory", side::right);
    all.column("listen");
    for (const json::object& each : surveys) {
        const std::string serving = count_at(each, "serving");
        const std::string wanted = count_at(each, "wanted");
        const std::string number = text_at(each, "workers");
        const bool by_load = number.find("..") != std::string::npos;
        std::string stage = text_at(each, "stage");
        if (number_at(each, "parked").value_or(0) > 0)
            stage = "degraded";
        all.row({{text_at(each, "app"), tone::strong},
                 {stage, tone_of(stage)},
                 {serving + "/" + wanted + (by_load ? " of " + number : ""),
                  serving == wanted ? tone::plain : tone::warning},
                 count_at(each, "root"),
                 age_at(each, "uptime_ms"),
                 sum_of(each, "restarts"),
                 counted_sum(each, "connections"),
                 counted_sum(each, "requests"),
                 text_of(bytes_at(each)),
                 listen_of(each)});
    }
    return all;
}

table slots_table(const json::object& survey)
{
    using side = table::side;
    table all;
    all.column("slot");
    all.column("stage");
    all.column("pid", side::right);
    all.column("gen", side::right);
    all.column("uptime", side::right);
    all.column("restarts", side::right);
    all.column("conns", side::right);
    all.column("requests", side::right);
    all.column("lanes", side::right);
    all.column("memory", side::right);
    all.column("cpu", side::right);
    all.column("last end");
    for (const json::object* each : objects_at(survey, "slots")) {
        const std::string stage = text_at(*each, "stage");
        const json::object* const end = object_at(*each, "last_end");
        std::string last = text_at(*each, "parked");
        if (last.empty() && end != nullptr)
            last = text_at(*end, "reason");
        const std::string silent = words_of_silence(*each);
        all.row({{text_at(*each, "name"), tone::strong},
                 {silent.empty() ? stage : stage + ", " + silent,
                  silent.empty() ? tone_of(stage) : tone::bad},
                 count_at(*each, "pid"),
                 count_at(*each, "generation"),
                 age_at(*each, "uptime_ms"),
                 count_at(*each, "restarts"),
                 counted_at(*each, "connections"),
                 counted_at(*each, "requests"),
                 number_at(*each, "lanes")
                     ? count_at(*each, "lanes_busy") + "/" + count_at(*each, "lanes")
                     : std::string{"-"},
                 text_of(bytes_at(*each)),
                 percent_text(share_at(*each)),
                 {last, tone::faint}});
    }
    return all;
}

}  // namespace cohort::cli
