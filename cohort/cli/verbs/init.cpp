#include <cohort/cli/verbs.hpp>

#include <cohort/base/version.hpp>
#include <cohort/cli/launch.hpp>
#include <cohort/cli/project.hpp>

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace cohort::cli::verbs {

namespace {

namespace fs = std::filesystem;

bool is_project_name(std::string_view name)
{
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto fine = [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 50 && letter(name.front()) &&
           std::ranges::all_of(name, fine) && name != "api_test" && name != "test";
}

/// Before 1.0 the minor version counts: "0.1" of "0.1.0".
std::string version_wanted()
{
    const std::string whole{cohort::version()};
    return whole.substr(0, whole.rfind('.'));
}

exit_code run_init(const arguments& args, console& out)
{
    std::error_code ec;
    const fs::path folder = fs::absolute(args.word(0).value_or("."), ec).lexically_normal();
    const fs::path last =
        folder.has_filename() ? folder.filename() : folder.parent_path().filename();
    const std::string name = args.value("--name").value_or(last.string());
    if (!is_project_name(name))
        return misused(out, init,
                       fmt::format("\"{}\" is no name for a program: letters, digits, '_' and '-', "
                                   "a letter first; --name says another",
                                   printable(name)));
    const auto files = new_project(name, version_wanted());
    // Nothing is written over, and nothing is written if anything is in the way.
    for (const project_file& each : files) {
        if (fs::exists(folder / each.path, ec)) {
            out.problem(fmt::format("{} is there already", (folder / each.path).string()));
            return exit_code::refused;
        }
    }
    boost::json::array written;
    for (const project_file& each : files) {
        const fs::path path = folder / each.path;
        fs::create_directories(path.parent_path(), ec);
        std::ofstream file{path};
        file << each.text;
        if (!file.flush()) {
            out.problem(fmt::format("cannot write {}", path.string()));
            return exit_code::refused;
        }
        written.emplace_back(each.path.string());
        out.line(path.string());
    }
    if (out.wants_json())
        out.json(boost::json::object{
            {"name", name}, {"folder", folder.string()}, {"files", std::move(written)}});
    out.hint(fmt::format("cd {} && cmake -G Ninja -B build && cmake --build build && cohort run",
                         folder.string()));
    return exit_code::done;
}

constexpr auto flags =
    std::to_array<flag_rule>({{"--name", "-n", "NAME", "the program's name (the folder's)"}});

}  // namespace

constinit const verb init{
    .name = "init",
    .aliases = {},
    .usage = "init [folder] [--name NAME] [--json]",
    .summary = "A new project that builds, tests and runs at once.",
    .about = "CMakeLists.txt, main.cpp, cohort.toml, a test, Dockerfile, Kubernetes, CI.",
    .flags = flags,
    .run = run_init,
    .words_max = 1,
};

}  // namespace cohort::cli::verbs
