#include <cohort/http/h2/service.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/board/quarantine.hpp>
#include <cohort/http/fingerprint.hpp>
#include <cohort/http/h2/detail/house_test.hpp>
#include <cohort/http/problem.hpp>

#include <boost/asio/co_spawn.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::h2::detail;
using http::detail::add_hello;
using namespace std::chrono_literals;

TEST_CASE("a client with prior knowledge gets its answers over HTTP/2")
{
    h2_house h;
    add_hello(h.api);
    speaker c = h.meet(settings() + get(1) + get(3, "/nowhere"));
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    CHECK(c.answer(1).status() == 200);
    CHECK(c.answer(1).body == "Hello, world");
    CHECK(c.answer(1).fields.at("content-length") == "12");
    CHECK(!c.answer(1).fields.contains("connection"));
    CHECK(c.answer(3).status() == 404);
    CHECK(c.answer(3).fields.at("content-type") == "application/problem+json");
    CHECK(h.two->requests() == 2);
    CHECK(h.serving->connections() == 1);
    CHECK(h.serving->requests() == 2);
    CHECK(h.serving->running() == 0);
}

TEST_CASE("a body is buffered, and HEAD has none")
{
    h2_house h;
    add_hello(h.api);
    speaker c = h.meet(settings() + heads(1, ask("POST", "/echo"), f_end_head) +
                       data(1, "hello ", f_none) + data(1, "you"));
    c.say(heads(3, ask("HEAD")));
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    CHECK(c.answer(1).body == "hello you");
    CHECK(c.answer(3).status() == 200);
    CHECK(c.answer(3).fields.at("content-length") == "12");
    CHECK(c.answer(3).body.empty());
}

TEST_CASE("answers without a body have none, and fields of a connection are left out")
{
    h2_house h;
    h.api.get("/204", [](const request&) { return no_content(); });
    h.api.get("/304", [](const request&) { return text("not sent").status(304); });
    h.api.get("/fields", [](const request&) {
        return text("x").header("Keep-Alive", "5").header("Upgrade", "h2c").header("X-Name", "v");
    });
    h.api.get("/101", [](const request&) {
        return switch_protocols("websocket", [](taken_connection) noexcept {});
    });
    speaker c =
        h.meet(settings() + get(1, "/204") + get(3, "/304") + get(5, "/fields") + get(7, "/101"));
    for (const unsigned id : {1U, 3U, 5U, 7U})
        h.hear_answer(c, id);
    CHECK(c.answer(1).status() == 204);
    CHECK(!c.answer(1).fields.contains("content-length"));
    CHECK(c.answer(3).status() == 304);
    CHECK(c.answer(3).body.empty());
    CHECK(c.answer(5).fields.at("x-name") == "v");
    CHECK(!c.answer(5).fields.contains("keep-alive"));
    CHECK(!c.answer(5).fields.contains("upgrade"));
    CHECK(c.answer(7).status() == 400);
}

TEST_CASE("what a handler throws, and what is no request of ours, are answered on their streams")
{
    h2_house h;
    add_hello(h.api);
    h.api.get("/throws", [](const request&) -> response { throw std::runtime_error{"secret"}; });
    h.api.on_handler_error([](const request&, std::string_view) noexcept {});
    h.api.post("/small", [](const request&) { return text("x"); }, {.body_max = 4});
    h.api.get("/late", [](const request&) -> task<response> {
        throw refusal{409};
        co_return text("never");
    });
    speaker c =
        h.meet(settings() + get(1, "/throws") +
               heads(3, ask() + fields{{"x", std::string(12'000, 'x')}}, f_end) +
               frame(t_continuation, f_end_head, 3, block({{"y", std::string(12'000, 'y')}})) +
               heads(5, ask("POST", "/small") + fields{{"content-length", "5"}}, f_end_head) +
               heads(7, ask("POST", "/small"), f_end_head) + data(7, "12345", f_none) +
               get(9, "/late") + get(11));
    for (const unsigned id : {1U, 3U, 5U, 7U, 9U, 11U})
        h.hear_answer(c, id);
    CHECK(c.answer(1).status() == 500);
    CHECK(c.answer(3).status() == 431);
    CHECK(c.answer(5).status() == 413);
    CHECK(c.answer(7).status() == 413);
    CHECK(c.ears->rst_code(5) == 0);  // the rest of the body is not wanted
    CHECK(c.answer(9).status() == 409);
    CHECK(c.answer(11).status() == 200);
    CHECK(h.serving->refusals().size() == 2);
    CHECK(h.two->running() == 0);
}

TEST_CASE("a hundred requests at a time, in all three modes, are all answered")
{
    h2_house h;
    add_hello(h.api);
    h.api.get("/lane", [](const request&) { return text("lane"); }, {.cpu_bound = true});
    h.api.get("/later", [](const request&) -> task<response> {
        co_await sleep_for(1ms);
        co_return text("later");
    });
    speaker c = h.meet(settings() + settings_ack());
    std::uint32_t id = 1;
    for (int round = 0; round < 5; ++round) {
        std::string all;
        const std::uint32_t begins = id;
        for (int i = 0; i < 99; ++i, id += 2)
            all += get(id, std::vector<std::string>{"/", "/lane", "/later"}.at(id / 2 % 3));
        c.say(all);
        for (std::uint32_t each = begins; each < id; each += 2)
            h.hear_answer(c, each);
    }
    for (const auto& [stream, answer] : c.ears->answers)
        CHECK(answer.status() == 200);
    CHECK(c.ears->answers.size() == 495);
    CHECK(h.two->running() == 0);
}

TEST_CASE("more requests at a time than allowed are refused, and can be sent again")
{
    h2_house h{{.streams_max = 2}};
    h.api.get("/never", [](const request&) -> task<response> {
        co_await sleep_for(1h);
        co_return text("never");
    });
    add_hello(h.api);
    speaker c = h.meet(settings() + get(1, "/never") + get(3, "/never") + get(5));
    h.hear(c, [&] { return c.ears->find(t_rst, 5) != nullptr; });
    CHECK(c.ears->rst_code(5) == 7);
    c.say(rst(1));
    c.say(get(7));
    h.hear_answer(c, 7);
    CHECK(c.answer(7).status() == 200);
}

TEST_CASE("a reset cancels its handler, and nobody else's")
{
    h2_house h;
    int cancelled = 0;
    int done = 0;
    h.api.get("/wait", [&](const request& r) -> task<response> {
        const bool short_one = r.query("ms").has_value();
        const std::chrono::nanoseconds pause = short_one ? 1ms : 1h;
        co_await sleep_for(pause);
        ++(short_one ? done : cancelled);
        co_return text("waited");
    });
    speaker c = h.meet(settings() + get(1, "/wait") + get(3, "/wait?ms"));
    h.until([&] { return h.two->running() != 0; });
    c.say(rst(1));
    h.hear_answer(c, 3);
    h.until([&] { return cancelled == 1; });
    CHECK(done == 1);
    CHECK(c.answer(3).status() == 200);
    CHECK(h.two->running() == 0);
    CHECK(h.two->connections() == 1);
}

TEST_CASE("a client that leaves cancels its handlers, and is counted as cut")
{
    std::vector<access_end> ends;
    server_options terms;
    terms.on_answered = [&](const access_entry& e) noexcept { ends.push_back(e.end); };
    h2_house h{{}, std::move(terms)};
    int cancelled = 0;
    h.api.get("/wait", [&](const request&) -> task<response> {
        co_await sleep_for(1h);
        ++cancelled;
        co_return text("never");
    });
    {
        speaker c = h.meet(settings() + get(1, "/wait") + get(3, "/wait"));
        h.until([&] { return h.two->running() == 2; });
    }
    h.until([&] { return cancelled == 2 && h.two->connections() == 0; });
    CHECK(h.serving->connections() == 0);
    CHECK(ends == std::vector{access_end::cut, access_end::cut});
}

TEST_CASE("10,000 streams that are reset at once end their connection, and cost no more than it")
{
    h2_house h;
    int begun = 0;
    h.api.get("/wait", [&](const request&) -> task<response> {
        ++begun;
        co_await sleep_for(1h);
        co_return text("never");
    });
    add_hello(h.api);
    speaker c = h.meet(settings());
    std::uint32_t id = 1;
    for (int i = 0; i < 10'000 && !c.end.closed; ++i, id += 2) {
        const std::string both = get(id, "/wait") + rst(id);
        if (::send(c.end.socket.borrow(), both.data(), both.size(), MSG_NOSIGNAL) < 0)
            break;
        h.loop.poll();
        c.listen();
    }
    h.hear_end(c);
    CHECK(c.ears->goaway_code() == 11);
    CHECK(h.two->counts().reset_floods == 1);
    CHECK(h.two->counts().streams < 300);
    CHECK(begun < 300);
    h.until([&] { return h.two->running() == 0; });
    speaker other = h.meet(settings() + get(1));
    h.hear_answer(other, 1);
    CHECK(other.answer(1).status() == 200);
}

TEST_CASE("access log, counters and peers know requests of HTTP/2")
{
    std::vector<std::string> lines;
    server_options terms;
    terms.on_answered = [&](const access_entry& e) noexcept {
        lines.push_back(std::string{e.method_text} + " " + std::string{e.target} + " " +
                        std::string{e.route} + " " + std::to_string(e.status) + " " +
                        std::to_string(e.body_bytes) + " " + e.from->address());
    };
    int refused = 0;
    terms.on_refused = [&](const refusal_entry&) noexcept { ++refused; };
    h2_house h{{}, std::move(terms)};
    add_hello(h.api);
    speaker c = h.meet(settings() + get(1, "/?a=1") + heads(3, ask("GET", "/#x")));
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    CHECK(lines == std::vector<std::string>{"GET /?a=1 / 200 12 local"});
    CHECK(refused == 1);
    CHECK(c.answer(3).status() == 400);
}

TEST_CASE("the server counts connections and requests of HTTP/2 once, and knows the oldest")
{
    std::atomic<std::uint32_t> connections = 0;
    std::atomic<std::uint64_t> requests = 0;
    board::answer_cells answers{};
    server_options terms;
    terms.counters = {
        .connections_open = &connections, .requests_total = &requests, .answers = &answers};
    h2_house h{{}, std::move(terms)};
    h.api.get("/wait", [&](const request&) -> task<response> {
        co_await sleep_for(1h);
        co_return text("never");
    });
    add_hello(h.api);
    speaker c = h.meet(settings() + get(1, "/wait"));
    h.until([&] { return h.two->running() == 1; });
    const steady_time first = http::detail::clock_now;
    h.tick(2s);
    c.say(get(3, "/wait") + get(5));
    h.hear_answer(c, 5);
    CHECK(h.serving->oldest_begun() == first);
    CHECK(connections == 1);
    CHECK(requests == 3);
    c.say(rst(1));
    h.until([&] { return h.two->running() == 1; });
    CHECK(h.serving->oldest_begun() == first + 2s);
}

TEST_CASE("a request like one that has ended workers is not run, a suspect is run alone")
{
    board::quarantine_table table{};
    board::quarantine book{table};
    server_options terms;
    terms.survival.quarantine = &book;
    std::vector<poison_entry::reason> told;
    terms.survival.on_poison = [&](const poison_entry& e) noexcept { told.push_back(e.why); };
    h2_house h{{}, std::move(terms)};
    int ran = 0;
    std::uint64_t alike = 0;
    h.api.get("/bad", [&](const request& r) {
        ++ran;
        alike = fingerprint(r);
        return text("ran");
    });
    speaker c = h.meet(settings() + get(1, "/bad"));
    h.hear_answer(c, 1);
    static_cast<void>(book.strike(alike, now(), 60s));
    c.say(get(3, "/bad"));
    h.hear_answer(c, 3);
    CHECK(c.answer(3).status() == 200);
    static_cast<void>(book.strike(alike, now(), 60s));
    c.say(get(5, "/bad"));
    h.hear_answer(c, 5);
    CHECK(c.answer(5).status() == 500);
    CHECK(ran == 2);
    CHECK(told == std::vector{poison_entry::reason::quarantined});
}
