#include <cohort/cli/verbs.hpp>

#include <cohort/cli/elf.hpp>
#include <cohort/cli/launch.hpp>
#include <cohort/config/memory_room.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/read.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/tcp_address.hpp>
#include <cohort/observe/otlp_settings.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>

namespace cohort::cli::verbs {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// The program of an app must be there; config itself does not look at the world.
void look_for_program(const config::settings& app, const fs::path& file,
                      std::vector<config::problem>& wrong)
{
    if (app.exec.empty())
        return;
    const fs::path from_there = app.exec.find('/') == std::string::npos
                                    ? fs::path{app.exec}
                                    : file.parent_path() / app.exec;
    const char* const path = std::getenv("PATH");
    if (!find_program(from_there.string(), path != nullptr ? path : ""))
        wrong.push_back({.file = file.string(),
                         .line = 0,
                         .column = 0,
                         .key = fmt::format("app.{}.exec", app.name),
                         .words = fmt::format("there is no program {}", from_there.string())});
}

/// config knows no sockets: what an address may be is asked of those who will open it.
void look_at_addresses(const config::document& said, const config::settings& app,
                       std::vector<config::problem>& wrong)
{
    for (std::size_t i = 0; i < app.listen.size(); ++i) {
        if (const auto at = net::endpoint::parse(app.listen[i]); !at)
            wrong.push_back(said.complaint(app, fmt::format("listen[{}]", i), at.error().text()));
    }
}

/// The dashboard's: one for all apps of the file.
void look_at_door(const config::document& said, std::vector<config::problem>& wrong)
{
    if (said.apps.empty() || said.apps.front().admin.http.empty())
        return;
    if (const auto at = net::tcp_address(said.apps.front().admin.http); !at)
        wrong.push_back(said.complaint("admin.http", at.error().text()));
}

/// As the program itself chooses it.
std::string environment_in(const arguments& args)
{
    const char* const given = std::getenv("COHORT_ENV");
    return args.value("--env").value_or(given != nullptr ? given : "");
}

/// What would leave the machine, by app; and the variables that make no sense, as warnings.
json::object look_at_telemetry(const config::document& said, std::vector<std::string>& warnings)
{
    json::object all;
    for (const config::settings& app : said.apps) {
        const auto terms =
            observe::otlp_settings_from(observe::variables_of(app.env), {.service = app.name});
        for (const std::string& each : terms.complaints)
            warnings.push_back(fmt::format("app.{}: {}", app.name, each));
        if (terms.any())
            all.emplace(app.name, observe::destinations(terms));
    }
    return all;
}

json::object words_of(const config::problem& what)
{
    return {{"file", what.file},
            {"line", what.line},
            {"column", what.column},
            {"key", what.key},
            {"words", what.words}};
}

exit_code run_check(const arguments& args, console& out)
{
    const fs::path file = args.word(0).value_or(args.value("--config").value_or("cohort.toml"));
    std::error_code ec;
    const fs::path whole = fs::is_directory(file, ec) ? file / "cohort.toml" : file;
    const auto said = config::read_file(whole.string(), {}, environment_in(args));
    if (!said) {
        out.problem(said.error().text());
        return exit_code::invalid;
    }
    std::vector<config::problem> wrong = said->problems;
    if (said->usable()) {
        for (const config::settings& app : said->apps) {
            const auto more = config::problems(app);
            wrong.insert(wrong.end(), more.begin(), more.end());
            look_at_addresses(*said, app, wrong);
            look_for_program(app, whole, wrong);
        }
        look_at_door(*said, wrong);
    }
    std::vector<std::string> warnings;
    for (const config::settings& app : said->apps) {
        if (auto words = config::narrow_memory(app); !words.empty())
            warnings.push_back(fmt::format("app.{}: {}", app.name, words));
    }
    const json::object telemetry = look_at_telemetry(*said, warnings);
    if (wrong.empty() && said->apps.empty())
        wrong.push_back(
            {.file = "", .line = 0, .column = 0, .key = "", .words = no_app_words(whole.string())});
    if (out.wants_json()) {
        json::array list;
        for (const config::problem& each : wrong)
            list.emplace_back(words_of(each));
        json::array apps;
        for (const config::settings& app : said->apps)
            apps.emplace_back(app.name);
        out.json(json::object{{"file", whole.string()},
                              {"valid", wrong.empty()},
                              {"apps", std::move(apps)},
                              {"problems", std::move(list)},
                              {"telemetry", telemetry},
                              {"warnings", json::value_from(warnings)}});
    }
    for (const config::problem& each : wrong)
        out.line(each.text());
    for (const std::string& each : warnings)
        out.line(fmt::format("warning: {}", each));
    for (const auto& [app, whither] : telemetry)
        out.line(fmt::format("app.{}: telemetry: {}", std::string_view{app},
                             std::string_view{whither.get_string()}));
    if (wrong.empty())
        out.line(fmt::format("{}: valid, {} app{}", whole.string(), said->apps.size(),
                             said->apps.size() == 1 ? "" : "s"));
    return wrong.empty() ? exit_code::done : exit_code::invalid;
}

constexpr auto flags =
    std::to_array<flag_rule>({{"--config", "-c", "FILE", "the file (cohort.toml)"},
                              {"--env", "-e", "NAME", "which environment's tables of the file"}});

}  // namespace

constinit const verb check{
    .name = "check",
    .aliases = {},
    .usage = "check [file] [--json]",
    .summary = "Validates a configuration file: everything that is wrong with it, at once.",
    .about = "Ends with 2 if anything is. What a program sets itself, `./program --check` knows.",
    .flags = flags,
    .run = run_check,
    .words_max = 1,
};

}  // namespace cohort::cli::verbs
