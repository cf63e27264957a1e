#include <cohort/cli/verbs.hpp>

#include <cohort/cli/target.hpp>

#include <fmt/format.h>

#include <array>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

exit_code ask_slots(const arguments& args, console& out, const verb& which)
{
    const auto word = args.word(0);
    if (!word)
        return misused(out, which,
                       fmt::format("{} needs a slot, as in api.3, or an app", which.name));
    const auto wait = patience(args, out, 60s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose(args, out, word, missing::only_one);
    if (whom.failed())
        return whom.code;
    control::request ask{std::string{which.name}};
    ask.budget = *wait;
    if (!whom.targets.front().slot)
        ask.arguments["all"] = true;
    return ask_all(whom, ask, control::client::manner::repeatable, out);
}

exit_code run_drain(const arguments& args, console& out) { return ask_slots(args, out, drain); }
exit_code run_resume(const arguments& args, console& out) { return ask_slots(args, out, resume); }

constexpr auto flags =
    std::to_array<flag_rule>({{"--wait", "", "DURATION", "how long to wait until it is so (60s)"}});

}  // namespace

constinit const verb drain{
    .name = "drain",
    .aliases = {},
    .usage = "drain app[.slot] [--wait DURATION] [--json]",
    .summary = "No new work for one worker, or all; slots stay empty until they are resumed.",
    .about = "A worker finishes what it has, hands its connections to others, and leaves. WINCH to "
             "the primary drains all of them, as it does with nginx.",
    .flags = flags,
    .run = run_drain,
};

constinit const verb resume{
    .name = "resume",
    .aliases = {},
    .usage = "resume app[.slot] [--wait DURATION] [--json]",
    .summary = "Fills drained slots again; waits until their workers serve.",
    .about = "With a slot also the way to try a parked one again once what it died of is repaired.",
    .flags = flags,
    .run = run_resume,
};

}  // namespace cohort::cli::verbs
