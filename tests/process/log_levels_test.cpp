// Which lines workers write is changed while they run, and their successors heed it.
#include "family.hpp"
#include "operator_of.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <deque>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;
using control::exit_code;

namespace fs = std::filesystem;

namespace {

/// Lines of one request, by slot.
struct asked_lines {
    std::map<std::int64_t, unsigned> asked;
    std::map<std::int64_t, unsigned> in_detail;
    std::map<std::int64_t, unsigned> begun;  ///< workers that said so, which is a detail
    unsigned secrets = 0;
};

/// programs/scribe.cpp with two workers. A resource.
class scribe {
public:
    scribe()
        : program_{prepare()}, asks_{program_, "scribe"}
    {
        REQUIRE(eventually([this] { return serving() == 2; }));
    }

    [[nodiscard]] running_program& program() noexcept { return program_; }

    control::answer log_level(boost::json::object arguments = {},
                              std::optional<std::uint32_t> slot = {})
    {
        return asks_.ask("log-level", std::move(arguments), slot);
    }

    exit_code reload() { return asks_.ask("reload").code; }
    exit_code upgrade() { return asks_.ask("upgrade").code; }

    /// Somebody else is the primary afterwards.
    void kill_primary()
    {
        const pid_t before = primary_below(program_.pid());
        REQUIRE(::kill(before, SIGKILL) == 0);
        REQUIRE(eventually([&] { return primary_below(program_.pid()) != before; }));
    }

    /// Somebody else sits in that slot afterwards.
    void kill_worker(std::uint32_t slot)
    {
        const auto before = pid_in(slot);
        REQUIRE(::kill(static_cast<pid_t>(before), SIGKILL) == 0);
        REQUIRE(eventually([&] {
            const auto now = pid_in(slot);
            return now != before && now != 0;
        }));
    }

    /// By the word of the worker that sits there; "?": it did not say, or there is none.
    std::string level_in(std::int64_t slot)
    {
        const auto said = log_level();
        for (const auto& each : said.data.at("workers").as_array()) {
            if (each.at("slot").as_int64() == slot && each.at("level").is_string())
                return std::string{each.at("level").as_string()};
        }
        return "?";
    }
    std::int64_t pid_in(std::uint32_t slot)
    {
        const auto said = asks_.ask("show", {}, slot);
        const auto* const pid = said.data.if_contains("pid");
        return pid != nullptr && pid->is_int64() ? pid->as_int64() : 0;
    }

    /// Both slots have lines of requests, of which there are more than before.
    void ask_both()
    {
        const auto before = lines();
        REQUIRE(eventually([&] {
            std::deque<client> at_once;
            for (int i = 0; i < 8; ++i)
                CHECK(at_once.emplace_back(port_).body_of("/asked") == "written");
            const auto now = lines();
            const auto grew = [&](std::int64_t slot) {
                const auto had = before.asked.find(slot);
                const auto has = now.asked.find(slot);
                return has != now.asked.end() &&
                       (had == before.asked.end() || has->second > had->second);
            };
            return grew(0) && grew(1);
        }));
    }

    [[nodiscard]] asked_lines lines() const
    {
        asked_lines found;
        std::ifstream text{folder_.path() / "scribe.log"};
        for (std::string line; std::getline(text, line);) {
            found.secrets += line.find("abc") != std::string::npos ? 1 : 0;
            boost::system::error_code ec;
            const auto words = boost::json::parse(line, ec);
            if (ec || !words.is_object() || !words.as_object().contains("slot"))
                continue;
            const std::int64_t slot = words.at("slot").as_int64();
            const std::string_view message = words.at("message").as_string();
            if (message == "asked")
                ++found.asked[slot];
            else if (message == "asked in detail")
                ++found.in_detail[slot];
            else if (message == "begins")
                ++found.begun[slot];
        }
        return found;
    }

private:
    std::int64_t serving()
    {
        try {
            return asks_.ask("ls").data.at("serving").as_int64();
        } catch (const failure&) {
            return -1;  // it has no socket yet
        }
    }

    launch prepare()
    {
        std::ofstream{folder_.path() / "cohort.toml"}
            << fmt::format("[app.scribe]\nlisten = [\"127.0.0.1:{}\"]\nworkers = 2\n"
                           "balance = \"round_robin\"\n[app.scribe.reload]\nsoak = "
                           "\"0\"\n[log]\nto = \"file:scribe.log\"\n",
                           port_);
        return {.exec = PROCESS_PROGRAMS "scribe",
                .args = {"--config", "cohort.toml", "--name", "scribe"},
                .cwd = folder_.path().string()};
    }

    temporary_folder folder_;
    std::uint16_t port_ = free_port();
    running_program program_;
    operator_of asks_;
};

}  // namespace

TEST_CASE("one worker, and whoever follows it, can be had to say more than the others")
{
    scribe server;
    CHECK(server.level_in(0) == "info");
    const auto said = server.log_level({{"level", "debug"}}, 1);
    CHECK(said.code == exit_code::done);
    CHECK(said.reason == "slot 1: debug");
    CHECK(server.level_in(0) == "info");
    CHECK(server.level_in(1) == "debug");

    server.ask_both();
    auto lines = server.lines();
    CHECK(lines.in_detail[0] == 0);
    CHECK(eventually([&] { return server.lines().in_detail[1] != 0; }));
    CHECK(server.lines().secrets == 0);

    server.kill_worker(1);
    CHECK(eventually([&] { return server.level_in(1) == "debug"; }));
    CHECK(server.level_in(0) == "info");
    // From its first line on.
    CHECK(eventually([&] { return server.lines().begun[1] == 1; }));
    server.kill_worker(0);
    CHECK(eventually([&] { return server.level_in(0) == "info"; }));
    CHECK(server.lines().begun[0] == 0);

    CHECK(server.log_level({{"level", "default"}}, 1).code == exit_code::done);
    CHECK(server.level_in(1) == "info");
}

TEST_CASE("all workers and the primary can be had to say less, until they go by the file again")
{
    scribe server;
    CHECK(server.log_level({{"level", "debug"}}, 0).code == exit_code::done);
    auto said = server.log_level({{"level", "silent"}});
    CHECK(said.code == exit_code::done);
    CHECK(said.data.at("primary") == "off");
    CHECK(server.level_in(0) == "off");
    CHECK(server.level_in(1) == "off");

    CHECK(server.reload() == exit_code::done);
    CHECK(eventually([&] { return server.level_in(0) == "off" && server.level_in(1) == "off"; }));
    CHECK(eventually([&] { return server.log_level().data.at("primary") == "off"; }));

    said = server.log_level({{"level", "default"}});
    CHECK(said.data.at("primary") == "info");
    CHECK(server.level_in(0) == "info");
    CHECK(server.level_in(1) == "info");
    server.ask_both();
    CHECK(server.lines().in_detail.empty());

    CHECK(server.log_level({{"level", "loud"}}).code == exit_code::usage);
    CHECK(server.log_level({{"level", 3}}).code == exit_code::usage);
    CHECK(server.log_level({{"level", "debug"}}, 7).code == exit_code::no_such_cohort);
    CHECK(server.level_in(0) == "info");
}

TEST_CASE("what was said outlives the primary that heard it, and an upgrade")
{
    scribe server;
    CHECK(server.log_level({{"level", "debug"}}, 1).code == exit_code::done);
    server.kill_primary();
    CHECK(eventually([&] { return server.level_in(1) == "debug"; }));
    server.kill_worker(1);
    CHECK(eventually([&] { return server.level_in(1) == "debug"; }));
    CHECK(eventually([&] { return server.lines().begun[1] == 1; }));
    CHECK(server.level_in(0) == "info");
    CHECK(server.upgrade() == exit_code::done);
    CHECK(eventually([&] { return server.level_in(1) == "debug"; }));

    // The next primary heeds what was said of all itself.
    CHECK(server.log_level({{"level", "warn"}}).code == exit_code::done);
    server.kill_primary();
    CHECK(eventually([&] { return server.log_level().data.at("primary") == "warn"; }));
    server.kill_worker(0);
    CHECK(eventually([&] { return server.level_in(0) == "warn"; }));

    const auto said = server.log_level({{"level", "default"}});
    CHECK(said.data.at("primary") == "info");
    CHECK(server.level_in(0) == "info");
    CHECK(server.level_in(1) == "info");
    server.kill_primary();
    server.kill_worker(1);
    CHECK(eventually([&] { return server.level_in(1) == "info"; }));
}
