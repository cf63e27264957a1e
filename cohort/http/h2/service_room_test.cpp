// HTTP/2 beside others who need a place, room for bodies, or their answers read.
#include <cohort/http/h2/detail/house_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::h2;
using namespace cohort::http::h2::detail;
using namespace std::chrono_literals;

TEST_CASE("an HTTP/2 connection without streams makes room, told goodbye; one with a stream stays")
{
    server_options terms;
    terms.connections_max = 3;
    h2_house h{{}, std::move(terms)};
    http::detail::add_hello(h.api);
    speaker idle = h.meet(settings() + get(1, "/"));
    h.hear_answer(idle, 1);
    speaker busy = h.meet(settings() + heads(1, ask("POST", "/echo"), f_end_head));
    h.hear(busy, [&] { return busy.ears->acked_settings(); });
    h.quiet();
    http::detail::clock_now += 3s;
    h.serving->tick();
    h.two->tick();
    busy.say(data(1, std::string(9000, 'b'), f_none));
    h.quiet();
    http::detail::clock_now += 3s;
    http::detail::client newcomer = h.connect();
    CHECK(h.serving->made_room() == 1);
    h.hear_end(idle);
    CHECK(idle.ears->goaway_code() == 0);
    busy.say(data(1, "end"));
    h.hear_answer(busy, 1);
    CHECK(busy.answer(1).body.size() == 9003);
}

TEST_CASE("an HTTP/2 connection that was answered a moment ago is not closed for having been idle")
{
    server_options terms;
    terms.connections_max = 3;
    h2_house h{{}, std::move(terms)};
    http::detail::add_hello(h.api);
    speaker longest = h.meet(settings() + get(1, "/"));
    h.hear_answer(longest, 1);
    h.tick(1s);
    speaker idle = h.meet(settings() + get(1, "/"));
    h.hear_answer(idle, 1);
    h.tick(6s);
    // Both could make room, and one of them does.
    http::detail::client first = h.connect();
    CHECK(h.serving->made_room() == 1);
    h.hear_end(longest);
    idle.say(get(3, "/"));
    h.hear_answer(idle, 3);
    http::detail::client second = h.connect();
    CHECK(h.serving->made_room() == 1);
    idle.say(get(5, "/"));
    h.hear_answer(idle, 5);
}

TEST_CASE("what has come of a request over HTTP/2 while the loop was busy is not late")
{
    h2_house h;
    http::detail::add_hello(h.api);
    speaker c = h.meet(settings() + heads(1, ask("POST", "/echo"), f_end_head));
    c.say(data(1, std::string(100, 'x'), f_none));
    h.quiet();
    c.say(data(1, std::string(9000, 'y')));
    h.tick(20s);
    h.hear_answer(c, 1);
    CHECK(c.answer(1).status() == 200);
    CHECK(c.answer(1).body.size() == 9100);
}

TEST_CASE("bodies of HTTP/2 have the server's budget together with all others")
{
    server_options terms;
    terms.bodies_bytes_max = 150'000;
    terms.limits.body_bytes_max = 150'000;
    h2_house h{{}, std::move(terms)};
    h.api.post("/size", [](const request& r) { return text(std::to_string(r.body().size())); });
    speaker first = h.meet(settings());
    speaker second = h.meet(settings());
    const std::string piece(16'000, 'x');
    const auto send = [&](speaker& who, std::uint32_t id, int pieces) {
        who.say(heads(id, ask("POST", "/size"), f_end_head));
        for (int i = 0; i < pieces; ++i) {
            who.say(data(id, piece, f_none));
            h.quiet();
        }
    };
    send(first, 1, 5);
    h.until([&] { return h.serving->bodies().bytes() == 80'000; });
    send(second, 1, 5);
    h.hear_answer(second, 1);
    CHECK(second.answer(1).status() == 503);
    CHECK(second.answer(1).fields.contains("retry-after"));
    CHECK(h.serving->bodies().refused() == 1);

    // A small one needs no room, and one that is here for long makes some.
    second.say(heads(3, ask("POST", "/size"), f_end_head) + data(3, piece));
    h.hear_answer(second, 3);
    CHECK(second.answer(3).status() == 200);
    for (int i = 0; i < 6; ++i) {
        http::detail::clock_now += 1s;
        h.serving->tick();
        h.two->tick();
    }
    send(second, 5, 5);
    h.hear_answer(first, 1);
    CHECK(first.answer(1).status() == 503);
    second.say(data(5, "end"));
    h.hear_answer(second, 5);
    CHECK(second.answer(5).body == "80003");
    CHECK(h.serving->bodies().given_up() == 1);
    CHECK(h.serving->bodies().bytes() == 0);
}

TEST_CASE("streams of one connection make room for each other, while its frames are read")
{
    server_options terms;
    terms.bodies_bytes_max = 150'000;
    terms.limits.body_bytes_max = 150'000;
    h2_house h{{}, std::move(terms)};
    h.api.post("/size", [](const request& r) { return text(std::to_string(r.body().size())); });
    speaker c = h.meet(settings());
    const std::string piece(16'000, 'x');
    const auto send = [&](std::uint32_t id, int pieces) {
        c.say(heads(id, ask("POST", "/size"), f_end_head));
        for (int i = 0; i < pieces; ++i) {
            c.say(data(id, piece, f_none));
            h.quiet();
        }
    };
    send(1, 5);
    for (int i = 0; i < 6; ++i)
        h.tick(1s);
    send(3, 6);
    h.hear_answer(c, 1);
    CHECK(c.answer(1).status() == 503);
    CHECK(h.serving->bodies().given_up() == 1);
    c.say(data(1, piece));
    c.say(data(3, "end"));
    h.hear_answer(c, 3);
    CHECK(c.answer(3).body == "96003");
    CHECK(h.serving->bodies().bytes() == 0);
}

TEST_CASE("a body over HTTP/2 that came fast at first is not waited for when it stalls")
{
    h2_house h;
    http::detail::add_hello(h.api);
    speaker c = h.meet(settings() + heads(1, ask("POST", "/echo"), f_end_head));
    for (int i = 0; i < 10; ++i) {
        c.say(data(1, std::string(16'000, 'x'), f_none));
        h.quiet();
    }
    for (int second = 0; second < 33; ++second)
        h.tick(1s);
    h.hear_answer(c, 1);
    CHECK(c.answer(1).status() == 408);
}

TEST_CASE("a window that is opened by a little now and then ends its stream")
{
    h2_house h;
    h.api.get("/long", [](const request&) { return text(std::string(100'000, 'l')); });
    speaker slow = h.meet(settings({{4, 0}}) + get(1, "/long"));
    speaker steady = h.meet(settings({{4, 0}}) + get(1, "/long"));
    h.hear(slow, [&] { return slow.answer(1).status() == 200; });
    h.hear(steady, [&] { return steady.answer(1).status() == 200; });
    for (int i = 0; i < 5; ++i) {
        slow.say(window(1, 1000));
        steady.say(window(1, 6000));
        h.quiet();
        for (int second = 0; second < 20; ++second)
            h.tick(1s);
        steady.listen();
    }
    h.hear(slow, [&] { return slow.ears->find(t_rst, 1) != nullptr; });
    CHECK(slow.ears->rst_code(1) == 8);
    CHECK(steady.ears->find(t_rst, 1) == nullptr);
    CHECK(h.two->connections() == 2);
}
