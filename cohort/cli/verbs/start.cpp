#include <cohort/cli/verbs.hpp>

#include <cohort/cli/background.hpp>
#include <cohort/cli/elf.hpp>
#include <cohort/cli/launch.hpp>
#include <cohort/cli/log_words.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/config/app_name.hpp>
#include <cohort/observe/log_filter.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
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

/// The process that opened its socket.
std::optional<pid_t> who_runs(const std::string& app)
{
    const auto all = control::find_cohorts(control::viewpoint::here());
    if (!all)
        return std::nullopt;
    const auto found = std::ranges::find(*all, app, &control::cohort_place::app);
    return found == all->end() ? std::nullopt : std::optional{found->opened_by};
}

exit_code refuse_second(const target& whom, pid_t first, console& out)
{
    const std::string& app = whom.place.app;
    const auto code = conclude(
        whom, {exit_code::refused, fmt::format("it runs already ({})", process_words(first)), {}},
        out);
    out.hint(
        fmt::format("cohort reload {0} · cohort restart {0} · --name gives another name", app));
    return code;
}

/// The end of a log as people read it, and what ended it first.
void show_last_lines(std::vector<std::string> lines, console& out)
{
    observe::log_filter fatal;
    fatal.least = observe::rank_of("fatal");
    const auto reason =
        std::ranges::find_if(lines, [&](const std::string& line) { return fatal.wants(line); });
    if (reason != lines.end())
        std::rotate(lines.begin(), reason, reason + 1);
    for (const std::string& line : lines)
        out.hint(readable(line));
}

exit_code start_one(launch_record what, const std::filesystem::path& state, milliseconds wait,
                    console& out)
{
    const target whom{.place = {.app = what.app, .socket = {}, .opened_by = 0}, .slot = {}};
    if (const auto first = who_runs(what.app))
        return refuse_second(whom, *first, out);
    // What has run and does not start now is still missed.
    const auto before_now = recall(state, what.app);
    what.wanted = before_now && before_now->wanted;
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
    const bool goes_on = said.code == exit_code::done || said.code == exit_code::timed_out ||
                         said.code == exit_code::degraded;
    if (goes_on)
        want(state, what.app, true);
    const auto code = conclude(whom, said, out);
    if (code != exit_code::done && !out.wants_json()) {
        show_last_lines(lines, out);
        out.hint("all of it: " + log.string());
    }
    return code;
}

/// `start NAME`: how it was started, where no program is called like that.
/// Errors: as plan_launch().
result<std::vector<launch_record>> recorded_or_planned(const arguments& args)
{
    const std::string word = args.word(0).value_or("");
    const char* const path = std::getenv("PATH");
    const auto state = state_path();
    const bool is_program = word.find('/') != std::string::npos || !names_program(word) ||
                            find_program(word, path != nullptr ? path : "");
    auto known = is_program || !state ? std::nullopt : recall(*state, word);
    if (!known)
        return plan_launch(args);
    const bool changed = !args.rest().empty() || std::ranges::any_of(launch_flags, [&](auto& each) {
        return args.flag(each.name);
    });
    if (changed)
        return failed(errc::bad_value, "start",
                      fmt::format("{} is no program; the app {} is started again as it was, "
                                  "without flags or arguments",
                                  word, word));
    if (const auto can = can_start(*known); !can)
        return std::unexpected(can.error());
    std::vector<launch_record> one;
    one.push_back(*std::move(known));
    return one;
}

/// Takes apps that do not run, and of which there is a record, out of the words.
std::vector<launch_record> take_gone(const arguments& args, std::vector<std::string>& words,
                                     const std::filesystem::path& state)
{
    std::vector<launch_record> gone;
    if (args.value("--socket"))
        return gone;
    std::erase_if(words, [&](const std::string& word) {
        auto known =
            config::is_app_name(word) && !who_runs(word) ? recall(state, word) : std::nullopt;
        if (!known)
            return false;
        gone.push_back(*std::move(known));
        return true;
    });
    return gone;
}

exit_code run_start(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 60s);
    if (!wait)
        return exit_code::usage;
    const auto plans = recorded_or_planned(args);
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
    const auto state = state_path();
    auto words = args.words();
    auto gone = state ? take_gone(args, words, *state) : std::vector<launch_record>{};
    // Of one that was stopped before, nothing is known any more.
    for (const launch_record& each : gone) {
        if (!each.wanted)
            words.push_back(each.app);
    }
    std::erase_if(gone, [](const launch_record& each) { return !each.wanted; });
    choice whom;
    if (gone.empty() || !words.empty())
        whom = choose_all(args, out, words, missing::only_one);
    if (whom.failed())
        return whom.code;
    if (names_slots(whom, stop, out)) {
        out.hint("drain empties one slot");
        return exit_code::usage;
    }
    exit_code worst = exit_code::done;
    for (const launch_record& each : gone) {
        want(*state, each.app, false);
        const target past{.place = {.app = each.app, .socket = {}, .opened_by = 0}, .slot = {}};
        conclude(past, {exit_code::done, "was gone already, and is forgotten", {}}, out);
    }
    for (const target& each : whom.targets) {
        const auto said = stop_and_wait(each, *wait, args.flag("--now"), out);
        if (said.code == exit_code::done && state)
            want(*state, each.place.app, false);
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
    auto words = args.words();
    const auto gone = take_gone(args, words, *state);
    choice whom;
    if (gone.empty() || !words.empty())
        whom = choose_all(args, out, words, missing::only_one);
    if (whom.failed())
        return whom.code;
    if (names_slots(whom, restart, out)) {
        out.hint("signal TERM app.slot replaces one worker");
        return exit_code::usage;
    }
    exit_code worst = exit_code::done;
    for (const launch_record& each : gone) {
        const auto can = can_start(each);
        worst = std::max(worst, can ? start_one(each, *state, *wait, out)
                                    : refuse_launch(can.error(), out));
    }
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
             "A file with several apps starts them all. The name of an app that is gone starts it "
             "again as it was. If it does not start, the last lines of "
             "its log say why.",
    .flags = start_flags,
    .run = run_start,
    .words_max = verb::any_number,
    .programs = names_program,
};

constinit const verb stop{
    .name = "stop",
    .aliases = stop_aliases,
    .usage = "stop [app…] [--now] [--wait DURATION] [--json]",
    .summary = "Ends an app in peace; waits until nothing of it is left.",
    .about = "What is in flight is answered first, for as long as the app's stop.timeout says.",
    .flags = stop_flags,
    .run = run_stop,
    .words_max = verb::any_number,
};

constinit const verb restart{
    .name = "restart",
    .aliases = {},
    .usage = "restart [app…] [--now] [--wait DURATION] [--json]",
    .summary = "stop, then start. For new code without a gap, reload.",
    .about = "Only what was started by `cohort start`, with the environment of now; also what is "
             "gone. The program is asked first (--check): what could not start is not stopped.",
    .flags = stop_flags,
    .run = run_restart,
    .words_max = verb::any_number,
};

}  // namespace cohort::cli::verbs
