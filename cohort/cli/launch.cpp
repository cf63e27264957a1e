#include <cohort/cli/launch.hpp>

#include <cohort/base/try.hpp>
#include <cohort/cli/elf.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/read.hpp>
#include <cohort/process/identity.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace cohort::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* file_default = "cohort.toml";
constexpr const char* foreign_primary = "cohort-primary";

constexpr auto flags = std::to_array<flag_rule>({
    {"--workers", "-w", "auto|N|min..max", "number of workers"},
    {"--bind", "-b", "ADDR", "where to listen, repeatable: 8080, host:port, unix:file, fd:3"},
    {"--config", "-c", "FILE", "the configuration file (cohort.toml, if there is one)"},
    {"--env", "-e", "NAME", "which environment's tables of the file"},
    {"--name", "-n", "NAME", "the app's name, and which one of the file"},
    {"--user", "-u", "NAME", "whom workers become"},
    {"--check", "", "", "check the configuration, say so, leave"},
});

std::unexpected<fault> wrong(std::string words)
{
    return failed(errc::bad_value, "start", std::move(words));
}

/// What was typed, for the program.
std::vector<std::string> passed_on(const arguments& args)
{
    std::vector<std::string> all;
    for (const flag_rule& each : flags) {
        if (each.name == "--config" || each.name == "--name")
            continue;
        if (each.value.empty() && args.flag(each.name))
            all.emplace_back(each.name);
        for (const std::string& value :
             each.value.empty() ? std::vector<std::string>{} : args.values(each.name))
            all.push_back(fmt::format("{}={}", each.name, value));
    }
    return all;
}

result<std::string> primary_for_others()
{
    COHORT_TRY(const auto own, process::own_program());
    const fs::path beside = fs::path{own}.parent_path() / foreign_primary;
    const char* const path = std::getenv("PATH");
    if (const auto found = find_program(beside.string(), ""))
        return found->string();
    if (const auto found = find_program(foreign_primary, path != nullptr ? path : ""))
        return found->string();
    return wrong(fmt::format("{} is not beside {} and not in PATH", foreign_primary, own));
}

result<std::string> program_file(const std::string& name)
{
    const char* const path = std::getenv("PATH");
    const auto found = find_program(name, path != nullptr ? path : "");
    if (!found)
        return wrong(fmt::format("there is no program {}", name));
    std::error_code ec;
    const auto whole = fs::absolute(*found, ec);
    return (ec ? *found : whole).string();
}

/// One program from the command line, with what follows it.
result<launch_record> for_program(const arguments& args, const std::string& name)
{
    launch_record plan;
    COHORT_TRY(const auto program, program_file(name));
    COHORT_TRY(const bool ours, is_built_with_cohort(program));
    plan.app = args.value("--name").value_or(app_name_of(program));
    plan.folder = fs::current_path().string();
    plan.args = passed_on(args);
    plan.args.push_back("--name=" + plan.app);
    if (const auto file = args.value("--config"))
        plan.args.push_back("--config=" + *file);
    if (ours) {
        plan.program = program;
        plan.args.insert(plan.args.end(), args.rest().begin(), args.rest().end());
        return plan;
    }
    COHORT_TRY(plan.program, primary_for_others());
    plan.args.emplace_back("--");
    plan.args.push_back(program);
    plan.args.insert(plan.args.end(), args.rest().begin(), args.rest().end());
    return plan;
}

result<launch_record> for_app(const arguments& args, const fs::path& file,
                              const config::settings& app)
{
    launch_record plan;
    plan.app = app.name;
    plan.folder = file.parent_path().string();
    if (app.exec.empty())
        return wrong(
            fmt::format("{}: app.{} has no exec: which program is it?", file.string(), app.name));
    // As the file means it: seen from where it lies.
    const fs::path from_there = app.exec.find('/') == std::string::npos
                                    ? fs::path{app.exec}
                                    : fs::path{plan.folder} / app.exec;
    COHORT_TRY(const auto program, program_file(from_there.string()));
    COHORT_TRY(const bool ours, is_built_with_cohort(program));
    if (ours) {
        plan.program = program;
    } else {
        COHORT_TRY(plan.program, primary_for_others());
    }
    plan.args = passed_on(args);
    plan.args.push_back("--config=" + file.string());
    plan.args.push_back("--name=" + app.name);
    return plan;
}

result<std::vector<launch_record>> for_file(const arguments& args, const fs::path& named)
{
    std::error_code ec;
    const fs::path file = fs::absolute(named, ec);
    if (ec)
        return wrong(fmt::format("{}: {}", named.string(), ec.message()));
    COHORT_TRY(const auto said, config::read_file(file.string()));
    if (!said.usable())
        return failed(errc::malformed, "", config::text(said.problems));
    const auto name = args.value("--name");
    std::vector<launch_record> all;
    std::string known;
    for (const config::settings& app : said.apps) {
        known += (known.empty() ? "" : ", ") + app.name;
        if (name && app.name != *name)
            continue;
        COHORT_TRY(auto plan, for_app(args, file, app));
        all.push_back(std::move(plan));
    }
    if (all.empty())
        return wrong(fmt::format("{}: no app is called {}; there are: {}", file.string(),
                                 name.value_or(""), known.empty() ? "none" : known));
    return all;
}

}  // namespace

std::span<const flag_rule> launch_flags() noexcept { return flags; }

std::string app_name_of(const std::string& program)
{
    constexpr std::size_t longest = 64;
    std::string name = fs::path{program}.filename().string();
    std::ranges::replace_if(
        name,
        [](unsigned char c) { return std::isalnum(c) == 0 && c != '_' && c != '-' && c != '.'; },
        '_');
    name.resize(std::min(name.size(), longest));
    return name.empty() ? "app" : name;
}

result<std::vector<launch_record>> plan_launch(const arguments& args)
{
    const auto word = args.word(0);
    std::error_code ec;
    if (!word) {
        const std::string file = args.value("--config").value_or(file_default);
        if (!fs::exists(file, ec))
            return wrong(fmt::format("there is no {} here: name a program, or a file", file));
        return for_file(args, file);
    }
    if (fs::is_directory(*word, ec))
        return for_file(args, fs::path{*word} / file_default);
    if (word->ends_with(".toml"))
        return for_file(args, *word);
    COHORT_TRY(auto plan, for_program(args, *word));
    std::vector<launch_record> one;
    one.push_back(std::move(plan));
    return one;
}

}  // namespace cohort::cli
