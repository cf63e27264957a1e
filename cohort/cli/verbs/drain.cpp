#include <cohort/cli/verbs.hpp>

#include <cohort/cli/target.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

exit_code ask_slots(const arguments& args, console& out, const verb& which)
{
    if (args.words().empty())
        return misused(out, which,
                       fmt::format("{} needs a slot, as in api.3, or an app", which.name));
    const auto wait = patience(args, out, 60s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose_all(args, out, missing::only_one);
    if (whom.failed())
        return whom.code;
    exit_code worst = exit_code::done;
    for (const target& each : whom.targets) {
        control::request what{std::string{which.name}};
        what.budget = *wait;
        if (!each.slot)
            what.arguments["all"] = true;
        const auto said = ask(each, what, control::client::manner::repeatable, out);
        worst = std::max(worst, conclude(each, said, out));
    }
    return worst;
}

exit_code run_drain(const arguments& args, console& out) { return ask_slots(args, out, drain); }
exit_code run_resume(const arguments& args, console& out) { return ask_slots(args, out, resume); }

constexpr auto flags =
    std::to_array<flag_rule>({{"--wait", "", "DURATION", "how long to wait until it is so (60s)"}});

}  // namespace

constinit const verb drain{
    .name = "drain",
    .aliases = {},
    .usage = "drain app[.slot]… [--wait DURATION] [--json]",
    .summary = "No new work for one worker, or all; slots stay empty until they are resumed.",
    .about = "A worker finishes what it has, hands its connections to others, and leaves. WINCH to "
             "the primary drains all of them, as it does with nginx.",
    .flags = flags,
    .run = run_drain,
    .words_max = verb::any_number,
};

constinit const verb resume{
    .name = "resume",
    .aliases = {},
    .usage = "resume app[.slot]… [--wait DURATION] [--json]",
    .summary = "Fills drained slots again; waits until their workers serve.",
    .about = "With a slot also the way to try a parked one again once what it died of is repaired.",
    .flags = flags,
    .run = run_resume,
    .words_max = verb::any_number,
};

}  // namespace cohort::cli::verbs
