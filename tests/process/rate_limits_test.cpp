// One limit for all workers, whoever dies: programs/regent.cpp, really killed, and a table that
// many processes hammer.

#include "family.hpp"
#include "kept_server.hpp"

#include <cohort/board/segment.hpp>
#include <cohort/http/limiting/limit_table.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/permit.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <set>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

struct tally {
    int admitted = 0;
    int refused = 0;
    std::set<std::int64_t> by;
};

/// Asks on a connection of its own.
void ask(const kept_server& app, tally& into)
{
    const bool answered = eventually([&] {
        try {
            client over{app.port()};
            over.send("GET /limited/ HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
            const std::string said = over.receive_until("}");
            if (said.starts_with("HTTP/1.1 200")) {
                ++into.admitted;
                const auto body = said.substr(said.find("\r\n\r\n") + 4);
                into.by.insert(boost::json::parse(body).at("pid").as_int64());
                return true;
            }
            if (said.starts_with("HTTP/1.1 429")) {
                CHECK(said.find("\"violated-policies\":[\"regent\"]") != std::string::npos);
                ++into.refused;
                return true;
            }
        } catch (const failure&) {
            // a worker that was just killed
        }
        return false;
    });
    REQUIRE(answered);
}

}  // namespace

TEST_CASE("a limit counts once for three workers, and their deaths do not forgive it")
{
    kept_server app{{.workers = 3, .balance = "round_robin"}};
    tally seen;
    while (seen.admitted < 10)
        ask(app, seen);
    CHECK(seen.refused == 0);
    CHECK(seen.by.size() == 3);
    const auto victim = static_cast<pid_t>(*seen.by.begin());
    ::kill(victim, SIGKILL);
    REQUIRE(eventually([&] { return !is_alive(victim); }));
    for (int i = 0; i < 20; ++i)
        ask(app, seen);
    CHECK(seen.admitted == 20);
    CHECK(seen.refused == 10);

    for (const pid_t each : app.workers())
        ::kill(each, SIGKILL);
    for (int i = 0; i < 5; ++i)
        ask(app, seen);
    CHECK(seen.admitted == 20);
}

TEST_CASE("processes that hammer one key, some of them killed, never get more than the limit")
{
    constexpr std::size_t keys = 64;
    constexpr std::uint64_t limit = 1'000;
    auto board = board::segment::create(1);
    REQUIRE(board);
    const auto by =
        http::limit_rule::of({.limit = limit, .window = 1h, .kind = http::limit_kind::fixed_window})
            .value();
    struct totals {
        std::atomic<std::uint64_t> admitted;
        std::atomic<std::uint64_t> asked;
    };
    for (int round = 0; round < 20; ++round) {
        const board::commons all = board->commons();
        const auto named = [&](const char* what) { return what + std::to_string(round); };
        const http::limit_table table{
            all.area(named("table"), http::limit_table::bytes_for(keys)).value()};
        auto& counted = board::area_as<totals>(all.area(named("totals"), sizeof(totals)).value());
        std::vector<process::child> crowd;
        for (int i = 0; i < 4; ++i) {
            auto permit = process::fork_permit::ask();
            REQUIRE(permit);
            auto made = process::clone(std::move(*permit), {}, [&]() noexcept {
                const std::uint64_t key = table.hash("hammered");
                for (int n = 0; n < 1'000; ++n) {
                    counted.asked.fetch_add(1);
                    if (table.hit(by, key, 1'000'000'000).admitted)
                        counted.admitted.fetch_add(1);
                }
                ::_exit(0);
            });
            REQUIRE(made);
            crowd.push_back(std::move(*made));
        }
        // One dies in the middle: what it was admitted for last may be uncounted by us.
        while (counted.asked.load() < 500 && !crowd.front().try_reap()) {
        }
        if (!crowd.front().ended())
            static_cast<void>(crowd.front().signal(SIGKILL));
        for (process::child& each : crowd) {
            while (!each.ended() && !each.try_reap()) {
            }
        }
        REQUIRE(counted.asked.load() > limit);
        REQUIRE(counted.admitted.load() <= limit);
        REQUIRE(counted.admitted.load() >= limit - 1);
        REQUIRE_FALSE(table.hit(by, table.hash("hammered"), 1'000'000'000).admitted);
    }
}
