#include <cohort/cli/launch.hpp>

#include <cohort/base/try.hpp>
#include <cohort/cli/elf.hpp>
#include <cohort/cli/program_check.hpp>
#include <cohort/config/app_name.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/read.hpp>
#include <cohort/config/values.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/process/identity.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace cohort::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* file_default = "cohort.toml";
constexpr const char* foreign_primary = "cohort-primary";

std::unexpected<fault> wrong(std::string words)
{
    return failed(errc::bad_value, "start", std::move(words));
}

/// What was typed, for the program.
std::vector<std::string> passed_on(const arguments& args)
{
    std::vector<std::string> all;
    for (const flag_rule& each : launch_flags) {
        if (each.name == "--config" || each.name == "--name")
            continue;
        if (each.value.empty() && args.flag(each.name))
            all.emplace_back(each.name);
        for (const std::string& value :
             each.value.empty() ? std::vector<std::string>{} : args.values(each.name))
            all.push_back(fmt::format("{}={}", each.name, value));
    }
    if (args.flag("--check"))
        all.emplace_back("--check");
    return all;
}

/// What the program would refuse as its configuration is a slip of who typed it here.
result<> check_flags(const arguments& args)
{
    for (const std::string& count : args.values("--workers")) {
        if (const auto read = config::worker_count::parse(count); !read)
            return wrong(fmt::format("--workers: {}", read.error().text()));
    }
    for (const std::string& where : args.values("--bind")) {
        if (const auto read = net::endpoint::parse(where); !read)
            return wrong(fmt::format("--bind: {}", read.error().text()));
    }
    return {};
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

/// Who runs files that end like this; empty: nobody whom we know.
std::string_view interpreter_of(const fs::path& file)
{
    constexpr auto known =
        std::to_array<std::pair<std::string_view, std::string_view>>({{".js", "node"},
                                                                      {".mjs", "node"},
                                                                      {".cjs", "node"},
                                                                      {".py", "python3"},
                                                                      {".rb", "ruby"},
                                                                      {".php", "php"},
                                                                      {".pl", "perl"},
                                                                      {".sh", "sh"}});
    const std::string ending = file.extension().string();
    const auto found =
        std::ranges::find(known, ending, [](const auto& each) { return each.first; });
    return found == known.end() ? std::string_view{} : found->second;
}

std::string no_program_words(const std::string& name)
{
    std::error_code ec;
    if (!fs::is_regular_file(name, ec))
        return fmt::format("there is no program {}", name);
    const auto reads = interpreter_of(name);
    if (::access(name.c_str(), X_OK) == 0)
        return fmt::format("there is no program {0} in PATH; the file here is ./{0}", name);
    return fmt::format("{0} is not executable: {1} {0}", name, reads.empty() ? "chmod +x" : reads);
}

result<std::string> program_file(const std::string& name)
{
    const char* const path = std::getenv("PATH");
    const auto found = find_program(name, path != nullptr ? path : "");
    if (!found)
        return wrong(no_program_words(name));
    std::error_code ec;
    const auto whole = fs::absolute(*found, ec);
    return (ec ? *found : whole.lexically_normal()).string();
}

/// One program from the command line, with what follows it.
result<launch_record> for_program(const arguments& args, const std::string& name)
{
    launch_record plan;
    COHORT_TRY(const auto program, program_file(name));
    COHORT_TRY(const bool ours, is_built_with_cohort(program));
    plan.app = args.value("--name").value_or(default_name(program, args.rest()));
    // Files are called like it, before the program could complain.
    if (!config::is_app_name(plan.app))
        return wrong(fmt::format("--name must be {}, not \"{}\"", config::app_name_rule, plan.app));
    plan.folder = fs::current_path().string();
    std::error_code ec;
    if (const auto env = args.value("--env");
        env && !args.value("--config") && !fs::exists(file_default, ec))
        return wrong(fmt::format("--env {}: there is no {} here that has it", *env, file_default));
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

/// As the file means it: seen from where it lies.
std::string exec_seen_from(const fs::path& file, const std::string& exec)
{
    return exec.find('/') == std::string::npos ? exec : (file.parent_path() / exec).string();
}

/// Errors: errc::malformed: it is the file that is wrong.
result<std::string> program_of(const fs::path& file, const config::settings& app)
{
    const auto blame = [&](std::string_view words) {
        return failed(errc::malformed, "",
                      fmt::format("{}: app.{}.exec: {}", file.string(), app.name, words));
    };
    if (app.exec.empty())
        return blame("is not there: which program is it?");
    auto program = program_file(exec_seen_from(file, app.exec));
    if (!program)
        return blame(program.error().subject());
    return program;
}

result<launch_record> for_app(const arguments& args, const fs::path& file,
                              const config::settings& app)
{
    launch_record plan;
    plan.app = app.name;
    plan.folder = file.parent_path().string();
    COHORT_TRY(const auto program, program_of(file, app));
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
    const fs::path file = fs::absolute(named, ec).lexically_normal();
    if (ec)
        return wrong(fmt::format("{}: {}", named.string(), ec.message()));
    if (args.words().size() > 1 || !args.rest().empty())
        return wrong(fmt::format("{} is a file, not a program: what shall it do with {}?",
                                 named.string(),
                                 args.words().size() > 1 ? args.words()[1] : args.rest().front()));
    COHORT_TRY(const auto said, config::read_file(file.string()));
    if (!said.usable())
        return failed(errc::malformed, "", config::text(said.problems));
    if (said.apps.empty())
        return failed(errc::malformed, "", no_app_words(file.string()));
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
                                 name.value_or(""), known));
    return all;
}

}  // namespace

std::string default_name(const std::string& program, std::span<const std::string> args)
{
    constexpr auto interpreters = std::to_array<std::string_view>(
        {"node", "nodejs", "python", "ruby", "perl", "php", "bun", "deno", "sh", "bash"});
    std::string name = config::app_name_of(program);
    // "python3.11" and "python3" are python.
    const std::string_view bare =
        std::string_view{name}.substr(0, name.find_first_of("0123456789"));
    if (std::ranges::find(interpreters, bare) == interpreters.end())
        return name;
    const auto script = std::ranges::find_if(
        args, [](const std::string& each) { return !each.empty() && each.front() != '-'; });
    return script == args.end() ? name : config::app_name_of(fs::path{*script}.stem().string());
}

result<> can_start(const launch_record& what)
{
    constexpr std::string_view file_flag = "--config=";
    const auto named = std::ranges::find_if(
        what.args, [&](const std::string& each) { return each.starts_with(file_flag); });
    const auto others = std::ranges::find(what.args, "--");
    if (named < others) {
        const fs::path file = fs::path{what.folder} / named->substr(file_flag.size());
        const auto said = config::read_file(file.string());
        if (!said)
            return failed(errc::malformed, "", said.error().text());
        if (!said->usable())
            return failed(errc::malformed, "", config::text(said->problems));
        for (const config::settings& app : said->apps) {
            if (app.name == what.app && !app.exec.empty()) {
                COHORT_TRY(program_of(file, app));
            }
        }
    }
    COHORT_TRY(program_file(what.program));
    const bool is_foreign = fs::path{what.program}.filename() == foreign_primary;
    if (is_foreign && others != what.args.end() && others + 1 != what.args.end()) {
        COHORT_TRY(program_file(*(others + 1)));
    }
    COHORT_TRY(const bool ours, is_built_with_cohort(what.program));
    if (!ours)  // it would not understand --check, and serve
        return wrong(
            fmt::format("{} is another program now: it is not built with Cohort", what.program));
    COHORT_TRY(const auto said, check_program(what));
    if (said.exit_code != 0)
        return failed(errc::malformed, "", said.words);
    return {};
}

std::string no_app_words(const std::string& file)
{
    return fmt::format("{}: has no [app.NAME]: there is nothing to start", file);
}

exit_code refuse_launch(const fault& why, console& out)
{
    const bool in_words = why.why() == errc::bad_value || why.why() == errc::malformed;
    out.problem(in_words && !why.subject().empty() ? why.subject() : why.text());
    return why.why() == errc::malformed ? exit_code::invalid : exit_code::usage;
}

bool names_program(std::string_view word)
{
    std::error_code ec;
    return !word.ends_with(".toml") && !fs::is_directory(word, ec);
}

result<std::vector<launch_record>> plan_launch(const arguments& args)
{
    COHORT_TRY(check_flags(args));
    const auto word = args.word(0);
    std::error_code ec;
    if (!word) {
        const std::string file = args.value("--config").value_or(file_default);
        if (!fs::exists(file, ec))
            return wrong(fmt::format("there is no {} here: name a program, or a file", file));
        return for_file(args, file);
    }
    if (fs::is_directory(*word, ec)) {
        const fs::path file = fs::path{*word} / file_default;
        if (!fs::exists(file, ec))
            return wrong(fmt::format("there is no {} in {}", file_default, *word));
        return for_file(args, file);
    }
    if (!names_program(*word))
        return for_file(args, *word);
    COHORT_TRY(auto plan, for_program(args, *word));
    std::vector<launch_record> one;
    one.push_back(std::move(plan));
    return one;
}

}  // namespace cohort::cli
