#include <cohort/cli/verbs.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/cli/target.hpp>
#include <cohort/config/values.hpp>

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

/// What is known to be none needs no cohort that says so.
bool is_number_of_workers(std::string_view text)
{
    if (text.starts_with('+') || text.starts_with('-'))
        return parse_integer<unsigned>(text.substr(1)).has_value();
    return text != "auto" && config::worker_count::parse(text).has_value();
}

exit_code run_scale(const arguments& args, console& out)
{
    // `cohort scale 8` is enough where one cohort runs.
    const bool named = args.words().size() > 1;
    const auto to = args.word(named ? 1 : 0);
    if (!to || args.words().size() > 2)
        return misused(out, scale, "scale needs to know to how many");
    if (!is_number_of_workers(*to))
        return misused(
            out, scale,
            fmt::format("to how many? N, +N, -N or MIN..MAX, not \"{}\"", printable(*to)));
    const auto wait = patience(args, out, 60s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose(args, out, named ? args.word(0) : std::nullopt, missing::only_one);
    if (whom.failed())
        return whom.code;
    if (names_slots(whom, scale, out))
        return exit_code::usage;
    control::request ask{"scale"};
    ask.arguments["to"] = *to;
    ask.budget = *wait;
    const bool relative = to->starts_with('+') || to->starts_with('-');
    return ask_all(whom, ask,
                   relative ? control::client::manner::once : control::client::manner::repeatable,
                   out);
}

constexpr auto flags =
    std::to_array<flag_rule>({{"--wait", "", "DURATION", "how long to wait until it is so (60s)"}});

}  // namespace

constinit const verb scale{
    .name = "scale",
    .aliases = {},
    .usage = "scale [app] N|+N|-N|MIN..MAX [--wait DURATION] [--json]",
    .summary = "So many workers; waits until they serve, and the others have left in peace.",
    .about = "With a range the number follows the load within it; a number fixes it again. Ends "
             "with 0 when that is so, with 5 when some slots are parked, with 4 when the time was "
             "not enough: it goes on then.",
    .flags = flags,
    .run = run_scale,
    .words_max = 2,
};

}  // namespace cohort::cli::verbs
