#include <cohort/app/settings.hpp>

#include <cohort/base/try.hpp>
#include <cohort/config/environment.hpp>
#include <cohort/config/read.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/process/identity.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort {

namespace {

constexpr int usage = 1;
constexpr int bad_configuration = 2;

/// What the command line said, as text.
struct arguments {
    std::string workers;
    std::vector<std::string> listen;
    std::string file;
    std::string name;
    std::string balance;
    bool check = false;
};

/// The file's name without its folder, as far as it can be the name of an app.
std::string name_of_program(std::string_view path)
{
    std::string name{path.substr(path.rfind('/') + 1)};
    std::erase_if(name, [](unsigned char c) {
        return !(std::isalnum(c) || c == '_' || c == '-' || c == '.');
    });
    return name.substr(0, 64);
}

/// Reads the command line; an answer if there is nothing to run.
std::optional<settings::answer> parse(int argc, char** argv, arguments& into)
{
    CLI::App app{"Serves with all cores: a primary and its workers.", name_of_program(argv[0])};
    app.set_version_flag("--version", "cohort " COHORT_VERSION);
    app.add_option("-w,--workers", into.workers, "auto (the CPU quota), N, or min..max");
    app.add_option("-b,--bind,--listen", into.listen,
                   "address: 8080, host:port, unix:/path, fd:3 (repeatable)")
        ->allow_extra_args(false);
    app.add_option("-c,--config", into.file, "configuration (TOML)");
    app.add_option("-n,--name", into.name, "name of the app: for titles, logs and the file");
    app.add_option("--balance", into.balance,
                   "balanced, round_robin, least_connections, reuseport or sticky");
    app.add_flag("--check", into.check, "check the configuration and leave");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return settings::answer{0, app.help()};
    } catch (const CLI::CallForVersion& asked) {
        return settings::answer{0, std::string{asked.what()} + "\n"};
    } catch (const CLI::ParseError& wrong) {
        return settings::answer{
            usage, fmt::format("{}\n\n{} --help shows what there is.\n", wrong.what(), argv[0])};
    }
    return std::nullopt;
}

config::problem problem_of(std::string file, std::string key, std::string words)
{
    config::problem made;
    made.file = std::move(file);
    made.key = std::move(key);
    made.words = std::move(words);
    return made;
}

/// The file's section for this app: that of its name, or the only one.
std::vector<config::problem> read_into(settings& s, const arguments& said)
{
    const auto read = config::read_file(said.file, s);
    if (!read)
        return {problem_of(said.file, {}, read.error().text())};
    if (!read->usable())
        return read->problems;
    auto at = std::ranges::find(read->apps, said.name.empty() ? s.name : said.name,
                                &config::settings::name);
    if (at == read->apps.end() && said.name.empty() && read->apps.size() == 1)
        at = read->apps.begin();
    if (at == read->apps.end())
        return {problem_of(said.file, {}, fmt::format("has no [app.{}]", s.name))};
    static_cast<config::settings&>(s) = *at;
    return {};
}

/// Complaints are about the command line.
std::vector<config::problem> apply(settings& s, const arguments& said)
{
    std::vector<config::problem> wrong;
    const auto complain = [&](std::string key, const fault& why) {
        wrong.push_back(problem_of("command line", std::move(key), why.text()));
    };
    if (!said.name.empty())
        s.name = said.name;
    if (!said.workers.empty()) {
        if (const auto count = config::worker_count::parse(said.workers))
            s.workers = *count;
        else
            complain("--workers", count.error());
    }
    if (!said.balance.empty()) {
        if (const auto policy = config::parse_policy(said.balance))
            s.balance = *policy;
        else
            complain("--balance", policy.error());
    }
    if (!said.listen.empty())
        s.listen = said.listen;
    for (const std::string& each : said.listen) {
        if (const auto where = net::endpoint::parse(each); !where)
            complain("--listen", where.error());
    }
    return wrong;
}

/// What only net/ can judge.
void check_addresses(const settings& s, std::vector<config::problem>& wrong)
{
    for (const std::string& each : s.listen) {
        if (const auto where = net::endpoint::parse(each); !where)
            wrong.push_back(problem_of({}, "listen", where.error().text()));
    }
}

}  // namespace

settings settings::from(int argc, char** argv) { return from(argc, argv, settings{}); }

settings settings::from(int argc, char** argv, settings defaults)
{
    process::init_title(argc, argv);
    settings s = std::move(defaults);
    if (s.name == config::settings{}.name) {
        if (auto own = name_of_program(argv[0]); !own.empty())
            s.name = std::move(own);
    }
    arguments said;
    s.instead = parse(argc, argv, said);
    if (s.instead)
        return s;

    std::vector<config::problem> wrong;
    if (!said.file.empty())
        wrong = read_into(s, said);
    std::ranges::move(config::apply_environment(s), std::back_inserter(wrong));
    const auto misused = apply(s, said);
    if (!misused.empty()) {
        s.instead = answer{usage, config::text(misused) + "\n"};
        return s;
    }
    std::ranges::move(config::problems(s), std::back_inserter(wrong));
    check_addresses(s, wrong);
    if (!wrong.empty())
        s.instead = answer{bad_configuration, config::text(wrong) + "\n"};
    else if (said.check)
        s.instead = answer{0, fmt::format("{}: the configuration is valid\n", s.name)};
    return s;
}

}  // namespace cohort
