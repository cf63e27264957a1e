#include <cohort/app/settings.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

using cohort::settings;

namespace {

settings read(std::vector<std::string> words)
{
    words.insert(words.begin(), "./api");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    return settings::from(static_cast<int>(words.size()), argv.data());
}

/// A file with a name of its own, gone at the end of the test.
class temporary_file {
public:
    explicit temporary_file(const std::string& text)
        : path_{std::filesystem::temp_directory_path() /
                ("cohort-settings-" + std::to_string(::getpid()) + ".toml")}
    {
        std::ofstream{path_} << text;
    }
    ~temporary_file() { std::filesystem::remove(path_); }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    [[nodiscard]] std::string path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// An environment variable for the length of a test.
class variable {
public:
    variable(const char* name, const char* value)
        : name_{name}
    {
        ::setenv(name, value, 1);
    }
    ~variable() { ::unsetenv(name_); }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;

private:
    const char* name_;
};

}  // namespace

TEST_CASE("without a word the program's own name is the app's and workers are automatic")
{
    const settings chosen = read({});
    CHECK_FALSE(chosen.instead);
    CHECK(chosen.name == "api");
    CHECK(chosen.workers.is_automatic());
}

TEST_CASE("the command line says how many, where, and by which policy")
{
    const settings chosen = read({"--workers", "3", "--listen", "127.0.0.1:0", "-b", "unix:/tmp/x",
                                  "--balance", "sticky", "--name", "shop"});
    REQUIRE_FALSE(chosen.instead);
    CHECK(chosen.workers.low() == 3);
    CHECK(chosen.listen == std::vector<std::string>{"127.0.0.1:0", "unix:/tmp/x"});
    CHECK(chosen.balance == cohort::config::policy::sticky);
    CHECK(chosen.name == "shop");
}

TEST_CASE("the command line switches keepers and standbys")
{
    const settings off = read({"--keepers", "off", "--standby", "off"});
    REQUIRE_FALSE(off.instead);
    CHECK_FALSE(off.keepers);
    CHECK_FALSE(off.standby);
    CHECK(read({"--keepers", "on"}).keepers);
    const settings odd = read({"--keepers", "sometimes"});
    REQUIRE(odd.instead);
    CHECK(odd.instead->exit_code == 2);
    CHECK(odd.instead->text.find("--keepers") != std::string::npos);
}

TEST_CASE("an unknown option is a usage error that points at the help")
{
    const settings chosen = read({"--worker", "3"});
    REQUIRE(chosen.instead);
    CHECK(chosen.instead->exit_code == 1);
    CHECK(chosen.instead->text.find("--worker") != std::string::npos);
    CHECK(chosen.instead->text.find("./api --help lists the options") != std::string::npos);
}

TEST_CASE("values that make no sense are named together, with exit code 2")
{
    const settings chosen =
        read({"-w", "many", "--balance", "fair", "--listen", "127.0.0.1:99999"});
    REQUIRE(chosen.instead);
    CHECK(chosen.instead->exit_code == 2);
    for (const auto* part : {"--workers", "many", "--balance", "fair", "99999"})
        CHECK(chosen.instead->text.find(part) != std::string::npos);
}

TEST_CASE("the file gives way to the environment, and both to the command line")
{
    const temporary_file file{"[app.shop]\nworkers = 2\nlisten = [\"127.0.0.1:1111\"]\n"
                              "balance = \"sticky\"\n"};
    {
        const settings chosen = read({"-c", file.path()});
        REQUIRE_FALSE(chosen.instead);
        CHECK(chosen.name == "shop");
        CHECK(chosen.workers.low() == 2);
    }
    const variable workers{"WEB_CONCURRENCY", "5"};
    const settings by_environment = read({"-c", file.path()});
    CHECK(by_environment.workers.low() == 5);
    CHECK(by_environment.balance == cohort::config::policy::sticky);
    const settings by_line = read({"-c", file.path(), "-w", "7"});
    CHECK(by_line.workers.low() == 7);
}

TEST_CASE("a file that is not there, or has no such app, says so with exit code 2")
{
    const settings missing = read({"-c", "/nowhere/cohort.toml"});
    REQUIRE(missing.instead);
    CHECK(missing.instead->exit_code == 2);
    CHECK(missing.instead->text.find("/nowhere/cohort.toml") != std::string::npos);

    const temporary_file file{"[app.one]\n[app.two]\n"};
    const settings lost = read({"-c", file.path(), "-n", "three"});
    REQUIRE(lost.instead);
    CHECK(lost.instead->exit_code == 2);
    CHECK(lost.instead->text.find("one, two; --name one chooses") != std::string::npos);
}

TEST_CASE("an environment of the file is chosen on the command line, or else by COHORT_ENV")
{
    const temporary_file file{"[app.shop]\nworkers = 2\n[env.staging.app.shop]\nworkers = 3\n"
                              "[env.production.app.shop]\nworkers = 4\n"};
    CHECK(read({"-c", file.path()}).workers.low() == 2);
    CHECK(read({"-c", file.path(), "-e", "staging"}).workers.low() == 3);
    const variable environment{"COHORT_ENV", "production"};
    CHECK(read({"-c", file.path()}).workers.low() == 4);
    CHECK(read({"-c", file.path(), "--env", "staging"}).workers.low() == 3);
    const settings lost = read({"-c", file.path(), "-e", "prod"});
    REQUIRE(lost.instead);
    CHECK(lost.instead->exit_code == 2);
    CHECK(lost.instead->text.find("it has: production, staging") != std::string::npos);
}

TEST_CASE("an address that is none is found with its line, in every app of the file")
{
    const temporary_file file{"[app.shop]\nlisten = [\"1\",\n\"host:99999\"]\n"
                              "[app.other]\nlisten = \"host:88888\"\n"};
    const settings chosen = read({"-c", file.path(), "-n", "shop"});
    REQUIRE(chosen.instead);
    CHECK(chosen.instead->exit_code == 2);
    CHECK(chosen.instead->text.find(":3:1: app.shop.listen[1]: ") != std::string::npos);
    CHECK(chosen.instead->text.find(":5:1: app.other.listen: ") != std::string::npos);
}

TEST_CASE("a dashboard that could not be heard anywhere is found with its line")
{
    for (const char* const door :
         {"nonsense:", "unix:/tmp/x", "127.0.0.1:0", "tls://127.0.0.1:1", "nonsense"})
    {
        CAPTURE(door);
        const temporary_file file{std::string{"[app.shop]\nlisten = \"127.0.0.1:3300\"\n"
                                              "[admin]\n\nhttp = \""} +
                                  door + "\"\n"};
        const settings chosen = read({"-c", file.path()});
        REQUIRE(chosen.instead);
        CHECK(chosen.instead->exit_code == 2);
        CHECK(chosen.instead->text.find(":5:1: admin.http: ") != std::string::npos);
    }
}

TEST_CASE("a network that is none is found with its line, in every app of the file")
{
    const temporary_file file{
        "[app.shop.limit]\nuncounted_clients = [\"private\", \"192.0.2.0/24\"]\n"
        "[app.other.limit]\n\nuncounted_clients = \"10.1.2.3/8\"\n"};
    const settings chosen = read({"-c", file.path(), "-n", "shop"});
    REQUIRE(chosen.instead);
    CHECK(chosen.instead->exit_code == 2);
    CHECK(chosen.instead->text.find(":5:1: app.other.limit.uncounted_clients: ") !=
          std::string::npos);
    CHECK(chosen.instead->text.find("app.shop") == std::string::npos);
}

TEST_CASE("secrets are read before anything starts, and a slip in a variable is a warning")
{
    const temporary_file file{"[app.shop]\nenv.KEY = {file = \"/no/such/secret\"}\n"};
    const settings lost = read({"-c", file.path()});
    REQUIRE(lost.instead);
    CHECK(lost.instead->text.find("env.KEY: cannot open /no/such/secret") != std::string::npos);

    const variable slip{"COHORT_WORKRS", "3"};
    const settings checked = read({"--check"});
    REQUIRE(checked.instead);
    CHECK(checked.instead->exit_code == 0);
    CHECK(checked.instead->text.find("did you mean COHORT_WORKERS?") != std::string::npos);
}

TEST_CASE("help, version and check are answers, not errors")
{
    for (const auto* word : {"--help", "--version", "--check"}) {
        const settings chosen = read({word});
        REQUIRE(chosen.instead);
        CHECK(chosen.instead->exit_code == 0);
        CHECK_FALSE(chosen.instead->text.empty());
    }
}
