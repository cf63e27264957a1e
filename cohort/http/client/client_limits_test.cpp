// Bounds of the client: connections, time, circuits, and calls that are given up.
#include <cohort/http/client/client.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http/client/detail/client_scene_test.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace cohort;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

using http::client_request;
using http::method;
using circuit = http::circuit_breaker::state;

http::client_options quick()
{
    http::client_options options;
    options.retry.attempts_max = 1;
    options.clock = &test_clock;
    return options;
}

struct scene : client_scene {
    explicit scene(http::client_options options = quick())
        : client{std::move(options)}
    {
        look_after(client);
    }
    result<http::client_response> get(const std::string& address)
    {
        return run(client.get(address));
    }
    /// Starts one and does not wait for it.
    asio::cancellation_signal* start(const std::string& address)
    {
        return tasks.spawn(note(address));
    }
    awaitable<> note(std::string address)
    {
        auto got = co_await client.get(address);
        ends.push_back(got ? errc{} : static_cast<errc>(got.error().why().value()));
    }

    http::client client;
    std::vector<errc> ends;
};

/// A port that nobody listens on.
std::string closed_port()
{
    boost::asio::io_context loop;
    const tcp::acceptor gone{loop, {boost::asio::ip::address_v4::loopback(), 0}};
    return fmt::format("http://127.0.0.1:{}", gone.local_endpoint().port());
}

}  // namespace

TEST_CASE("a server that does not answer, or not to the end, is waited for no longer than wanted")
{
    http::client_options options = quick();
    options.first_byte = 10ms;
    scene s{options};
    const std::string silent = s.serve([](const std::string&) { return reply{}; });
    CHECK(s.get(silent).error().why() == errc::deadline_passed);
    CHECK(s.client.counters().timed_out == 1);

    const std::string stuck = s.serve(
        [](const std::string&) { return reply{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"}; });
    client_request ask{method::get, stuck};
    ask.within(20ms);
    CHECK(s.run(s.client.send(ask)).error().why() == errc::deadline_passed);

    http::client_options brief = quick();
    brief.total = 10ms;
    scene in_all{brief};
    const std::string mute = in_all.serve([](const std::string&) { return reply{}; });
    CHECK(in_all.get(mute).error().why() == errc::deadline_passed);
}

TEST_CASE("calls share few connections, wait for their turn, and not too many wait")
{
    http::client_options options = quick();
    options.connections_per_origin = 1;
    options.waiting_max = 3;
    scene s{options};
    s.h.api.get("/slow", [](const http::request&) -> task<http::response> {
        co_await sleep_for(1ms);
        co_return http::text("slowly");
    });
    const std::string at = s.serve();
    for (int i = 0; i < 5; ++i)
        s.start(at + "/slow");
    s.h.until([&] { return s.ends.size() == 5; });
    CHECK(std::ranges::count(s.ends, errc{}) == 4);
    CHECK(std::ranges::count(s.ends, errc::queue_full) == 1);
    CHECK(s.accepted == 1);
    CHECK(s.client.counters().refused_waiting == 1);
}

TEST_CASE("all origins together have a bound, and idle connections give way")
{
    http::client_options options = quick();
    options.connections_max = 2;
    scene s{options};
    std::vector<std::string> origins;
    for (int i = 0; i < 4; ++i)
        origins.push_back(s.serve([](const std::string&) { return reply{plain("x")}; }));
    for (int round = 0; round < 2; ++round) {
        for (const std::string& each : origins)
            CHECK(s.get(each)->body() == "x");
    }
    CHECK(s.accepted == 8);
    CHECK(s.get(origins.back())->body() == "x");
    CHECK(s.accepted == 8);
}

TEST_CASE("a call that is cancelled ends at once, and gives its place to the next one")
{
    http::client_options options = quick();
    options.connections_per_origin = 1;
    scene s{options};
    bool answers = false;
    const std::string at =
        s.serve([&](const std::string&) { return answers ? reply{plain("x")} : reply{}; });
    auto* const first = s.start(at);
    s.h.until([&] { return s.heads.size() == 1; });
    auto* const second = s.start(at);
    s.start(at);
    s.h.quiet();
    answers = true;
    second->emit(asio::cancellation_type::terminal);
    first->emit(asio::cancellation_type::terminal);
    s.h.until([&] { return s.ends.size() == 3; });
    CHECK(std::ranges::count(s.ends, errc{}) == 1);
    CHECK(s.client.counters().answered == 1);
    CHECK(s.client.circuit(at) == circuit::closed);
}

TEST_CASE("an origin that fails is left alone for a while, and others are not")
{
    http::client_options options = quick();
    options.breaker = {.failures_min = 3, .open_for = 1s, .open_ceiling = 1s};
    scene s{options};
    bool works = false;
    const std::string at = s.serve([&](const std::string&) {
        return works ? reply{plain("x")} : reply{plain("", "500 Internal Server Error")};
    });
    for (int i = 0; i < 3; ++i)
        CHECK(s.get(at)->status() == 500);
    CHECK(s.client.circuit(at) == circuit::open);
    const auto refused = s.get(at);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why() == errc::circuit_open);
    CHECK(refused.error().text() == fmt::format("call {}: calls there fail too often, and none is "
                                                "made for a while",
                                                at));
    CHECK(s.client.counters().refused_by_breaker == 1);
    CHECK(s.heads.size() == 3);

    const std::string other = s.serve([](const std::string&) { return reply{plain("other")}; });
    CHECK(s.get(other)->body() == "other");

    clock_now += 1s;
    CHECK(s.get(at)->status() == 500);
    CHECK(s.client.circuit(at) == circuit::open);
    clock_now += 1s;
    works = true;
    CHECK(s.get(at)->body() == "x");
    CHECK(s.client.circuit(at) == circuit::closed);
}

TEST_CASE("callers without time, and those who give up, do not open the circuit for others")
{
    http::client_options options = quick();
    options.breaker.failures_min = 1;
    scene s{options};
    const std::string at = s.serve([](const std::string&) { return reply{}; });
    client_request ask{method::get, at};
    ask.within(5ms);
    CHECK(s.run(s.client.send(ask)).error().why() == errc::deadline_passed);
    ask.within(nanoseconds{0});
    CHECK(s.run(s.client.send(ask)).error().why() == errc::deadline_passed);
    CHECK(s.heads.size() == 1);
    auto* const call = s.start(at);
    s.h.until([&] { return s.heads.size() == 2; });
    call->emit(asio::cancellation_type::terminal);
    s.h.until([&] { return s.ends.size() == 1; });
    CHECK(s.ends.front() == errc::cancelled);
    CHECK(s.client.circuit(at) == circuit::closed);
}

TEST_CASE("nobody at the other end is said so, tried again, and opens the circuit")
{
    http::client_options options = quick();
    options.retry = {.attempts_max = 3, .pause_first = 1ms, .pause_ceiling = 1ms};
    options.breaker.failures_min = 6;
    scene s{options};
    const std::string at = closed_port();
    const auto got = s.run(s.client.send(client_request{method::post, at}));
    REQUIRE_FALSE(got);
    CHECK(got.error().why().value() == ECONNREFUSED);
    CHECK(s.client.counters().retries == 2);
    CHECK_FALSE(s.get(at));
    CHECK(s.client.circuit(at) == circuit::open);
    CHECK(s.get(at).error().why() == errc::circuit_open);
}

TEST_CASE("names are resolved beside the loop, and those that do not exist are faults")
{
    scene s;
    const std::string at = s.serve([](const std::string&) { return reply{plain("x")}; });
    const std::string port = at.substr(at.rfind(':'));
    CHECK(s.get("http://localhost" + port + "/")->body() == "x");
    CHECK_FALSE(s.get("http://no-such-host.invalid" + port + "/"));
}

TEST_CASE("idle connections close after a while, and those of a loop end with it")
{
    http::client_options options = quick();
    options.idle = 5ms;
    scene s{options};
    const std::string at = s.serve([](const std::string&) { return reply{plain("x")}; });
    CHECK(s.get(at)->body() == "x");
    s.h.until([&] { return s.tasks.size() == 1; });  // the server has seen the end
    CHECK(s.get(at)->body() == "x");
    CHECK(s.accepted == 2);

    http::client kept;
    for (int i = 0; i < 2; ++i) {
        client_scene brief;
        brief.h.api.get("/", [](const http::request&) { return http::text("x"); });
        const std::string there = brief.serve();
        brief.look_after(kept);
        CHECK(brief.run(kept.get(there + "/"))->body() == "x");
    }
}
