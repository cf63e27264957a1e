#include <cohort/cli/verbs.hpp>

#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

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
                                     event_line(what.data)));
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
