#include <cohort/cli/verbs.hpp>

#include <cohort/cli/target.hpp>

#include <fmt/format.h>

#include <array>

namespace cohort::cli::verbs {

namespace {

using namespace std::chrono_literals;

exit_code ask_slot(const arguments& args, console& out, const verb& which)
{
    const auto word = args.word(0);
    if (!word)
        return misused(out, which, fmt::format("{} needs a slot, as in api.3", which.name));
    const auto wait = patience(args, out, 60s);
    if (!wait)
        return exit_code::usage;
    const auto whom = choose(args, out, word, missing::only_one);
    if (whom.failed())
        return whom.code;
    if (!whom.targets.front().slot)
        return misused(out, which, fmt::format("{} is no slot; api.3 is one", *word));
    control::request ask{std::string{which.name}};
    ask.budget = *wait;
    return ask_all(whom, ask, control::client::manner::repeatable, out);
}

exit_code run_drain(const arguments& args, console& out) { return ask_slot(args, out, drain); }
exit_code run_resume(const arguments& args, console& out) { return ask_slot(args, out, resume); }

constexpr auto flags =
    std::to_array<flag_rule>({{"--wait", "", "DURATION", "how long to wait until it is so (60s)"}});

}  // namespace

constinit const verb drain{
    .name = "drain",
    .aliases = {},
    .usage = "drain app.slot [--wait DURATION] [--json]",
    .summary = "No new work for one worker; its slot stays empty until it is resumed.",
    .about = "The worker finishes what it has, hands its connections to others, and leaves.",
    .flags = flags,
    .run = run_drain,
};

constinit const verb resume{
    .name = "resume",
    .aliases = {},
    .usage = "resume app.slot [--wait DURATION] [--json]",
    .summary = "Fills a drained or parked slot again; waits until its worker serves.",
    .about = "Also the way to try a parked slot again once what it died of is repaired.",
    .flags = flags,
    .run = run_resume,
};

}  // namespace cohort::cli::verbs
