#include <cohort/cli/verbs.hpp>

#include <cohort/cli/target.hpp>

#include <array>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

exit_code run_reopen(const arguments& args, console& out)
{
    const auto wait = patience(args, out, 10s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose_apps(args, out, missing::all, reopen);
    if (whom.failed())
        return whom.code;
    control::request ask{"reopen"};
    ask.budget = *wait;
    return ask_all(whom, ask, control::client::manner::repeatable, out);
}

constexpr auto aliases = std::to_array<std::string_view>({"reloadLogs"});
constexpr auto flags = std::to_array<flag_rule>(
    {{"--wait", "", "DURATION", "how long to wait until every worker has confirmed (10s)"}});

}  // namespace

constinit const verb reopen{
    .name = "reopen",
    .aliases = aliases,
    .usage = "reopen [app…] [--wait DURATION] [--json]",
    .summary = "Opens the files of a log anew, for who has moved them: logrotate, for example.",
    .about = "When it ends with 0, primary and workers write to the new files, and nobody to those "
             "that were moved. With 4 some worker has not confirmed. USR1 to the primary does the "
             "same. `log.rotate` does all of it by itself.",
    .flags = flags,
    .run = run_reopen,
    .words_max = verb::any_number,
};

}  // namespace cohort::cli::verbs
