#include <cohort/http/topics/long_poll.hpp>

#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/topics/topics.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

struct poll_house : house {
    explicit poll_house(long_poll_options how = {})
    {
        api.get("/poll/{topic...}", [how](const request& r) {
            return long_poll(r, r.path<std::string>("topic"), how);
        });
    }
    void ask(client& c, const std::string& topic, const std::string& since = {})
    {
        c.heard.clear();
        c.say(get("/poll/" + topic + (since.empty() ? "" : "?since=" + since)));
    }
    json::object answer(client& c)
    {
        hear(c, "\r\n\r\n");
        until([&] {
            c.listen();
            return c.heard.ends_with('}');
        });
        CHECK(c.has("HTTP/1.1 200"));
        CHECK(c.has("Cache-Control: no-store\r\n"));
        const auto parsed = json::parse(c.heard.substr(c.heard.find("\r\n\r\n") + 4));
        return parsed.as_object();
    }
};

std::string next_of(const json::object& answer)
{
    return std::string{answer.at("next").as_string()};
}

}  // namespace

TEST_CASE("who does not say where to begin is told where")
{
    poll_house h;
    client c = h.connect();
    h.ask(c, "lp/1");
    const auto first = h.answer(c);
    CHECK(first.at("messages").as_array().empty());
    CHECK_FALSE(first.contains("missed"));

    topics::here().publish("lp/1", "hello \"you\"\n");
    topics::here().publish("lp/2", "not for us");
    topics::here().publish("lp/1", "\xff");
    h.ask(c, "lp/1", next_of(first));
    const auto second = h.answer(c);
    const auto& messages = second.at("messages").as_array();
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].at("data") == "hello \"you\"\n");
    CHECK(messages[0].at("topic") == "lp/1");
    CHECK(position::parse(std::string{messages[0].at("id").as_string()}));
    CHECK(messages[1].at("data") == "\uFFFD");
}

TEST_CASE("a request waits for the next message")
{
    poll_house h;
    client c = h.connect();
    h.ask(c, "lp/wait");
    const std::string since = next_of(h.answer(c));
    const auto before = topics::here().total().subscribers;
    h.ask(c, "lp/wait", since);
    h.until([&] { return topics::here().total().subscribers == before + 1; });
    topics::here().publish("lp/wait", "now");
    const auto got = h.answer(c);
    CHECK(got.at("messages").as_array().size() == 1);
    CHECK(topics::here().total().subscribers == before);
}

TEST_CASE("an answer has so many messages at most, and the next one has the rest")
{
    poll_house h{{.messages_max = 2}};
    client c = h.connect();
    h.ask(c, "lp/most");
    std::string since = next_of(h.answer(c));
    for (int i = 0; i < 5; ++i)
        topics::here().publish("lp/most", std::to_string(i));
    std::string all;
    for (const std::size_t expected : {2U, 2U, 1U}) {
        h.ask(c, "lp/most", since);
        const auto got = h.answer(c);
        CHECK(got.at("messages").as_array().size() == expected);
        for (const auto& each : got.at("messages").as_array())
            all += std::string_view{each.at("data").as_string()};
        since = next_of(got);
    }
    CHECK(all == "01234");
}

TEST_CASE("an answer has so many bytes of text, and one message")
{
    poll_house h{{.bytes_max = 100}};
    client c = h.connect();
    h.ask(c, "lp/bytes");
    const std::string since = next_of(h.answer(c));
    topics::here().publish("lp/bytes", std::string(1000, 'x'));
    topics::here().publish("lp/bytes", "y");
    h.ask(c, "lp/bytes", since);
    const auto got = h.answer(c);
    CHECK(got.at("messages").as_array().size() == 1);
    h.ask(c, "lp/bytes", next_of(got));
    CHECK(h.answer(c).at("messages").as_array().size() == 1);
}

TEST_CASE("more than a waiting request can take comes with the next ones, and none is lost")
{
    poll_house h;
    client c = h.connect();
    h.ask(c, "lp/burst");
    std::string since = next_of(h.answer(c));
    const auto before = topics::here().total();
    h.ask(c, "lp/burst", since);
    h.until([&] { return topics::here().total().subscribers == before.subscribers + 1; });
    for (int i = 0; i < 30; ++i)
        topics::here().publish("lp/burst", std::string(60'000, static_cast<char>('A' + i)));
    h.hear(c, "\r\n\r\n");
    CHECK(topics::here().total().dropped == before.dropped + 1);
    REQUIRE(c.has("HTTP/1.1 204"));
    const auto at = c.heard.find("Last-Event-ID: ") + 15;
    since = c.heard.substr(at, c.heard.find("\r\n", at) - at);
    std::string all;
    while (all.size() < 30) {
        h.ask(c, "lp/burst", since);
        const auto got = h.answer(c);
        for (const auto& each : got.at("messages").as_array())
            all += each.at("data").as_string().front();
        CHECK_FALSE(got.contains("missed"));
        since = next_of(got);
    }
    CHECK(all == "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^");
}

TEST_CASE("204 when nothing comes in time, with where to go on")
{
    poll_house h{{.wait = 0s}};
    client c = h.connect();
    h.ask(c, "lp/quiet");
    const std::string since = next_of(h.answer(c));
    const auto other = topics::here().publish("lp/loud", "x").value();
    h.ask(c, "lp/quiet", since);
    h.hear(c, "\r\n\r\n");
    CHECK(c.has("HTTP/1.1 204"));
    CHECK(c.has("Last-Event-ID: " + topics::here().position_of(other).text() + "\r\n"));
}

TEST_CASE("204 when the worker drains, at once")
{
    poll_house h;
    client c = h.connect();
    h.ask(c, "lp/drain");
    const std::string since = next_of(h.answer(c));
    const auto before = topics::here().total().subscribers;
    h.ask(c, "lp/drain", since);
    h.until([&] { return topics::here().total().subscribers == before + 1; });
    topics::here().leave(h.loop);
    h.hear(c, "HTTP/1.1 204");
}

TEST_CASE("a position that is none is refused, one of another life is answered with what to know")
{
    poll_house h;
    client c = h.connect();
    h.ask(c, "lp/bad", "17");
    h.hear(c, "\"parameter\":\"since\"");
    CHECK(c.has("HTTP/1.1 400"));
    position other = topics::here().position_of(1);
    other.cohort ^= 1;
    h.ask(c, "lp/bad", other.text());
    const auto got = h.answer(c);
    CHECK(got.at("missed").as_bool());
    CHECK(position::parse(next_of(got))->cohort != other.cohort);
}
