#include <cohort/cli/verbs.hpp>

#include <cohort/cli/footprint.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

/// "uptime", not "uptime_ms": the value says its unit.
std::string field_name(std::string_view key)
{
    for (const std::string_view unit : {"_ms", "_bytes"}) {
        if (key.ends_with(unit))
            key.remove_suffix(unit.size());
    }
    std::string name{key == "processor_share" ? "cpu" : key};
    std::ranges::replace(name, '_', ' ');
    return name;
}

std::string field_words(const boost::json::object& of, const std::string& key)
{
    const boost::json::value& value = of.at(key);
    if (value.is_null())
        return "-";
    if (value.is_string())
        return text_at(of, key);
    if (value.is_bool())
        return value.as_bool() ? "yes" : "no";
    if (key == "processor_share" && value.is_double())
        return percent_text(value.as_double());
    if (key.ends_with("_bytes") && value.is_uint64())
        return text_of(value.as_uint64());
    if (key.ends_with("_bytes") && value.is_int64())
        return text_of(static_cast<std::uint64_t>(value.as_int64()));
    if (key.ends_with("_ms") && value.is_int64())
        return text_of(milliseconds{value.as_int64()});
    return boost::json::serialize(value);
}

/// Every field of one slot, with its name.
void print_fields(const boost::json::object& of, console& out)
{
    table all;
    all.column("field");
    all.column("value");
    for (const auto& each : of) {
        const std::string name{each.key()};
        if (each.value().is_object() || each.value().is_array())
            continue;
        const std::string words = field_words(of, name);
        all.row({{field_name(name), tone::faint},
                 {words, name == "stage" ? tone_of(words) : tone::plain}});
    }
    out.print(all);
    for (const boost::json::object* end : objects_at(of, "ends"))
        out.line(fmt::format("ended {}  worker {} (pid {}): {}", text_at(*end, "time"),
                             count_at(*end, "worker"), count_at(*end, "pid"),
                             text_at(*end, "reason")));
}

exit_code run_show(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 5s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose_all(args, out, missing::only_one);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        control::request ask{"show"};
        ask.budget = *wait;
        ask.slot = each.slot;
        auto said = ask_quietly(each, ask, control::client::manner::repeatable);
        if (said.code != exit_code::done) {
            worst = std::max(worst, conclude(each, said, out));
            continue;
        }
        if (each.slot) {
            if (const auto pid = number_at(said.data, "pid")) {
                const auto seen = footprint_of(static_cast<pid_t>(*pid));
                if (seen.memory_bytes)
                    said.data["memory_bytes"] = *seen.memory_bytes;
                if (const auto share = seen.processor_share())
                    said.data["processor_share"] = *share;
            }
        } else {
            add_footprints(said.data);
        }
        if (out.wants_json()) {
            out.json(to_json(each, said));
        } else if (each.slot) {
            print_fields(said.data, out);
        } else {
            out.print(cohorts_table({said.data}));
            if (const std::string limit = text_at(said.data, "memory_limit"); !limit.empty())
                out.line("limit.memory: " + limit);
            out.line("");
            out.print(slots_table(said.data));
        }
    }
    return worst;
}

constexpr auto aliases = std::to_array<std::string_view>({"describe", "desc", "info"});
constexpr auto flags = std::to_array<flag_rule>(
    {{"--wait", "", "DURATION", "how long a primary may take to answer (5s)"}});

}  // namespace

constinit const verb show{
    .name = "show",
    .aliases = aliases,
    .usage = "show [app[.slot]…] [--json]",
    .summary = "A cohort and its slots, or all that is known of one slot.",
    .about = "gen is the generation of code and configuration; lanes are the busy compute threads "
             "out of all; cpu is the share of one processor over the worker's whole life.",
    .flags = flags,
    .run = run_show,
    .words_max = verb::any_number,
};

}  // namespace cohort::cli::verbs
