// Each format of the log in a real cohort: what tools read in files, and what people see on a
// terminal.

#include "family.hpp"
#include "log_folder.hpp"

#include <cohort/process/spawn.hpp>
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::testing;

namespace {

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> all;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);)
        all.push_back(line);
    return all;
}

/// A folder with the settings of programs/scribe.cpp. A resource.
class desk {
public:
    explicit desk(std::string_view log)
    {
        std::ofstream{folder_.path() / "cohort.toml"}
            << fmt::format("[app.scribe]\nlisten = [\"127.0.0.1:{}\"]\nworkers = 2\n"
                           "[log]\nlevel = \"debug\"\n{}\n",
                           port_, log);
    }
    [[nodiscard]] launch scribe() const
    {
        return {.exec = PROCESS_PROGRAMS "scribe",
                .args = {"--config", "cohort.toml", "--name", "scribe"},
                .cwd = folder_.path().string()};
    }
    [[nodiscard]] std::string text() const { return text_of(folder_.path() / "scribe.log"); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    temporary_folder folder_;
    std::uint16_t port_ = free_port();
};

/// Has lines of levels debug to warn written, of root, primary and workers, and ends the cohort.
/// @return  all that is in its file.
std::string life_in(desk& of)
{
    running_program program{of.scribe()};
    REQUIRE(eventually([&] { return of.text().contains("listening on port"); }));
    client over{of.port()};
    CHECK(over.body_of("/asked") == "written");
    const auto workers = workers_below(program.pid());
    REQUIRE(workers.size() == 2);
    REQUIRE(::kill(workers.front(), SIGKILL) == 0);
    REQUIRE(eventually([&] { return of.text().contains("SIGKILL"); }));
    CHECK(program.stop().success());
    return of.text();
}

/// A terminal, and what was shown on it. A resource.
class terminal {
public:
    terminal()
        : ours_{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)}
    {
        REQUIRE(ours_.valid());
        REQUIRE(::grantpt(ours_.borrow()) == 0);
        REQUIRE(::unlockpt(ours_.borrow()) == 0);
        REQUIRE(::ptsname_r(ours_.borrow(), name_.data(), name_.size()) == 0);
        // As long as one has it open it is there to be read.
        theirs_ = unique_fd{::open(name_.data(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
        REQUIRE(theirs_.valid());
    }
    [[nodiscard]] std::string name() const { return name_.data(); }

    const std::string& shown()
    {
        std::array<char, 4096> piece{};
        for (ssize_t got = 0; (got = ::read(ours_.borrow(), piece.data(), piece.size())) > 0;)
            shown_.append(piece.data(), static_cast<std::size_t>(got));
        return shown_;
    }
    bool comes_to_show(std::string_view part)
    {
        return eventually([&] { return shown().contains(part); });
    }

private:
    unique_fd ours_;
    unique_fd theirs_;
    std::array<char, 64> name_{};
    std::string shown_;
};

/// programs/scribe.cpp with that terminal for its standard output, until it has ended.
/// @param said  what the line of level info looks like that a request writes.
void life_on(terminal& screen, const std::vector<std::string>& env, std::string_view said)
{
    desk of{""};
    const launch how = of.scribe();
    temporary_folder runtime;
    std::vector<std::string> variables = env;
    variables.push_back("COHORT_RUNTIME_DIR=" + runtime.path().string());
    process::program what;
    what.exec = how.exec;
    what.args = how.args;
    what.cwd = how.cwd;
    what.env = process::environment_with(variables);
    what.in = process::stdio::null();
    what.out = process::stdio::file(screen.name());
    what.err = process::stdio::null();
    auto permit = process::fork_permit::ask();
    REQUIRE(permit);
    auto started = process::spawn(std::move(*permit), what);
    REQUIRE(started);
    CHECK(screen.comes_to_show("listening on port"));
    client over{of.port()};
    CHECK(over.body_of("/asked") == "written");
    CHECK(screen.comes_to_show(said));
    CHECK(started->signal(SIGTERM));
    CHECK(started->wait().code() == 0);
}

}  // namespace

TEST_CASE("pino: each line is an object with pino's numbers and names, whoever writes it")
{
    desk of{"to = \"file:scribe.log\"\nformat = \"pino\""};
    std::string host(256, '\0');
    REQUIRE(::gethostname(host.data(), host.size()) == 0);
    const auto now_ms =
        std::chrono::duration_cast<milliseconds>(wall_now().time_since_epoch()).count();
    constexpr std::int64_t hour_ms = 3'600'000;
    std::map<std::int64_t, unsigned> by_level;
    std::map<std::string, std::int64_t> level_of;
    unsigned of_workers = 0;
    unsigned of_others = 0;
    for (const std::string& line : lines_of(life_in(of))) {
        CAPTURE(line);
        boost::system::error_code wrong;
        const auto parsed = boost::json::parse(line, wrong);
        REQUIRE(!wrong);
        const auto& words = parsed.as_object();
        ++by_level[words.at("level").as_int64()];
        CHECK(words.at("time").as_int64() > now_ms - hour_ms);
        CHECK(words.at("time").as_int64() < now_ms + hour_ms);
        CHECK(words.at("pid").as_int64() > 0);
        CHECK(words.at("hostname") == host.c_str());
        CHECK_FALSE(words.contains("timestamp"));
        CHECK_FALSE(words.contains("message"));
        level_of[std::string{words.at("msg").as_string()}] = words.at("level").as_int64();
        ++(words.contains("workerId") ? of_workers : of_others);
        if (words.at("msg") == "asked in detail")
            CHECK(words.at("token") == "[redacted]");
    }
    CHECK(of_workers >= 4);
    CHECK(of_others >= 2);
    CHECK(level_of["asked in detail"] == 20);
    CHECK(level_of["asked"] == 30);
    CHECK(by_level[40] + by_level[50] >= 1);  // of the worker that was killed
    for (const auto& [level, times] : by_level)
        CHECK_MESSAGE((level % 10 == 0 && level >= 10 && level <= 60), level);
}

TEST_CASE("text: each line is time, level and words, without a brace or a colour")
{
    desk of{"to = \"file:scribe.log\"\nformat = \"text\""};
    const std::regex shape{R"(\d\d:\d\d:\d\d\.\d\d\d (trace|debug|info |warn |error|fatal) \S.*)"};
    const std::string text = life_in(of);
    for (const std::string& line : lines_of(text)) {
        CAPTURE(line);
        CHECK(std::regex_match(line, shape));
    }
    CHECK_FALSE(text.contains('{'));
    CHECK_FALSE(text.contains('\x1b'));
    CHECK(std::regex_search(text, std::regex{R"(\n\S+ info  asked  slot=[01]\n)"}));
    CHECK(std::regex_search(
        text, std::regex{R"(\n\S+ debug asked in detail  slot=[01]  token="\[redacted\]"\n)"}));
    CHECK(std::regex_search(text, std::regex{R"(\n\S+ (warn |error) [^\n]*SIGKILL)"}));
}

TEST_CASE("on a terminal lines are for people, with colours; who wants none has none")
{
    terminal coloured;
    life_on(coloured, {"TERM=xterm", "NO_COLOR="},
            "\x1b[32minfo \x1b[0m asked  \x1b[2mslot=\x1b[0m");
    CHECK(coloured.shown().contains("\x1b[36mdebug\x1b[0m asked in detail"));
    CHECK_FALSE(coloured.shown().contains('{'));
    terminal plain;
    life_on(plain, {"TERM=xterm", "NO_COLOR=1"}, " info  asked  slot=");
    CHECK_FALSE(plain.shown().contains('\x1b'));
    CHECK_FALSE(plain.shown().contains('{'));
}
