#include <cohort/cli/verbs.hpp>

#include <cohort/cli/launch.hpp>
#include <cohort/cli/program_check.hpp>
#include <cohort/cli/target.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace cohort::cli::verbs {

namespace {

/// The program's own words in an object.
exit_code check_in_json(launch_record plan, console& out)
{
    std::erase(plan.args, "--check");  // check_program() says it
    const auto said = check_program(plan);
    if (!said) {
        out.problem(said.error().text());
        return exit_code::refused;
    }
    const bool known = said->exit_code >= 0 && said->exit_code <= 7;
    const auto code = known ? static_cast<exit_code>(said->exit_code) : exit_code::refused;
    const target whom{.place = {.app = plan.app, .socket = {}, .opened_by = 0}, .slot = {}};
    return conclude(whom, {code, said->words, {}}, out);
}

exit_code run_here(const arguments& args, console& out)
{
    const auto plans = plan_launch(args);
    if (!plans)
        return refuse_launch(plans.error(), out);
    if (plans->size() != 1)
        return misused(out, run, "the file has several apps: say which with --name");
    launch_record plan = plans->front();
    if (args.flag("--check") && out.wants_json())
        return check_in_json(std::move(plan), out);
    if (::chdir(plan.folder.c_str()) == -1) {
        out.problem(fmt::format("cannot go to {}: {}", plan.folder, last_errno().message()));
        return exit_code::refused;
    }
    out.flush();
    // This process becomes the program: nobody stands between it and who started it.
    std::vector<char*> argv{plan.program.data()};
    for (std::string& each : plan.args)
        argv.push_back(each.data());
    argv.push_back(nullptr);
    ::execv(plan.program.c_str(), argv.data());
    out.problem(fmt::format("cannot run {}: {}", plan.program, last_errno().message()));
    return exit_code::refused;
}

constexpr auto flags =
    launch_flags_and({"--check", "", "", "check the configuration, say so, leave"});

}  // namespace

constinit const verb run{
    .name = "run",
    .aliases = {},
    .usage = "run [flags] [program | file | folder] [arguments…]",
    .summary = "Runs a program as a cohort, in the foreground.",
    .about = "For containers, systemd and development. The flags come first; what follows the "
             "program is for the program. A program that was built with Cohort becomes this "
             "process; any other one is looked after by cohort-primary, and finds its sockets as "
             "LISTEN_FDS. Without a program, cohort.toml says what to run.",
    .flags = flags,
    .run = run_here,
    .words_max = verb::any_number,
    .programs = names_program,
};

}  // namespace cohort::cli::verbs
