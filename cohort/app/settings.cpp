#include <cohort/app/settings.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/base/version.hpp>
#include <cohort/config/app_name.hpp>
#include <cohort/config/environment.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/read.hpp>
#include <cohort/config/secrets.hpp>
#include <cohort/http/net_range.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/tcp_address.hpp>
#include <cohort/primary/log_terms.hpp>
#include <cohort/primary/mold.hpp>
#include <cohort/process/identity.hpp>
#include <cohort/process/origin.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <errno.h>

#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

namespace cohort {

namespace {

constexpr int usage_wrong = 1;
constexpr int configuration_wrong = 2;
constexpr const char* file_default = "cohort.toml";

/// What the command line said, as text: it is applied last, and checked like the other sources.
struct spoken {
    std::string workers;
    std::vector<std::string> listen;
    std::string file;
    std::string name;
    std::string user;
    std::string balance;
    std::string speaks;
    std::string keepers;
    std::string standby;
    std::string environment;
    bool watch = false;
    bool check = false;
};

settings answered(settings so_far, int exit_code, std::string text)
{
    so_far.instead = settings::answer{exit_code, std::move(text)};
    return so_far;
}

config::problem complaint(std::string key, std::string words)
{
    return {.file = "command line",
            .line = 0,
            .column = 0,
            .key = std::move(key),
            .words = std::move(words)};
}

/// The app of that name, or the only one of the file.
const config::settings* choose(const config::document& file, const std::string& name)
{
    if (name.empty() && file.apps.size() == 1)
        return &file.apps.front();
    for (const config::settings& app : file.apps) {
        if (app.name == name)
            return &app;
    }
    return nullptr;
}

std::string names_of(const config::document& file)
{
    std::string list;
    for (const config::settings& app : file.apps)
        list += (list.empty() ? "" : ", ") + app.name;
    return list.empty() ? "none" : list;
}

/// Which [env.NAME] of the file is meant.
std::string environment_in(const spoken& said)
{
    const char* const given = std::getenv("COHORT_ENV");
    return said.environment.empty() && given != nullptr ? given : said.environment;
}

/// Why there would be no dashboard over TCP; empty: there is nothing against it.
std::string door_trouble(const config::settings& app)
{
    if (app.admin.http.empty())
        return {};
    const auto at = net::tcp_address(app.admin.http);
    return at ? std::string{} : at.error().text();
}

void check_endpoints(const config::document& file, const config::settings& app,
                     std::vector<config::problem>& wrong)
{
    for (std::size_t i = 0; i < app.listen.size(); ++i) {
        if (const auto at = net::endpoint::parse(app.listen[i]); !at)
            wrong.push_back(file.complaint(app, fmt::format("listen[{}]", i), at.error().text()));
    }
}

void check_networks(const config::document& file, const config::settings& app,
                    std::vector<config::problem>& wrong)
{
    if (const auto read = http::parse_ranges(app.limit.uncounted_clients); !read)
        wrong.push_back(file.complaint(app, "limit.uncounted_clients", read.error().text()));
}

bool is_this_program(const std::string& file)
{
    std::error_code ec;
    return !file.empty() && std::filesystem::equivalent(file, "/proc/self/exe", ec) && !ec;
}

/// config opens no files: whether the log can be written is asked of those who will write it.
void check_log(const config::document& file, const config::settings& app,
               std::vector<config::problem>& wrong)
{
    const std::string trouble = is_primary() ? primary::log_hindrance(app) : "";
    if (trouble.empty())
        return;
    wrong.push_back(file.complaint("log.to", trouble));
}

/// Applies the file, if one was named or lies in the working directory.
std::vector<config::problem> apply_file(settings& s, const spoken& said)
{
    std::error_code ignored;
    if (said.file.empty() && !std::filesystem::exists(file_default, ignored))
        return {};
    const std::string path = said.file.empty() ? file_default : said.file;
    const auto file = config::read_file(path, s, environment_in(said));
    if (!file) {
        return {{.file = path, .line = 0, .column = 0, .key = "", .words = file.error().text()}};
    }
    const config::settings* const app = choose(*file, said.name);
    // It only lies there, and is about others: no reason not to run a stranger.
    if (app == nullptr && said.file.empty() && !said.name.empty() && !file->apps.empty()) {
        s.warnings.push_back(fmt::format("{} here is not read: its apps are {}, not {}", path,
                                         names_of(*file), said.name));
        return {};
    }
    std::vector<config::problem> wrong = file->problems;
    for (const config::settings& each : file->apps) {
        check_endpoints(*file, each, wrong);
        check_networks(*file, each, wrong);
    }
    const std::string trouble = file->apps.empty() ? "" : door_trouble(file->apps.front());
    if (!trouble.empty())
        wrong.push_back(file->complaint("admin.http", trouble));
    if (!wrong.empty())
        return wrong;
    if (app == nullptr) {
        const std::string wanted = said.name.empty() ? "which app? say --name" : said.name;
        return {{.file = path,
                 .line = 0,
                 .column = 0,
                 .key = wanted,
                 .words = fmt::format("the apps of the file are: {}{}", names_of(*file),
                                      file->apps.empty()
                                          ? ""
                                          : "; --name " + file->apps.front().name + " chooses")}};
    }
    check_log(*file, *app, wrong);
    static_cast<config::settings&>(s) = *app;
    s.file = std::filesystem::absolute(path, ignored).lexically_normal().string();
    // `exec` is how `cohort run` finds the program. One that reads its own file there, forks.
    if (is_this_program(s.exec)) {
        s.exec.clear();
        s.args.clear();
    }
    return wrong;
}

std::vector<config::problem> apply_command_line(config::settings& s, const spoken& said)
{
    std::vector<config::problem> wrong;
    if (!said.workers.empty()) {
        if (const auto count = config::worker_count::parse(said.workers))
            s.workers = *count;
        else
            wrong.push_back(complaint("--workers", count.error().text()));
    }
    if (!said.balance.empty()) {
        if (const auto policy = config::parse_policy(said.balance))
            s.balance = *policy;
        else
            wrong.push_back(complaint("--balance", policy.error().text()));
    }
    if (!said.speaks.empty()) {
        if (const auto protocol = config::parse_protocol(said.speaks))
            s.speaks = *protocol;
        else
            wrong.push_back(complaint("--speaks", protocol.error().text()));
    }
    const auto put_switch = [&wrong](const char* flag, const std::string& text, bool& into) {
        if (text.empty())
            return;
        if (const auto on = config::parse_switch(text))
            into = *on;
        else
            wrong.push_back(complaint(flag, on.error().text()));
    };
    put_switch("--keepers", said.keepers, s.keepers);
    put_switch("--standby", said.standby, s.standby);
    if (!said.listen.empty())
        s.listen = said.listen;
    if (!said.name.empty())
        s.name = said.name;
    if (!said.user.empty())
        s.user = said.user;
    return wrong;
}

/// Options that choose one of a few words.
void add_choices(CLI::App& line, spoken& said)
{
    line.add_option("--balance", said.balance,
                    "balanced, round_robin, least_connections, reuseport or sticky");
    line.add_option("--speaks", said.speaks,
                    "How an exec'ed program gets its port: auto, cohort, sockets (LISTEN_FDS) or "
                    "none (PORT)");
    line.add_option("--keepers", said.keepers,
                    "on (default): connections outlive their workers; off: plain prefork");
    line.add_option(
        "--standby", said.standby,
        "on (default): a successor waits beside every worker; off: cloned at its death");
}

void check_endpoints(const config::settings& s, std::vector<config::problem>& wrong)
{
    for (const std::string& where : s.listen) {
        if (const auto at = net::endpoint::parse(where); !at)
            wrong.push_back(
                {.file = "", .line = 0, .column = 0, .key = "listen", .words = at.error().text()});
    }
    if (std::string trouble = door_trouble(s); !trouble.empty())
        wrong.push_back(
            {.file = "", .line = 0, .column = 0, .key = "admin.http", .words = std::move(trouble)});
}

void check_networks(const config::settings& s, std::vector<config::problem>& wrong)
{
    if (const auto read = http::parse_ranges(s.limit.uncounted_clients); !read)
        wrong.push_back({.file = "",
                         .line = 0,
                         .column = 0,
                         .key = "limit.uncounted_clients",
                         .words = read.error().text()});
}

/// What it says when all is well, and it was only asked.
std::string text_of_check(const settings& chosen)
{
    std::string words = "configuration is valid\n";
    for (const std::string& warning : chosen.warnings)
        words += fmt::format("warning: {}\n", warning);
    return words;
}

}  // namespace

settings settings::from(int argc, char** argv) { return from(argc, argv, settings{}); }

settings settings::from(int argc, char** argv, settings defaults)
{
    // Copies: set_title writes over the kernel's arguments.
    std::vector<std::string> words(argv, argv + argc);
    const settings first = defaults;
    settings chosen =
        read_sources(argc, argv, std::move(defaults), primary::take_known_variables());
    // What came from a descriptor can be read no second time.
    chosen.read_again = [words, first, known = chosen.env, file = chosen.file,
                         first_name = chosen.name]() mutable {
        std::vector<char*> list;
        list.reserve(words.size() + 1);
        for (std::string& word : words)
            list.push_back(word.data());
        list.push_back(nullptr);
        settings again = read_sources(static_cast<int>(words.size()), list.data(), first, known);
        if (!again.instead && !file.empty() && again.file.empty())
            return answered(
                std::move(again), configuration_wrong,
                fmt::format("{}: it is gone, or has no app {} any more\n", file, first_name));
        return again;
    };
    return chosen;
}

settings settings::read_sources(int argc, char** argv, settings defaults,
                                const std::map<std::string, std::string>& known)
{
    // Only the arguments that the kernel gave us can become a title: a test's own array cannot.
    if (argc > 0 && argv[0] == ::program_invocation_name) {
        process::remember_origin(argc, argv);
        process::init_title(argc, argv);
    }
    settings chosen = std::move(defaults);
    std::string own_name;
    if (chosen.name == config::settings{}.name && argc > 0)
        own_name = chosen.name = config::app_name_of(argv[0]);

    spoken said;
    CLI::App line{fmt::format("{}: a server of several processes that share its ports, built with "
                              "Cohort {}",
                              chosen.name, version())};
    line.set_version_flag("--version", fmt::format("{} (cohort {})", chosen.name, version()),
                          "Print the version and leave");
    line.add_option("-w,--workers", said.workers,
                    "Number of workers: auto (what the CPU quota gives), N, or min..max");
    line.add_option("-b,--bind,--listen", said.listen,
                    "Listen on 8080, host:port, [v6]:port, tls://host:port, unix:/path or fd:3 "
                    "(repeatable)")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    line.add_option("-c,--config", said.file, "Read this file (otherwise ./cohort.toml, if any)");
    line.add_option("-e,--env", said.environment,
                    "Which [env.NAME] of the file overrides the rest (otherwise COHORT_ENV)");
    line.add_option("-n,--name", said.name, "Name of the app, in titles and logs");
    line.add_option("-u,--user", said.user, "Whom workers become: a name or a number");
    add_choices(line, said);
    line.add_flag("--watch", said.watch, "Reload when the program or its file changes");
    line.add_flag("--check", said.check, "Check the configuration and leave");
    try {
        line.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return answered(std::move(chosen), 0, line.help());
    } catch (const CLI::CallForVersion& asked) {
        std::string words = fmt::format("{}\n", asked.what());
        return answered(std::move(chosen), 0, std::move(words));
    } catch (const CLI::ParseError& mistake) {
        std::string words = fmt::format("{}: {}\n{} --help lists the options\n", chosen.name,
                                        mistake.what(), argc > 0 ? argv[0] : chosen.name);
        return answered(std::move(chosen), usage_wrong, std::move(words));
    }

    std::vector<config::problem> wrong = apply_file(chosen, said);
    const auto add = [&wrong](const std::vector<config::problem>& more) {
        wrong.insert(wrong.end(), more.begin(), more.end());
    };
    add(config::apply_environment(chosen));
    for (const config::problem& slip : config::unknown_variables())
        chosen.warnings.push_back(slip.text());
    add(apply_command_line(chosen, said));
    chosen.watch = chosen.watch || said.watch;
    chosen.named_by_default = said.name.empty() && chosen.name == own_name;
    check_endpoints(chosen, wrong);
    check_networks(chosen, wrong);
    add(config::problems(chosen));
    if (wrong.empty() && is_primary())
        add(config::read_secrets(chosen, known));
    if (!wrong.empty())
        return answered(std::move(chosen), configuration_wrong, config::text(wrong));
    if (said.check) {
        std::string words = text_of_check(chosen);
        return answered(std::move(chosen), 0, std::move(words));
    }
    return chosen;
}

}  // namespace cohort
