#include <cohort/cli/verbs.hpp>

#include <cohort/cli/background.hpp>
#include <cohort/cli/launch.hpp>
#include <cohort/cli/target.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t lines_of_a_failure = 10;

std::optional<std::filesystem::path> state_or_say(console& out)
{
    auto state = state_folder();
    if (state)
        return *std::move(state);
    out.problem(state.error().text());
    return std::nullopt;
}

bool runs_already(const std::string& app, console& out)
{
    const auto all = control::find_cohorts(control::viewpoint::here());
    if (!all)
        return false;
    const auto found = std::ranges::find(*all, app, &control::cohort_place::app);
    if (found == all->end())
        return false;
    out.problem(fmt::format("{} runs already (process {})", app, found->opened_by));
    out.hint(
        fmt::format("cohort reload {0} · cohort restart {0} · --name gives another name", app));
    return true;
}

exit_code start_one(const launch_record& what, const std::filesystem::path& state,
                    milliseconds wait, console& out)
{
    if (runs_already(what.app, out))
        return exit_code::refused;
    if (const auto kept = remember(state, what); !kept)
        out.problem(
            fmt::format("{}; restart will not know how it was started", kept.error().text()));
    const auto log = log_file(state, what.app);
    const auto before = bytes_of(log);
    auto said = start_in_background(what, state, wait, out);
    said.data["log"] = log.string();
    const auto lines = said.code == exit_code::done ? std::vector<std::string>{}
                                                    : last_lines(log, lines_of_a_failure, before);
    if (!lines.empty())
        said.data["last_lines"] = boost::json::array(lines.begin(), lines.end());
    const target whom{.place = {.app = what.app, .socket = {}, .opened_by = 0}, .slot = {}};
    const auto code = conclude(whom, said, out);
    if (code != exit_code::done && !out.wants_json()) {
        for (const std::string& line : lines)
            out.hint(printable(line));
        out.hint("all of it: " + log.string());
    }
    return code;
}

exit_code run_start(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 60s);
    if (!wait)
        return exit_code::usage;
    const auto plans = plan_launch(args);
    if (!plans)
        return refuse_launch(plans.error(), out);
    const auto state = state_or_say(out);
    if (!state)
        return exit_code::refused;
    exit_code worst = exit_code::done;
    for (const launch_record& each : *plans)
        worst = std::max(worst, start_one(each, *state, *wait, out));
    return worst;
}

exit_code run_stop(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 60s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose(args, out, args.word(0), missing::only_one);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        if (each.slot)
            return misused(out, stop, "stop ends a whole app; drain empties one slot");
        const auto said = stop_and_wait(each, *wait, args.flag("--now"), out);
        worst = std::max(worst, conclude(each, said, out));
    }
    return worst;
}

exit_code run_restart(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 60s);
    const auto state = wait ? state_or_say(out) : std::nullopt;
    if (!state)
        return wait ? exit_code::refused : exit_code::usage;
    const auto whom = choose(args, out, args.word(0), missing::only_one);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        const auto how = recall(*state, each.place.app);
        if (!how) {
            out.problem(fmt::format("{} was not started by `cohort start`: nobody here knows how "
                                    "to start it again",
                                    each.place.app));
            out.hint(fmt::format("cohort reload {} replaces its workers", each.place.app));
            worst = std::max(worst, exit_code::refused);
            continue;
        }
        // What could not be started again goes on.
        if (const auto can = can_start(*how); !can) {
            worst = std::max(worst, refuse_launch(can.error(), out));
            out.hint(fmt::format("{} goes on as it is", each.place.app));
            continue;
        }
        const auto stopped = stop_and_wait(each, *wait, args.flag("--now"), out);
        if (stopped.code != exit_code::done) {
            worst = std::max(worst, conclude(each, stopped, out));
            continue;
        }
        worst = std::max(worst, start_one(*how, *state, *wait, out));
    }
    return worst;
}

constexpr auto stop_flags = std::to_array<flag_rule>({
    {"--now", "", "", "without waiting for what is in flight"},
    {"--wait", "", "DURATION", "how long to wait until it is so (60s)"},
});
constexpr auto stop_aliases = std::to_array<std::string_view>({"delete", "del"});

constexpr auto start_flags =
    launch_flags_and({"--wait", "", "DURATION", "how long to wait until it serves (60s)"});

}  // namespace

constinit const verb start{
    .name = "start",
    .aliases = {},
    .usage = "start [flags] [program | file | folder] [arguments…]",
    .summary = "Runs a program as a cohort, in the background; waits until it serves.",
    .about = "As run, in a session of its own. Its output goes to a file that `cohort logs` reads. "
             "A file with several apps starts them all. If it does not start, the last lines of "
             "its log say why.",
    .flags = start_flags,
    .run = run_start,
    .stops = arguments::stop_at::first_word,
};

constinit const verb stop{
    .name = "stop",
    .aliases = stop_aliases,
    .usage = "stop [app] [--now] [--wait DURATION] [--json]",
    .summary = "Ends an app in peace; waits until nothing of it is left.",
    .about = "What is in flight is answered first, for as long as the app's stop.timeout says.",
    .flags = stop_flags,
    .run = run_stop,
};

constinit const verb restart{
    .name = "restart",
    .aliases = {},
    .usage = "restart [app] [--now] [--wait DURATION] [--json]",
    .summary = "stop, then start. For new code without a gap, reload.",
    .about = "Only what was started by `cohort start`, with the environment of now.",
    .flags = stop_flags,
    .run = run_restart,
};

}  // namespace cohort::cli::verbs
