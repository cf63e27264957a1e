// The verbs of a transaction: the primary decides, and says how it ended.

#include <cohort/cli/verbs.hpp>

#include <cohort/cli/target.hpp>
#include <cohort/cli/view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;
using manner = control::client::manner;

exit_code ask_for(const arguments& args, console& out, const verb& which, manner how)
{
    const auto wait = patience(args, out, 10min);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose_apps(args, out, missing::only_one, which);
    if (whom.failed())
        return whom.code;
    control::request what{std::string{which.name}};
    what.budget = *wait;
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        const auto said = ask(each, what, how, out);
        worst = std::max(worst, conclude(each, said, out));
        if (said.code == exit_code::rolled_back)
            out.hint(fmt::format("cohort why {0} · cohort logs {0}", each.place.app));
    }
    return worst;
}

exit_code run_reload(const arguments& args, console& out)
{
    return ask_for(args, out, reload, manner::once);
}
exit_code run_rollback(const arguments& args, console& out)
{
    return ask_for(args, out, rollback, manner::once);
}

exit_code run_upgrade(const arguments& args, console& out)
{
    return ask_for(args, out, upgrade, manner::once);
}

exit_code run_plan(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 30s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose_apps(args, out, missing::only_one, plan);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        control::request what{"plan"};
        what.budget = *wait;
        const auto said = ask(each, what, manner::repeatable, out);
        worst = std::max(worst, conclude(each, said, out));
        for (const boost::json::object* change : objects_at(said.data, "changes"))
            out.line(fmt::format("  {} ({}): {} → {}", text_at(*change, "key"),
                                 text_at(*change, "effect"), text_at(*change, "from"),
                                 text_at(*change, "to")));
    }
    return worst;
}

constexpr auto flags = std::to_array<flag_rule>(
    {{"--wait", "", "DURATION", "how long to wait for the verdict (10m)"}});
constexpr auto plan_flags = std::to_array<flag_rule>(
    {{"--wait", "", "DURATION", "how long a primary may take to answer (30s)"}});

}  // namespace

constinit const verb reload{
    .name = "reload",
    .aliases = {},
    .usage = "reload [app…] [--wait DURATION] [--json]",
    .summary = "Replaces an app's workers by new code and configuration, or puts the old back.",
    .about = "A transaction: the new generation is started beside the old one, must become ready "
             "and behave, and only then takes over, slot by slot. Ends with 0 when it serves, with "
             "2 when the configuration is invalid, with 3 when it failed and the old one serves "
             "again.",
    .flags = flags,
    .run = run_reload,
    .words_max = verb::any_number,
};

constinit const verb rollback{
    .name = "rollback",
    .aliases = {},
    .usage = "rollback [app…] [--wait DURATION] [--json]",
    .summary = "Back to the generation before, even if its file was replaced.",
    .about = "The program of the previous generation is still open by descriptor.",
    .flags = flags,
    .run = run_rollback,
    .words_max = verb::any_number,
};

constinit const verb upgrade{
    .name = "upgrade",
    .aliases = {},
    .usage = "upgrade [app…] [--wait DURATION] [--json]",
    .summary = "Replaces the primary itself by the program on disk; the workers go on.",
    .about =
        "For a new version of Cohort: no worker ends, no connection is closed, and the process "
        "that was started keeps its pid. The program is tried out first. Ends with 0 when the "
        "new primary has all workers, with 2 when its settings are invalid or take a restart, "
        "with 3 when it cannot go on and the old one does, with 4 when it was not ready in "
        "time, with 7 when it cannot be now. The workers get the new code by a reload.",
    .flags = flags,
    .run = run_upgrade,
    .words_max = verb::any_number,
};

constinit const verb plan{
    .name = "plan",
    .aliases = {},
    .usage = "plan [app…] [--wait DURATION] [--json]",
    .summary = "What a reload would change, and which workers it would replace.",
    .about = "Reads the file as a reload would, and changes nothing.",
    .flags = plan_flags,
    .run = run_plan,
    .words_max = verb::any_number,
};

}  // namespace cohort::cli::verbs
