// Logs that are files: put aside under load, opened anew, and no line is missing or there twice.
#include "family.hpp"
#include "log_folder.hpp"
#include "operator_of.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/stat.h>

using namespace cohort;
using namespace cohort::testing;
using control::exit_code;

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t lines_a_request = 100;

/// programs/scribe.cpp, with its log in files. A resource.
class scribe {
public:
    explicit scribe(const std::string& to, const std::string& more_log = {},
                    const std::string& more_app = {})
        : program_{prepare(to, more_log, more_app)}, asks_{program_, "scribe"}
    {
        REQUIRE(eventually([this] { return serving() == workers; }));
    }

    [[nodiscard]] running_program& program() noexcept { return program_; }
    [[nodiscard]] operator_of& asks() noexcept { return asks_; }
    [[nodiscard]] fs::path logs() const { return folder_.path() / "logs"; }

    std::int64_t serving()
    {
        try {
            return asks_.ask("ls").data.at("serving").as_int64();
        } catch (const failure&) {
            return -1;  // it has no socket yet
        }
    }

    /// Has so many requests answered over one connection; the numbers begin at `from`.
    void ask_for_lines(std::int64_t from, unsigned requests, std::string_view path = "/lines/")
    {
        client over{port_};
        for (unsigned i = 0; i < requests; ++i)
            CHECK(over.body_of(fmt::format("{}{}", path, from + i * lines_a_request)) == "written");
    }

    static constexpr std::int64_t workers = 2;

    pid_t pid_in(std::uint32_t slot)
    {
        const auto said = asks_.ask("show", {}, slot);
        const auto* const pid = said.data.if_contains("pid");
        return pid != nullptr && pid->is_int64() ? static_cast<pid_t>(pid->as_int64()) : 0;
    }

private:
    launch prepare(const std::string& to, const std::string& more_log, const std::string& more_app)
    {
        std::ofstream{folder_.path() / "cohort.toml"}
            << fmt::format("[app.scribe]\nlisten = [\"127.0.0.1:{}\"]\nworkers = {}\n{}\n"
                           "[app.scribe.reload]\nsoak = \"0\"\n[log]\nto = \"file:{}\"\n{}\n",
                           port_, workers, more_app, to, more_log);
        return {.exec = PROCESS_PROGRAMS "scribe",
                .args = {"--config", "cohort.toml", "--name", "scribe"},
                .cwd = folder_.path().string()};
    }

    temporary_folder folder_;
    std::uint16_t port_ = free_port();
    running_program program_;
    operator_of asks_;
};

/// How many files were put aside, and are there.
std::ptrdiff_t files_aside(const scribe& server)
{
    return std::ranges::count_if(fs::directory_iterator{server.logs()}, [](const auto& each) {
        return each.path().filename().native().starts_with("scribe.log.");
    });
}

/// Which lines clients may ask for by now. Who has got so far waits: a quick machine would fill its
/// disk while something else takes its time. A resource; any thread.
class line_numbers {
public:
    /// The next ones, or nothing: it is over. Deadline: none, the test goes on or ends.
    std::optional<std::int64_t> take()
    {
        for (;;) {
            const std::int64_t until = until_.load();
            if (until == over)
                return std::nullopt;
            if (next_.load() < until)
                return next_.fetch_add(lines_a_request);
            until_.wait(until);
        }
    }

    void allow(std::int64_t more) { change(until_.load() + more); }
    void end() { change(over); }
    [[nodiscard]] std::int64_t taken() const { return next_.load(); }

private:
    void change(std::int64_t to)
    {
        until_.store(to);
        until_.notify_all();
    }

    static constexpr std::int64_t over = -1;
    std::atomic<std::int64_t> next_{0};
    std::atomic<std::int64_t> until_{0};
};

/// What comes over a cohort while it writes, and how much of that cost something.
struct storm {
    unsigned rounds = 1;
    std::function<void()> round;
    unsigned killed = 0;     ///< workers, who may leave two blank lines each
    unsigned ran_again = 0;  ///< requests that may have: workers were killed with them
};

/// Lines by request and by lane, from several clients, for all of the storm's rounds; all are found
/// when the server has stopped: until then files get other names while they are read.
void nothing_is_lost(scribe& server, storm& comes)
{
    constexpr unsigned clients = 4;
    constexpr std::int64_t numbers_max = 1'500'000;  // a quarter of a gigabyte
    line_numbers numbers;
    {
        std::vector<std::jthread> all;
        for (unsigned i = 0; i < clients; ++i) {
            all.emplace_back([&, i] {
                while (const auto from = numbers.take())
                    server.ask_for_lines(*from, 1, i % 2 == 0 ? "/lines/" : "/lanes/");
            });
        }
        // Whatever a round throws, clients do not wait for another one.
        const std::unique_ptr<line_numbers, void (*)(line_numbers*)> at_end{
            &numbers, [](line_numbers* which) { which->end(); }};
        for (unsigned i = 0; i < comes.rounds; ++i) {
            numbers.allow(numbers_max / comes.rounds);
            comes.round();
        }
    }
    const auto wanted = static_cast<std::size_t>(numbers.taken());
    CHECK(server.program().stop().success());
    const found_lines seen = lines_in(server.logs());
    CHECK(seen.by_number.size() == wanted);
    CHECK(seen.torn == 0);
    CHECK(seen.blank <= 2 * comes.killed);
    CHECK(seen.dropped == 0);
    unsigned repeated = 0;
    for (const auto& [number, times] : seen.by_number)
        repeated += times - 1;
    CHECK(repeated <= comes.ran_again * lines_a_request);
    CHECK(seen.twice == 0);
    MESSAGE(seen.by_number.size() << " of " << wanted << " lines in " << seen.files << " files, "
                                  << seen.blank << " halves made blank");
}

/// Without anybody who is killed.
void nothing_is_lost(scribe& server, unsigned rounds, std::function<void()> round)
{
    storm comes{.rounds = rounds, .round = std::move(round)};
    nothing_is_lost(server, comes);
}

}  // namespace

TEST_CASE("every line is there once, while files are put aside by size")
{
    scribe server{"logs/{app}.log", "rotate = \"64K x 1000\""};
    std::ptrdiff_t before = 0;
    nothing_is_lost(server, 10, [&] {
        CHECK(eventually([&] { return files_aside(server) > before; }));
        before = files_aside(server);
    });
    CHECK(fs::exists(server.logs() / "scribe.log.10"));
}

TEST_CASE("every line is there once, while files are moved and opened anew")
{
    scribe server{"logs/{app}.log", "rotate = \"64K x 1000\""};
    unsigned moved = 0;
    nothing_is_lost(server, 100, [&] {
        // Somebody else's logrotate has the same idea; the primary has just put it aside, maybe.
        const auto to = server.logs() / fmt::format("scribe.moved.{}", moved++);
        CHECK(eventually([&] {
            std::error_code ec;
            fs::rename(server.logs() / "scribe.log", to, ec);
            return !ec;
        }));
        const auto said = server.asks().ask("reopen");
        CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    });
    struct stat made{};
    REQUIRE(::stat((server.logs() / "scribe.log").c_str(), &made) == 0);
    CHECK((made.st_mode & 0777 & ~0640U) == 0);
}

TEST_CASE("without keepers likewise")
{
    scribe server{"logs/{app}.log", "rotate = \"64K x 1000\"", "keepers = false"};
    const auto aside = [&] { return fs::exists(server.logs() / "scribe.log.3"); };
    nothing_is_lost(server, 1, [&] {
        CHECK(eventually([&] {
            const auto said = server.asks().ask("reopen");
            CHECK_MESSAGE(said.code == exit_code::done, said.reason);
            return eventually(aside, milliseconds{100});
        }));
    });
}

TEST_CASE("workers that may open no file get the new ones all the same")
{
    scribe server{"logs/{app}.log", "rotate = \"64K x 1000\"",
                  "sandbox.profile = \"strict\"\nsandbox.best_effort = true"};
    nothing_is_lost(server, 50, [&] {
        const auto said = server.asks().ask("reopen");
        CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    });
}

TEST_CASE("primaries that die, reloads and upgrades cost no line")
{
    scribe server{"logs/{app}.log", "rotate = \"64K x 1000\""};
    unsigned round = 0;
    nothing_is_lost(server, 12, [&] {
        switch (round++ % 4) {
            case 0: {
                const pid_t primary = primary_below(server.program().pid());
                ::kill(primary, SIGKILL);
                CHECK(eventually([&] { return primary_below(server.program().pid()) != primary; }));
                break;
            }
            case 1:
                CHECK(eventually(
                    [&] { return server.asks().ask("reload").code == exit_code::done; }));
                break;
            case 2:
                CHECK(eventually(
                    [&] { return server.asks().ask("upgrade").code == exit_code::done; }));
                break;
            default:
                CHECK(eventually(
                    [&] { return server.asks().ask("reopen").code == exit_code::done; }));
        }
    });
}

TEST_CASE("workers that are killed cost no line, while files are put aside and opened anew")
{
    scribe server{"logs/{app}.log", "rotate = \"64K x 1000\""};
    unsigned round = 0;
    storm killing{.rounds = 12};
    killing.round = [&] {
        const auto aside = files_aside(server);
        const pid_t victim = server.pid_in(round % scribe::workers);
        if (victim != 0 && ::kill(victim, SIGKILL) == 0) {
            ++killing.killed;
            killing.ran_again += 4;  // as many as there are clients
        }
        if (round++ % 3 == 2) {
            // Nothing is put aside while somebody is behind: so nobody is asked for anything.
            CHECK(eventually([&] { return files_aside(server) > aside; }));
        } else {
            const auto said = server.asks().ask("reopen");
            CHECK_MESSAGE((said.code == exit_code::done || said.code == exit_code::timed_out),
                          said.reason);
        }
        CHECK(eventually([&] { return server.serving() == scribe::workers; }));
    };
    nothing_is_lost(server, killing);
    CHECK(files_aside(server) >= 4);
}

TEST_CASE("after reopen nobody writes to what was moved, and USR1 does the same")
{
    scribe server{"logs/{app}.log"};
    server.ask_for_lines(0, 20);
    const fs::path log = server.logs() / "scribe.log";
    const fs::path moved = server.logs() / "moved";
    fs::rename(log, moved);
    server.ask_for_lines(2000, 20);
    const auto said = server.asks().ask("reopen");
    REQUIRE_MESSAGE(said.code == exit_code::done, said.reason);
    CHECK(said.data.at("path").as_string() == log.string());
    const auto bytes = fs::file_size(moved);
    server.ask_for_lines(4000, 20);
    CHECK(eventually([&] { return lines_in(server.logs()).by_number.size() == 6000; }));
    CHECK(fs::file_size(moved) == bytes);

    fs::rename(log, server.logs() / "moved again");
    ::kill(server.program().pid(), SIGUSR1);
    CHECK(eventually(
        [&] { return fs::exists(log) && text_of(log).find("opened anew") != std::string::npos; }));
    CHECK(server.program().stop().success());
}

TEST_CASE("the oldest are removed, and no more than were asked for are kept")
{
    scribe server{"logs/{app}.log", "rotate = \"4K x 2\""};
    for (std::int64_t i = 0; i < 8; ++i) {
        server.ask_for_lines(i * lines_a_request, 1);
        // Lines of a turn come after its answer.
        const auto last = (i + 1) * lines_a_request - 1;
        CHECK(eventually([&] { return lines_in(server.logs()).by_number.contains(last); }));
        CHECK(eventually([&] {
            std::error_code not_there;
            return fs::file_size(server.logs() / "scribe.log", not_there) < 4096;
        }));
    }
    CHECK(eventually([&] { return lines_in(server.logs()).files == 3; }));
    CHECK_FALSE(fs::exists(server.logs() / "scribe.log.3"));
    CHECK(server.program().stop().success());
}

TEST_CASE("each slot has a file of its own where the name says so")
{
    scribe server{"logs/{app}.{slot}.log", "rotate = \"16K x 1000\""};
    const auto aside = [&] { return fs::exists(server.logs() / "scribe.0.log.2"); };
    nothing_is_lost(server, 1, [&] { CHECK(eventually(aside)); });
    CHECK(fs::exists(server.logs() / "scribe.primary.log"));
    for (const std::string slot : {"0", "1"}) {
        const auto text = text_of(server.logs() / fmt::format("scribe.{}.log", slot));
        CHECK(text.find(fmt::format("\"slot\":{}", slot == "0" ? "1" : "0")) == std::string::npos);
    }
}

TEST_CASE("a file that somebody moved without a word is opened anew, without rotation too")
{
    scribe server{"logs/{app}.log"};
    const fs::path log = server.logs() / "scribe.log";
    fs::rename(log, server.logs() / "moved");
    CHECK(eventually([&] { return fs::exists(log); }));
    CHECK(server.asks().ask("reopen").code == exit_code::done);
    const auto bytes = fs::file_size(server.logs() / "moved");
    server.ask_for_lines(0, 20);
    CHECK(fs::file_size(server.logs() / "moved") == bytes);
    CHECK(server.program().stop().success());
}

TEST_CASE("a log that cannot be opened is no success of reopen or upgrade, until it can be")
{
    scribe server{"logs/{app}.log"};
    const fs::path log = server.logs() / "scribe.log";
    fs::rename(server.logs(), server.logs().string() + ".away");
    std::ofstream{server.logs()} << "no folder";
    CHECK(server.asks().ask("upgrade").code == exit_code::invalid);
    CHECK(server.asks().ask("reopen").code == exit_code::refused);
    fs::remove(server.logs());
    CHECK(eventually([&] { return server.asks().ask("reopen").code == exit_code::done; }));
    server.ask_for_lines(0, 1);
    // A turn's lines are written at its end, when the answer is on its way already.
    CHECK(eventually([&] { return lines_in(server.logs()).by_number.size() == lines_a_request; }));
    CHECK(server.program().stop().success());
}

TEST_CASE("a log that cannot be written is an error of the file, with its line")
{
    const temporary_folder folder;
    std::ofstream{folder.path() / "nofolder"} << "text";
    std::ofstream{folder.path() / "cohort.toml"}
        << "[app.scribe]\nworkers = 1\n[log]\nto = \"file:nofolder/{app}.log\"\n";
    running_program program{{.exec = PROCESS_PROGRAMS "scribe",
                             .args = {"--config", "cohort.toml"},
                             .cwd = folder.path().string()}};
    CHECK(program.wait().code() == 2);
    CHECK(program.errors().find("cohort.toml:4:1: log.to: ") != std::string::npos);
    CHECK(program.errors().find("is no folder") != std::string::npos);
}
