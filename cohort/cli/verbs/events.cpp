#include <cohort/cli/verbs.hpp>

#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

std::string words_of(const boost::json::object& what)
{
    const std::string event = text_at(what, "event");
    if (event == "stage")
        return fmt::format("slot {}: {} → {} ({})", count_at(what, "slot"), text_at(what, "from"),
                           text_at(what, "to"), text_at(what, "why"));
    if (event == "end")
        return fmt::format("slot {}: worker {} (pid {}) ended: {}; {}", count_at(what, "slot"),
                           count_at(what, "worker"), count_at(what, "pid"), text_at(what, "reason"),
                           text_at(what, "cause_words"));
    if (event == "ill")
        return fmt::format("slot {}: worker {} will be ended: {}", count_at(what, "slot"),
                           count_at(what, "worker"), text_at(what, "words"));
    if (event == "report")
        return fmt::format("slot {}: the {} of worker {} (pid {}) is reported{}",
                           count_at(what, "slot"), text_at(what, "cause"), count_at(what, "worker"),
                           count_at(what, "pid"),
                           what.contains("file") ? " in " + text_at(what, "file") : "");
    std::string words = event;
    for (const auto& each : what) {
        if (each.key() != "event" && each.key() != "time" && each.key() != "sequence")
            words += fmt::format(" {}={}", std::string_view{each.key()},
                                 printable(boost::json::serialize(each.value())));
    }
    return words;
}

exit_code run_events(const arguments& args, console& out)
{
    const auto last = args.number("--lines", 20);
    if (!last)
        return misused(out, events, last.error().subject());
    const auto whom = choose(args, out, args.word(0), missing::only_one);
    if (whom.failed())
        return whom.code;
    if (args.flag("--follow") && whom.targets.size() > 1)
        return misused(out, events, "only one cohort can be followed at a time");
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        control::request ask{"events"};
        ask.slot = each.slot;
        ask.arguments["last"] = *last;
        ask.arguments["follow"] = args.flag("--follow");
        ask.budget = args.flag("--follow") ? 0ms : 30s;
        const auto hear = [&](const control::progress& what) {
            if (out.wants_json()) {
                boost::json::object line{{"app", each.place.app}};
                line.insert(what.data.begin(), what.data.end());
                out.json(line);
            } else {
                out.line(fmt::format("{}  {}: {}", text_at(what.data, "time"), each.place.app,
                                     words_of(what.data)));
            }
            out.flush();
        };
        control::client primary{each.place};
        primary.end_with_reader_of(STDOUT_FILENO);
        const auto heard = primary.ask(ask, control::client::manner::repeatable, hear);
        if (!heard && heard.error().why() == errc::cancelled)
            return worst;
        const auto said = answer_of(each, heard);
        if (said.code != exit_code::done || !said.reason.empty())
            out.problem(fmt::format("{}: {}", each.name(), said.reason));
        worst = std::max(worst, said.code);
    }
    return worst;
}

constexpr auto flags = std::to_array<flag_rule>({
    {"--follow", "-f", "", "go on with what happens now"},
    {"--lines", "-n", "N", "so many of the last ones (20)"},
});

}  // namespace

constinit const verb events{
    .name = "events",
    .aliases = {},
    .usage = "events [app[.slot]] [-f] [-n N] [--json]",
    .summary = "Every change of state: births, readiness, ends with their reasons, scaling.",
    .about = "With --json one object a line. The last 1,024 events are kept, since the primary "
             "began.",
    .flags = flags,
    .run = run_events,
    .words_max = 1,
};

}  // namespace cohort::cli::verbs
