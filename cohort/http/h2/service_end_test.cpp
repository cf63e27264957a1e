// How HTTP/2 connections end: drained, by the clock, cut.
#include <cohort/http/h2/service.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/h2/detail/house_test.hpp>

#include <boost/asio/co_spawn.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::h2::detail;
using namespace std::chrono_literals;

namespace {

void add_gate(router& api, bool& open)
{
    api.get("/gate", [&open](const request&) -> task<response> {
        while (!open)
            co_await sleep_for(1ms);
        co_return text("through");
    });
}

struct drained : h2_house {
    using h2_house::h2_house;
    void drain()
    {
        const auto note = [this](const std::exception_ptr&, std::size_t cut) { left = cut; };
        boost::asio::co_spawn(loop, serving->drain(10s), note);
    }
    std::optional<std::size_t> left;
};

}  // namespace

TEST_CASE("a drain says goodbye twice, and finishes what runs")
{
    drained h;
    bool open = false;
    add_gate(h.api, open);
    http::detail::add_hello(h.api);
    speaker c = h.meet(settings() + get(1, "/gate"));
    h.until([&] { return h.two->running() == 1; });
    h.drain();
    h.hear(c, [&] { return c.ears->last_goaway() != nullptr; });
    CHECK(c.ears->last_goaway()->number() == 0x7fff'ffff);
    c.say(get(3));  // was on its way
    h.hear(c, [&] { return c.ears->find(t_ping) != nullptr; });
    c.say(ping(f_ack, c.ears->find(t_ping)->payload));
    h.hear(c, [&] { return c.ears->count(t_goaway) == 2; });
    CHECK(c.ears->last_goaway()->number() == 3);
    CHECK(c.ears->goaway_code() == 0);
    c.say(get(5));  // too late: the client knows that nobody has seen it
    h.hear_answer(c, 3);
    CHECK(!h.left);
    open = true;
    h.hear_answer(c, 1);
    CHECK(c.answer(1).body == "through");
    h.hear_end(c);
    c.end.socket.reset();
    h.until([&] { return h.left.has_value(); });
    CHECK(h.left == 0U);
    CHECK(c.answer(5).status() == 0);
}

TEST_CASE("a client that does not answer the first goodbye hears the second one all the same")
{
    drained h;
    http::detail::add_hello(h.api);
    speaker c = h.meet(settings() + get(1));
    h.hear_answer(c, 1);
    h.drain();
    h.hear(c, [&] { return c.ears->count(t_goaway) == 1; });
    h.tick(3s);
    h.hear(c, [&] { return c.ears->count(t_goaway) == 2; });
    h.hear_end(c);
}

TEST_CASE("a server that stops cuts its connections and cancels their handlers")
{
    h2_house h;
    int ended = 0;
    h.api.get("/never", [&](const request&) -> task<response> {
        co_await sleep_for(1h);
        ++ended;
        co_return text("never");
    });
    h.api.get("/lane", [](const request&) { return text("x"); }, {.cpu_bound = true});
    speaker c = h.meet(settings() + get(1, "/never") + get(3, "/lane"));
    h.until([&] { return h.two->running() != 0; });
    h.stop();
    h.hear_end(c);
    h.until([&] { return ended == 1 && h.two->running() == 0; });
    CHECK(h.two->connections() == 0);
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("a connection without requests ends after keep_alive, whatever it pings")
{
    h2_house h;
    http::detail::add_hello(h.api);
    speaker c = h.meet(settings() + get(1));
    h.hear_answer(c, 1);
    h.tick(74s);
    c.say(ping());
    h.hear(c, [&] { return c.ears->count(t_ping) == 1; });
    CHECK(c.ears->last_goaway() == nullptr);
    h.tick(1s);
    h.hear_end(c);
    CHECK(c.ears->goaway_code() == 0);
    CHECK(c.ears->last_goaway()->number() == 1);
    h.tick(2s);  // it does not close its side
    CHECK(h.two->connections() == 0);
}

TEST_CASE("a head that is never whole ends its connection")
{
    h2_house h;
    http::detail::add_hello(h.api);
    speaker c = h.meet(settings() + frame(t_headers, f_end, 1, block(ask())));
    h.hear(c, [&] { return c.ears->acked_settings(); });
    h.tick(29s);
    CHECK(h.two->connections() == 1);
    h.tick(1s);
    h.hear_end(c);
    CHECK(c.ears->goaway_code() == 11);
    CHECK(h.serving->refusals().front().rule == "http.timeout.head");
}

TEST_CASE("a body that comes too slowly is answered with 408, or told to the handler that reads it")
{
    h2_house h;
    http::detail::add_hello(h.api);
    std::optional<error_code> why;
    h.api.post("/stream",
               [&](const request& r) -> task<response> {
                   for (;;) {
                       const auto piece = co_await r.stream().read();
                       if (!piece) {
                           why = piece.error().why();
                           co_return text("gave up").status(408);
                       }
                   }
               },
               {.body = body_use::streamed});
    speaker c =
        h.meet(settings() + heads(1, ask("POST", "/echo"), f_end_head) + data(1, "slow", f_none) +
               heads(3, ask("POST", "/stream"), f_end_head) + data(3, "slow", f_none));
    h.until([&] { return h.two->running() == 1; });
    h.hear(c, [&] { return c.ears->acked_settings(); });
    h.quiet();
    for (int i = 0; i < 10; ++i)
        h.tick(1s);
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    CHECK(c.answer(1).status() == 408);
    CHECK(c.answer(3).status() == 408);
    CHECK(why == errc::deadline_passed);
    CHECK(c.ears->last_goaway() == nullptr);
}

TEST_CASE(
    "a window that is never opened ends its stream, a socket that is never read its connection")
{
    h2_house h;
    h.api.get("/long", [](const request&) { return text(std::string(3'000'000, 'l')); });
    speaker c = h.meet(settings({{4, 0}}) + get(1, "/long"));
    h.hear(c, [&] { return c.answer(1).status() == 200; });
    h.tick(29s);
    CHECK(c.ears->find(t_rst, 1) == nullptr);
    h.tick(1s);
    h.hear(c, [&] { return c.ears->find(t_rst, 1) != nullptr; });
    CHECK(c.ears->rst_code(1) == 8);
    CHECK(h.two->connections() == 1);

    speaker deaf = h.meet(settings({{4, 5'000'000}}) + window(0, 5'000'000) + get(1, "/long"));
    h.until([&] { return h.two->connections() == 2 && h.two->requests() == 2; });
    h.quiet();
    h.tick(30s);
    h.tick(30s);
    h.until([&] { return h.two->connections() <= 1; });
}

TEST_CASE("a connection that had its requests is drained")
{
    server_options terms;
    terms.requests_per_connection_max = 2;
    h2_house h{{}, std::move(terms)};
    http::detail::add_hello(h.api);
    speaker c = h.meet(settings() + get(1) + get(3));
    h.hear_answer(c, 3);
    CHECK(c.ears->count(t_goaway) == 1);
    c.say(ping(f_ack));
    h.hear_end(c);
    CHECK(c.ears->last_goaway()->number() == 3);
}

TEST_CASE("a client that closes its side has given up: what runs for it is cancelled")
{
    h2_house h;
    http::detail::add_hello(h.api);
    h.api.get("/never", [](const request&) -> task<response> {
        co_await sleep_for(1h);
        co_return text("never");
    });
    speaker c = h.meet(settings() + get(1, "/never") + heads(3, ask("POST", "/echo"), f_end_head));
    h.until([&] { return h.two->running() == 1; });
    ::shutdown(c.end.socket.borrow(), SHUT_WR);
    h.hear(c, [&] { return c.ears->find(t_rst, 3) != nullptr; });
    h.until([&] { return h.two->running() == 0; });
    h.hear_end(c);
    h.until([&] { return h.two->connections() == 0; });
}
