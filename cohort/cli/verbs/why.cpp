#include <cohort/cli/verbs.hpp>

#include <cohort/cli/footprint.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

/// What looking for names may take besides: large programs have many symbols.
constexpr milliseconds naming_takes = 30s;

/// A text of several lines, set apart.
void indent(std::string_view text, console& out)
{
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        out.line("    " + printable(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void print_end(const boost::json::object& end, console& out)
{
    const auto lived = number_at(end, "lived_ms");
    out.line(fmt::format("{}  worker {} (pid {}) {}, after {}", text_at(end, "time"),
                         count_at(end, "worker"), count_at(end, "pid"),
                         out.paint(text_at(end, "reason"), tone::bad),
                         lived ? text_of(milliseconds{*lived}) : std::string{"?"}));
    if (const auto words = text_at(end, "cause_words"); !words.empty())
        out.line("  " + words);
    // The story has the stacks of the report, and more; of older ends it is not kept.
    const auto* const story = end.if_contains("story");
    const auto* const report = story != nullptr ? story : end.if_contains("report");
    if (report != nullptr && report->is_string())
        indent({report->as_string().data(), report->as_string().size()}, out);
    if (const auto file = text_at(end, "file"); !file.empty())
        out.line("  all of it: " + file);
    if (end.if_contains("shortened") != nullptr)
        out.line("  more is known than fits here: ask for this slot alone");
}

exit_code run_why(const arguments& args, console& out)
{
    const auto whom = choose_all(args, out, missing::only_one);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        control::request ask{"why"};
        ask.slot = each.slot;
        ask.budget = 10s;
        const auto said = ask_quietly(each, ask, control::client::manner::repeatable);
        worst = std::max(worst, conclude(each, said, out));
        for (const boost::json::object* slot : objects_at(said.data, "slots")) {
            const auto ends = objects_at(*slot, "ends");
            if (!out.wants_json())
                out.line(fmt::format("{}: {} ended, {} kept", text_at(*slot, "name"),
                                     count_at(*slot, "total"), ends.size()));
            for (const boost::json::object* end : ends)
                print_end(*end, out);
        }
    }
    return worst;
}

exit_code run_dump(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 1s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose_all(args, out, missing::only_one);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        control::request what{"dump"};
        what.arguments["patience_ms"] = wait->count();
        what.budget = *wait + naming_takes;
        const auto said = ask(each, what, control::client::manner::once, out);
        worst = std::max(worst, conclude(each, said, out));
        for (const boost::json::object* slot : objects_at(said.data, "slots")) {
            if (const auto* const text = slot->if_contains("report"); text && text->is_string())
                indent({text->as_string().data(), text->as_string().size()}, out);
        }
    }
    return worst;
}

constexpr auto dump_flags =
    std::to_array<flag_rule>({{"--wait", "", "DURATION", "how long its threads may take (1s)"}});

}  // namespace

constinit const verb why{
    .name = "why",
    .aliases = {},
    .usage = "why [app[.slot]…] [--json]",
    .summary = "The last deaths of workers, and their reasons.",
    .about = "What each died of, the stack of a crash, the requests in flight, and what it did and "
             "logged last. Eight of each slot are kept, since the primary began, and the whole "
             "story of the last 24. A worker that hung comes with the stacks of its threads, as "
             "`dump` shows them.",
    .flags = {},
    .run = run_why,
    .words_max = verb::any_number,
};

constinit const verb dump{
    .name = "dump",
    .aliases = {},
    .usage = "dump app[.slot]… [--json]",
    .summary = "The stacks of a live worker, now.",
    .about = "Each thread shows where it is, and goes on. Of one that cannot (a stopped process, a "
             "program that was not built with the library) the kernel's word is shown: its state, "
             "and where it waits. Names come from the symbols in the files; FILE+0x1234 is for "
             "addr2line.",
    .flags = dump_flags,
    .run = run_dump,
    .words_max = verb::any_number,
};

}  // namespace cohort::cli::verbs
