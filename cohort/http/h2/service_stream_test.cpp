// Bodies piece by piece over HTTP/2, by the windows of both sides.
#include <cohort/http/h2/service.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/h2/detail/house_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::h2::detail;
using namespace std::chrono_literals;

namespace {

/// Counts what it reads, and says so.
task<response> count_body(const request& r)
{
    std::size_t bytes = 0;
    for (;;) {
        const auto piece = co_await r.stream().read();
        if (!piece)
            throw refusal{400}.detail(piece.error().text());
        if (piece->empty())
            break;
        bytes += piece->size();
    }
    co_return text(std::to_string(bytes));
}

void add_count(router& api)
{
    api.post("/count", [](const request& r) { return count_body(r); },
             {.body = body_use::streamed, .body_max = std::size_t{1} << 30});
}

/// Sends a body as far as the server's windows let it.
struct uploader {
    speaker& c;
    std::uint32_t stream;
    std::size_t left;
    std::int64_t mine;
    std::int64_t all;
    std::size_t seen = 0;

    void go()
    {
        for (; seen < c.ears->frames.size(); ++seen) {
            const heard_frame& f = c.ears->frames[seen];
            if (f.type == t_window && f.stream == 0)
                all += f.number();
            else if (f.type == t_window && f.stream == stream)
                mine += f.number();
        }
        while (left != 0 && mine > 0 && all > 0) {
            const auto size = std::min({left, std::size_t{16'384}, static_cast<std::size_t>(mine),
                                        static_cast<std::size_t>(all)});
            left -= size;
            mine -= static_cast<std::int64_t>(size);
            all -= static_cast<std::int64_t>(size);
            c.say(data(stream, std::string(size, 'u'), left == 0 ? f_end : f_none));
            return;  // the server has a turn
        }
    }
};

}  // namespace

TEST_CASE("a streamed body comes as fast as its handler reads, through small windows")
{
    h2_house h{{.stream_window = 20'000, .connection_window = 65'535}};
    add_count(h.api);
    speaker c = h.meet(settings() + settings_ack() + heads(1, ask("POST", "/count"), f_end_head));
    uploader up{.c = c, .stream = 1, .left = 1'000'000, .mine = 20'000, .all = 65'535};
    h.hear(c, [&] {
        up.go();
        return c.answer(1).ended;
    });
    CHECK(c.answer(1).body == "1000000");
}

TEST_CASE("a handler that does not read stops its client, and no other stream")
{
    h2_house h{{.stream_window = 20'000, .connection_window = 100'000}};
    add_count(h.api);
    h.api.post("/sleep",
               [](const request& r) -> task<response> {
                   co_await sleep_for(1h);
                   static_cast<void>(co_await r.stream().read());
                   co_return text("never");
               },
               {.body = body_use::streamed});
    speaker c = h.meet(settings() + settings_ack() + heads(1, ask("POST", "/sleep"), f_end_head) +
                       data(1, std::string(16'000, 'x'), f_none) +
                       data(1, std::string(4'000, 'x'), f_none) +
                       heads(3, ask("POST", "/count"), f_end_head));
    uploader up{.c = c, .stream = 3, .left = 1'000'000, .mine = 20'000, .all = 80'000};
    h.hear(c, [&] {
        up.go();
        return c.answer(3).ended;
    });
    CHECK(c.answer(3).body == "1000000");
    CHECK(c.ears->count(t_window, 1) == 0);
    c.say(data(1, "x", f_none));
    h.hear(c,
           [&] { return c.ears->find(t_rst, 1) != nullptr || c.ears->last_goaway() != nullptr; });
    const bool told = c.ears->rst_code(1) == 3 || c.ears->goaway_code() == 3;
    CHECK(told);
}

TEST_CASE("what a cancelled handler has not read is given back to the connection's window")
{
    h2_house h{{.stream_window = 20'000, .connection_window = 65'535}};
    h.api.post("/sleep",
               [](const request&) -> task<response> {
                   co_await sleep_for(1h);
                   co_return text("never");
               },
               {.body = body_use::streamed});
    add_count(h.api);
    speaker c = h.meet(settings() + settings_ack());
    std::uint32_t id = 1;
    std::int64_t opened = 65'535;
    for (int i = 0; i < 20; ++i, id += 2) {
        c.say(heads(id, ask("POST", "/sleep"), f_end_head) + data(id, std::string(16'000, 'x'), 0));
        h.until([&] { return h.two->running() == 1; });
        c.say(rst(id));
        h.until([&] { return h.two->running() == 0; });
        opened -= 16'000;
        c.listen();
    }
    for (const heard_frame& f : c.ears->frames)
        opened += f.type == t_window && f.stream == 0 ? f.number() : 0;
    CHECK(opened > 30'000);
}

TEST_CASE("a streamed answer waits for the client's window, and ends as it should")
{
    h2_house h;
    std::size_t produced = 0;
    h.api.get("/stream", [&](const request&) {
        return stream("text/plain", [&](body_writer& out) -> awaitable<> {
            const std::string piece(5000, 's');
            for (int i = 0; i < 200; ++i) {
                const auto sent = co_await out.write(piece);
                if (!sent)
                    co_return;
                produced += piece.size();
            }
        });
    });
    speaker c = h.meet(settings({{4, 10'000}}) + get(1, "/stream"));
    h.hear(c, [&] { return c.answer(1).body.size() == 10'000; });
    h.quiet();
    CHECK(produced <= 80'000);
    c.say(window(1, 2'000'000) + window(0, 2'000'000));
    h.hear_answer(c, 1);
    CHECK(c.answer(1).body.size() == 1'000'000);
    CHECK(!c.answer(1).fields.contains("content-length"));
    CHECK(!c.answer(1).fields.contains("transfer-encoding"));
    CHECK(h.two->running() == 0);
}

TEST_CASE("a streamed answer that breaks off is reset, and so is one shorter than it said")
{
    h2_house h;
    h.api.on_handler_error([](const request&, std::string_view) noexcept {});
    h.api.get("/throws", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            static_cast<void>(co_await out.write("half"));
            throw std::runtime_error{"x"};
        });
    });
    h.api.get("/short", [](const request&) {
        return stream("text/plain", 10, [](body_writer& out) -> awaitable<> {
            static_cast<void>(co_await out.write("half"));
        });
    });
    h.api.get("/exact", [](const request&) {
        return stream("text/plain", 4, [](body_writer& out) -> awaitable<> {
            static_cast<void>(co_await out.write("full"));
            const auto more = co_await out.write("x");
            CHECK(!more);
        });
    });
    speaker c = h.meet(settings() + get(1, "/throws") + get(3, "/short") + get(5, "/exact") +
                       heads(7, ask("HEAD", "/exact")));
    for (const unsigned id : {1U, 3U, 5U, 7U})
        h.hear_answer(c, id);
    CHECK(c.ears->rst_code(1) == 2);
    CHECK(c.answer(1).body == "half");
    CHECK(!c.answer(1).ended);
    CHECK(c.ears->rst_code(3) == 2);
    CHECK(c.answer(5).body == "full");
    CHECK(c.answer(5).fields.at("content-length") == "4");
    CHECK(c.answer(7).fields.at("content-length") == "4");
    CHECK(c.answer(7).body.empty());
}

TEST_CASE("a long buffered answer goes through a small socket and a small window")
{
    h2_house h;
    h.api.get("/long", [](const request&) { return text(std::string(1'000'000, 'l')); });
    speaker c = h.meet(settings({{4, 5'000'000}}) + window(0, 9'000'000) + get(1, "/long") +
                           get(3, "/long"),
                       4096);
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    CHECK(c.answer(1).body.size() == 1'000'000);
    CHECK(c.answer(3).body.size() == 1'000'000);
}

TEST_CASE("a client that expects 100 hears it when its body is wanted")
{
    h2_house h;
    add_count(h.api);
    http::detail::add_hello(h.api);
    const fields expects = {{"expect", "100-continue"}, {"content-length", "3"}};
    speaker c = h.meet(settings() + heads(1, ask("POST", "/count") + expects, f_end_head) +
                       heads(3, ask("POST", "/echo") + expects, f_end_head) +
                       heads(5, ask("POST", "/nowhere") + expects, f_end_head));
    h.hear(c, [&] { return c.answer(1).statuses.size() == 1 && c.answer(3).statuses.size() == 1; });
    CHECK(c.answer(1).status() == 100);
    CHECK(c.answer(3).status() == 100);
    h.hear_answer(c, 5);
    CHECK(c.answer(5).statuses == std::vector{404});
    c.say(data(1, "abc") + data(3, "abc"));
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    CHECK(c.answer(1).body == "3");
    CHECK(c.answer(3).body == "abc");
}

TEST_CASE("a streamed body that is longer than its route takes is refused to its handler")
{
    h2_house h;
    h.api.post("/count", [](const request& r) { return count_body(r); },
               {.body = body_use::streamed, .body_max = 10});
    speaker c = h.meet(settings() + heads(1, ask("POST", "/count"), f_end_head) +
                       data(1, std::string(11, 'x'), f_none));
    h.hear_answer(c, 1);
    CHECK(c.answer(1).status() == 400);
    CHECK(c.ears->rst_code(1) == 0);
    CHECK(h.serving->refusals().size() == 1);
}

TEST_CASE("buffered bodies of one connection are bounded together")
{
    h2_house h{{.buffered_bytes_max = 50'000}};
    http::detail::add_hello(h.api);
    speaker c = h.meet(settings());
    const std::string piece(16'000, 'x');
    for (const std::uint32_t id : {1U, 3U, 5U, 7U})
        c.say(heads(id, ask("POST", "/echo"), f_end_head) + data(id, piece, f_none));
    h.hear_answer(c, 7);
    CHECK(c.answer(7).status() == 503);
    c.say(data(1, "x") + data(3, "x") + data(5, "x"));
    h.hear_answer(c, 1);
    CHECK(c.answer(1).body.size() == 16'001);
    c.say(heads(9, ask("POST", "/echo"), f_end_head) + data(9, piece));
    h.hear_answer(c, 9);
    CHECK(c.answer(9).status() == 200);
}
