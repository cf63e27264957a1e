#include <cohort/cli/verbs.hpp>

#include <cohort/cli/target.hpp>
#include <cohort/observe/log_filter.hpp>

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

bool is_level(std::string_view word) noexcept
{
    return observe::rank_of(word).has_value() || word == "silent" || word == "default";
}

exit_code run_log_level(const arguments& args, console& out)
{
    // `cohort log-level debug` is enough where one cohort runs.
    std::optional<std::string> name = args.word(0);
    std::optional<std::string> level = args.word(1);
    if (name && !level && is_level(*name))
        name.swap(level);
    if (level && !is_level(*level))
        return misused(out, log_level,
                       fmt::format("a level is trace, debug, info, warn, error, fatal, silent or "
                                   "default, not \"{}\"",
                                   printable(*level)));
    const auto wait = patience(args, out, 10s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose(args, out, name, missing::only_one);
    if (whom.failed())
        return whom.code;
    control::request ask{"log-level"};
    ask.budget = *wait;
    if (level)
        ask.arguments["level"] = *level;
    return ask_all(whom, ask, control::client::manner::repeatable, out);
}

constexpr auto aliases = std::to_array<std::string_view>({"loglevel"});
constexpr auto flags = std::to_array<flag_rule>(
    {{"--wait", "", "DURATION", "how long to wait until every worker has confirmed (10s)"}});

}  // namespace

constinit const verb log_level{
    .name = "log-level",
    .aliases = aliases,
    .usage = "log-level [app[.slot]] [LEVEL|default] [--wait DURATION] [--json]",
    .summary = "Which lines workers write from now on, and after them their successors.",
    .about = "Without a level: which it is now. For an app it is about its primary, too. "
             "The word counts until the next one, whoever dies meanwhile; `default` is what the "
             "configuration says.",
    .flags = flags,
    .run = run_log_level,
    .words_max = 2,
};

}  // namespace cohort::cli::verbs
