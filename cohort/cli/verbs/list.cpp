#include <cohort/cli/verbs.hpp>

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

exit_code run_list(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 5s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose(args, out, args.word(0), missing::all);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    std::vector<boost::json::object> surveys;
    for (const target& each : whom.targets) {
        control::request ask{"ls"};
        ask.budget = *wait;
        auto said = ask_quietly(each, ask, control::client::manner::repeatable);
        // It ended between our finding and our asking it: it does not run.
        if (said.code == exit_code::no_such_cohort && !args.word(0))
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
    return worst;
}

constexpr auto aliases = std::to_array<std::string_view>({"list", "l", "ps", "status"});
constexpr auto flags = std::to_array<flag_rule>(
    {{"--wait", "", "DURATION", "how long a primary may take to answer (5s)"}});

}  // namespace

constinit const verb list{
    .name = "ls",
    .aliases = aliases,
    .usage = "ls [app] [--json]",
    .summary = "The cohorts that run, a line for each.",
    .about = "Looks for admin sockets in the runtime directory. Memory is what all its processes "
             "have for themselves and their share of what they have in common (PSS).",
    .flags = flags,
    .run = run_list,
};

}  // namespace cohort::cli::verbs
