#include <cohort/cli/verbs.hpp>

#include <cohort/cli/state.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

/// What was started and is there no more, though nobody has stopped it.
std::vector<boost::json::object> gone_apps(const std::vector<boost::json::object>& running)
{
    std::vector<boost::json::object> all;
    const auto state = state_path();
    for (const launch_record& each : state ? wanted_apps(*state) : std::vector<launch_record>{}) {
        const bool runs = std::ranges::any_of(
            running, [&](const auto& other) { return text_at(other, "app") == each.app; });
        if (!runs)
            all.push_back({{"app", each.app}, {"stage", "gone"}, {"program", each.program}});
    }
    return all;
}

exit_code run_list(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 5s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose_apps(args, out, missing::all, list);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    std::vector<boost::json::object> surveys;
    for (const target& each : whom.targets) {
        control::request ask{"ls"};
        ask.budget = *wait;
        auto said = ask_quietly(each, ask, control::client::manner::repeatable);
        // It ended between our finding and our asking it: it does not run.
        if (said.code == exit_code::no_such_cohort && args.words().empty())
            continue;
        if (said.code != exit_code::done) {
            worst = std::max(worst, said.code);
            said.data = {
                {"app", each.place.app}, {"stage", "unreachable"}, {"reason", said.reason}};
        } else {
            add_footprints(said.data);
        }
        said.data["app"] = each.place.app;
        said.data["socket"] = each.place.socket.string();
        surveys.push_back(std::move(said.data));
    }
    const auto gone =
        args.words().empty() && !args.value("--socket") ? gone_apps(surveys) : decltype(surveys){};
    surveys.insert(surveys.end(), gone.begin(), gone.end());
    if (out.wants_json()) {
        boost::json::array all;
        for (auto& each : surveys)
            all.emplace_back(std::move(each));
        out.json(std::move(all));
    } else if (surveys.empty()) {
        out.line("no cohort runs here");
    } else {
        out.print(cohorts_table(surveys));
    }
    for (const boost::json::object& each : gone)
        out.hint(fmt::format("{0} is gone: cohort restart {0} starts it again, cohort stop {0} "
                             "forgets it",
                             text_at(each, "app")));
    return worst;
}

constexpr auto aliases = std::to_array<std::string_view>({"list", "l", "ps", "status"});
constexpr auto flags = std::to_array<flag_rule>(
    {{"--wait", "", "DURATION", "how long a primary may take to answer (5s)"}});

}  // namespace

constinit const verb list{
    .name = "ls",
    .aliases = aliases,
    .usage = "ls [app…] [--json]",
    .summary = "The cohorts that run, a line for each, and those that should and are gone.",
    .about = "Looks for admin sockets in the runtime directory. Memory is what all its processes "
             "have for themselves and their share of what they have in common (PSS).",
    .flags = flags,
    .run = run_list,
    .words_max = verb::any_number,
};

}  // namespace cohort::cli::verbs
