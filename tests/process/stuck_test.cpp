// A worker that does not get to its connections, a primary that is gone, a log that nobody reads.

#include "api_server.hpp"

#include <cohort/process/spawn.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

/// Asks on 40 connections at once and reads all the answers. Throws failure if one does not come.
void all_are_answered(std::uint16_t port, nanoseconds budget)
{
    std::vector<client> clients;
    for (int i = 0; i < 40; ++i) {
        clients.emplace_back(port);
        ask_for(clients.back(), "/who");
    }
    const steady_time until = now() + budget;
    for (client& each : clients)
        read_answer(each, until - now());
}

}  // namespace

TEST_CASE("what was handed to a frozen worker is answered by the others, in a few seconds")
{
    for (const std::string balance : {"balanced", "round_robin", "least_connections"}) {
        CAPTURE(balance);
        api_server app{{.workers = 2, .balance = balance}};
        const pid_t frozen = app.workers().at(0);
        ::kill(frozen, SIGSTOP);
        CHECK_NOTHROW(all_are_answered(app.port(), 5s));
        ::kill(frozen, SIGCONT);
        CHECK_NOTHROW(all_are_answered(app.port(), 5s));
        CHECK(app.program().stop().code() == 0);
    }
}

TEST_CASE("what was handed to a worker whose handler computes inline is answered by the others")
{
    api_server app{{.workers = 2, .file = "[app.api.health]\nheartbeat = \"60s\"\n"}};
    client busy{app.port()};
    // It must compute before the others come: what it has accepted by then is its own.
    const auto before = processor_time(app.workers());
    ask_for(busy, "/hang");
    REQUIRE(eventually([&] { return processor_time(app.workers()) - before >= 100ms; }));
    CHECK_NOTHROW(all_are_answered(app.port(), 5s));
}

TEST_CASE("after the primary's death new clients are refused while a worker finishes its requests")
{
    api_server app{{.workers = 2}};
    client unfinished{app.port()};
    client other{app.port()};
    ask_for(other, "/wait");  // in flight for up to a minute
    unfinished.send("POST /who HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nabc");
    client third{app.port()};
    who_is(third);
    const auto workers = app.workers();
    app.program().signal(SIGKILL);
    app.program().wait();
    CHECK(eventually([&] {
        try {
            client{app.port()};
            return false;
        } catch (const failure&) {
            return true;  // refused
        }
    }));
    // Those who finish are alive meanwhile.
    CHECK(std::ranges::any_of(workers, is_alive));
    for (const pid_t each : workers)
        ::kill(each, SIGKILL);
}

TEST_CASE("a primary whose log nobody reads any more lives on, and replaces its workers")
{
    const std::uint16_t port = free_port();
    process::program what;
    what.exec = PROCESS_PROGRAMS "api";
    what.args = {"--listen", fmt::format("127.0.0.1:{}", port), "--workers", "2"};
    what.in = process::stdio::null();
    what.out = process::stdio::pipe();
    what.err = process::stdio::null();
    auto permit = process::fork_permit::ask();
    REQUIRE(permit);
    auto started = process::spawn(std::move(*permit), what);
    REQUIRE(started);
    const auto answers = [&] {
        try {
            client one{port};
            return who_is(one).pid != 0;
        } catch (const failure&) {
            return false;
        }
    };
    REQUIRE(eventually(answers));
    REQUIRE(eventually([&] { return workers_below(started->pid()).size() == 2; }));
    started->pipes.out.reset();
    const auto before = workers_below(started->pid());
    ::kill(before.at(0), SIGKILL);  // the primary logs that
    CHECK(eventually([&] {
        const auto present = workers_below(started->pid());
        return present.size() == 2 && present != before;
    }));
    CHECK(!started->try_reap());
    CHECK(answers());
    CHECK(started->signal(SIGTERM));
    CHECK(started->wait().code() == 0);
}
