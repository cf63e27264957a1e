#include <cohort/http/h2/connection.hpp>

#include <cohort/http/h2/frames_test.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::h2;
using namespace cohort::http::h2::detail;

namespace {

/// Answers nothing by itself, and remembers everything.
struct listener final : connection_user {
    struct known {
        std::string text;
        std::string body;
        bool ended = false;
        bool closed = false;
        int refused = 0;
    };
    void request_came(arrival what) override
    {
        known& r = requests[what.stream];
        r.text = std::move(what.text);
        r.ended = what.body == head_builder::body::none;
        r.refused = what.why->status;
    }
    void body_came(stream_id stream, std::string_view piece) override
    {
        requests[stream].body += piece;
    }
    void body_ended(stream_id stream) override { requests[stream].ended = true; }
    void stream_closed(stream_id stream) noexcept override
    {
        ++closed;
        if (const auto at = requests.find(stream); at != requests.end())
            at->second.closed = true;
    }
    std::map<stream_id, known> requests;
    int closed = 0;
};

struct text_source final : body_source {
    step give(std::span<char> room) noexcept override
    {
        if (text.empty())
            return {more ? step::kind::later : step::kind::last};
        const std::size_t size = std::min(room.size(), text.size());
        std::copy_n(text.data(), size, room.data());
        text.erase(0, size);
        return {step::kind::more, size};
    }
    std::string text;
    bool more = false;
};

struct scene {
    explicit scene(options with = {})
        : own{with}
    {
        say(std::string{preface} + settings());
    }
    void say(std::string_view bytes)
    {
        of.receive(bytes, second);
        listen();
    }
    void listen()
    {
        std::string out;
        of.produce(out, 1U << 30);
        client.hear(out);
    }
    void answer(stream_id stream, body_source* body = nullptr)
    {
        const response what = text("");
        of.answer(stream, what, method::get, body);
        listen();
    }

    limits bounds{};
    options own;
    listener heard;
    std::uint32_t second = 1;
    connection of{bounds, own, heard, 1};
    ear client;
};

}  // namespace

TEST_CASE("a connection begins with our settings, and the client's are acknowledged")
{
    scene s;
    REQUIRE(!s.client.frames.empty());
    CHECK(s.client.frames.front().type == t_settings);
    CHECK(s.client.acked_settings());
    CHECK(s.client.find(t_window) != nullptr);
    CHECK(!s.of.over());
}

TEST_CASE("a request is told once its head is whole, whatever pieces it came in")
{
    scene s;
    const std::string bytes = heads(1, ask("POST") + fields{{"a", "b"}}, f_end_head) +
                              data(1, "hel", f_none) + data(1, "lo");
    for (const char c : bytes)
        s.say({&c, 1});
    const auto& r = s.heard.requests.at(1);
    CHECK(r.text == "POST / HTTP/1.1\r\nhost: test\r\na: b\r\n\r\n");
    CHECK(r.body == "hello");
    CHECK(r.ended);
    CHECK(r.refused == 0);
    s.answer(1);
    CHECK(s.client.answers.at(1).status() == 200);
    CHECK(s.client.answers.at(1).ended);
    CHECK(s.client.answers.at(1).fields.at("content-type") == "text/plain; charset=utf-8");
    CHECK(s.client.answers.at(1).fields.contains("date"));
    CHECK(r.closed);
}

TEST_CASE("an answer's body goes as far as the client's windows, and waits for its source")
{
    scene s;
    s.say(settings({{4, 10}}) + get(1));
    text_source body;
    body.text = "0123456789abc";
    body.more = true;
    s.answer(1, &body);
    CHECK(s.client.answers.at(1).body == "0123456789");
    s.say(window(1, 1000));
    CHECK(s.client.answers.at(1).body == "0123456789abc");
    CHECK(!s.client.answers.at(1).ended);
    body.text = "def";
    body.more = false;
    s.of.more(1);
    s.listen();
    CHECK(s.client.answers.at(1).body == "0123456789abcdef");
    CHECK(s.client.answers.at(1).ended);
}

TEST_CASE("windows are opened by what is consumed, and by nothing else")
{
    scene s{{.stream_window = 1000, .connection_window = 100'000}};
    s.say(settings_ack() + heads(1, ask("POST"), f_end_head) + data(1, std::string(1000, 'x'), 0));
    CHECK(s.client.find(t_window, 1) == nullptr);
    CHECK(!s.of.may_send(1));
    s.of.consumed(1, 1000);
    s.listen();
    REQUIRE(s.client.find(t_window, 1) != nullptr);
    CHECK(s.client.find(t_window, 1)->number() == 1000);
    CHECK(s.of.may_send(1));
    s.say(data(1, std::string(1001, 'x'), 0));
    const bool told = s.client.rst_code(1) == 3 || s.client.goaway_code() == 3;
    CHECK(told);
}

TEST_CASE("an answer before the end of the body ends the stream without an error")
{
    scene s;
    s.say(heads(1, ask("POST"), f_end_head) + data(1, "x", f_none));
    s.answer(1);
    CHECK(s.client.answers.at(1).ended);
    CHECK(s.client.rst_code(1) == 0);
    CHECK(s.heard.requests.at(1).closed);
    CHECK(s.of.counts().errors == 0);
}

TEST_CASE("malformed requests reset their streams, and too many of them end the connection")
{
    scene s;
    s.say(heads(1, ask() + fields{{"Upper", "x"}}) + heads(3, ask() + fields{{"host", "other"}}));
    CHECK(s.client.rst_code(1) == 1);
    CHECK(s.client.rst_code(3) == 1);
    CHECK(s.of.counts().malformed == 2);
    CHECK(s.heard.requests.empty());
    for (std::uint32_t id = 5; id < 1000 && !s.of.over(); id += 2)
        s.say(heads(id, ask() + fields{{"te", "gzip"}}));
    CHECK(s.client.goaway_code() == 11);
    CHECK(s.of.counts().error_floods == 1);
    CHECK(s.of.over());
}

TEST_CASE("streams that are reset as fast as they come end the connection")
{
    scene s;
    std::uint32_t id = 1;
    for (int i = 0; i < 10'000 && !s.of.over(); ++i, id += 2)
        s.say(get(id) + rst(id));
    CHECK(s.client.goaway_code() == 11);
    CHECK(s.of.counts().reset_floods == 1);
    CHECK(s.of.counts().streams <= 201);

    scene slow;  // a person who clicks quickly
    for (id = 1; id < 2000; id += 2) {
        slow.say(get(id) + rst(id));
        slow.second += id % 60 == 1 ? 1U : 0U;
    }
    CHECK(!slow.of.over());
}

TEST_CASE("frames that move nothing are counted, and end the connection when they come in floods")
{
    const auto flood = [](const std::string& what) {
        scene s;
        s.say(heads(1, ask("POST"), f_end_head));
        for (int i = 0; i < 3000 && !s.of.over(); ++i)
            s.say(what);
        CHECK(s.client.goaway_code() == 11);
        return s.of.counts().idle_floods;
    };
    CHECK(flood(ping()) == 1);
    CHECK(flood(settings()) == 1);
    CHECK(flood(data(1, "", f_none)) == 1);
    CHECK(flood(frame(t_data, f_padded, 1, std::string("\x02\0\0", 3))) == 1);
    CHECK(flood(frame(t_priority, 0, 3, u32(0) + "x")) == 1);
    CHECK(flood(window(0, 1)) == 1);
}

TEST_CASE("acknowledgements that the client does not read end the connection")
{
    scene s;
    for (int i = 0; i < 200; ++i)
        s.of.receive(ping(), 1);
    s.listen();
    CHECK(s.client.goaway_code() == 11);
    CHECK(s.of.counts().ack_floods == 1);
    CHECK(s.of.over());
}

TEST_CASE("a head of endless CONTINUATION frames ends the connection")
{
    scene s;
    s.say(frame(t_headers, f_end, 1, block(ask())));
    for (int i = 0; i < 100 && !s.of.over(); ++i)
        s.say(frame(t_continuation, 0, 1, block({{"x", "y"}})));
    CHECK(s.client.goaway_code() == 11);
    CHECK(s.of.counts().head_floods == 1);
    CHECK(s.of.over());
}

TEST_CASE("a head that is beyond our limits is told as refused, and the connection goes on")
{
    scene s;
    const std::string block_of = block(ask() + fields{{"x", std::string(8000, 'x')},
                                                      {"y", std::string(8000, 'y')},
                                                      {"z", std::string(8000, 'z')}});
    s.say(frame(t_headers, f_end, 1, block_of.substr(0, 16'000)) +
          frame(t_continuation, f_end_head, 1, block_of.substr(16'000)));
    CHECK(s.heard.requests.at(1).refused == 431);
    s.say(get(3));
    CHECK(s.heard.requests.at(3).refused == 0);
}

TEST_CASE("a drain says so first, and which stream was the last once the client knows")
{
    scene s;
    s.say(get(1));
    s.of.drain();
    s.listen();
    REQUIRE(s.client.last_goaway() != nullptr);
    CHECK(s.client.last_goaway()->number() == 0x7fff'ffff);
    s.say(get(3));  // was on its way
    const heard_frame* ours = s.client.find(t_ping);
    REQUIRE(ours != nullptr);
    s.say(ping(f_ack, ours->payload));
    CHECK(s.client.last_goaway()->number() == 3);
    CHECK(s.client.goaway_code() == 0);
    s.say(get(5));
    CHECK(!s.heard.requests.contains(5));
    CHECK(!s.of.over());
    s.answer(1);
    s.answer(3);
    CHECK(s.of.over());
}

TEST_CASE("bytes that are no HTTP/2 end the connection")
{
    limits bounds;
    options own;
    listener heard;
    connection of{bounds, own, heard, 1};
    of.receive("GET / HTTP/1.1\r\nHost: test\r\n\r\n", 1);
    std::string out;
    of.produce(out, 1U << 20);
    ear client;
    client.hear(out);
    CHECK(client.goaway_code() == 1);
    CHECK(of.over());
}

TEST_CASE("a head that is not whole has a time from which it counts")
{
    scene s;
    CHECK(s.of.head_since() == 0);
    s.second = 7;
    s.say(frame(t_headers, f_end, 1, block(ask())));
    CHECK(s.of.head_since() == 7);
    s.second = 9;
    s.say(frame(t_continuation, f_end_head, 1, {}));
    CHECK(s.of.head_since() == 0);
    s.say(frame(t_headers, f_end, 3, block({{"Bad", "x"}})));
    CHECK(s.of.head_since() == 0);
}

TEST_CASE("trailers and requests that nobody hears of any more are not waited for")
{
    scene s;
    s.second = 3;
    s.say(heads(1, ask("POST"), f_end_head));
    s.of.reset(1, h2::error_code::cancel);
    s.listen();
    s.say(heads(1, {{"late", "yes"}}));
    CHECK(s.of.head_since() == 0);
    s.say(heads(3, ask("POST"), f_end_head));
    s.say(frame(t_headers, f_end, 3, block({{"half", "yes"}})));
    CHECK(s.of.head_since() == 3);
    s.of.reset(3, h2::error_code::cancel);
    s.listen();
    CHECK(s.of.head_since() == 0);
    s.say(frame(t_continuation, f_end_head, 3, {}));
    s.of.finish();
    s.listen();
    s.say(get(5));
    CHECK(s.of.head_since() == 0);
}
