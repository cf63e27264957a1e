#include <cohort/http/serializer.hpp>

#include <cohort/http/chunk_decoder.hpp>
#include <cohort/http/date.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace cohort;
using namespace cohort::http;

namespace {

std::string head_for(const answer_facts& facts, std::span<const field_view> fields = {})
{
    std::string out;
    REQUIRE(append_head(out, plan_answer(facts), fields));
    const std::string date = "Date: " + std::string{date_now()} + "\r\n";
    const std::size_t at = out.find(date);
    REQUIRE(at != std::string::npos);
    out.erase(at, date.size());
    return out;
}

}  // namespace

TEST_CASE("a body of known length is announced by it")
{
    answer_facts facts{.connection = persistence::keep, .length = 12};
    CHECK(head_for(facts) == "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n");
    facts.length = 0;
    CHECK(head_for(facts) == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    CHECK(plan_answer(facts).send_body);
}

TEST_CASE("a body of unknown length is chunked, or ends with an old connection")
{
    answer_facts facts{.connection = persistence::keep};
    CHECK(head_for(facts) == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    facts.minor_version = 0;
    CHECK(head_for(facts) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    CHECK(plan_answer(facts).connection == persistence::close);
    CHECK(plan_answer(facts).framing == answer_framing::until_close);
}

TEST_CASE("Connection is said where it is not the default")
{
    answer_facts facts{.connection = persistence::close, .length = 0};
    CHECK(head_for(facts).find("Connection: close\r\n") != std::string::npos);
    facts.minor_version = 0;
    CHECK(head_for(facts).find("Connection: close\r\n") != std::string::npos);
    facts.connection = persistence::keep;
    CHECK(head_for(facts).find("Connection: keep-alive\r\n") != std::string::npos);
}

TEST_CASE("an answer to HEAD has the head of an answer to GET, and no body")
{
    answer_facts facts{.verb = method::head, .connection = persistence::keep, .length = 12};
    CHECK(head_for(facts) == "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n");
    CHECK_FALSE(plan_answer(facts).send_body);
    facts.length.reset();
    facts.minor_version = 0;
    CHECK(plan_answer(facts).connection == persistence::keep);
}

TEST_CASE("1xx, 204 and 304 have neither body nor framing")
{
    for (const status_code status : {103, 204, 304}) {
        const answer_facts facts{.status = status, .connection = persistence::keep, .length = 12};
        CHECK(head_for(facts) == "HTTP/1.1 " + std::to_string(status) + " " +
                                     std::string{reason(status)} + "\r\n\r\n");
        CHECK_FALSE(plan_answer(facts).send_body);
    }
}

TEST_CASE("fields keep their order, and those of the framing are ours to write")
{
    const std::array<field_view, 5> fields{{{"Content-Type", "text/plain"},
                                            {"content-length", "99"},
                                            {"Connection", "x"},
                                            {"TRANSFER-ENCODING", "gzip"},
                                            {"X", "caf\xe9"}}};
    CHECK(head_for({.connection = persistence::keep, .length = 1}, fields) ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX: caf\xe9\r\n"
          "Content-Length: 1\r\n\r\n");
}

TEST_CASE("a Date among the fields is the only one")
{
    const std::array<field_view, 1> fields{{{"date", "yesterday"}}};
    std::string out;
    REQUIRE(append_head(out, plan_answer({.length = 0}), fields));
    CHECK(out.find("Date: ") == std::string::npos);
    CHECK(out.find("date: yesterday\r\n") != std::string::npos);
}

TEST_CASE("no value can become a second line, and no name a value")
{
    for (const std::string_view value :
         {std::string_view{"a\r\nSet-Cookie: b"}, std::string_view{"a\n"}, std::string_view{"a\r"},
          std::string_view{"a\0b", 3}, std::string_view{"\x7f"}})
    {
        const std::array<field_view, 2> fields{{{"X", "a"}, {"Y", value}}};
        std::string out = "before";
        const auto written = append_head(out, plan_answer({.length = 0}), fields);
        REQUIRE_FALSE(written);
        CHECK(written.error().why() == make_error_code(errc::bad_value));
        CHECK(out == "before");
    }
    for (const std::string_view name : {"", "a b", "a:", "a\r\n", "caf\xe9"}) {
        std::string out;
        CHECK_FALSE(append_field(out, {name, "x"}));
        CHECK(out.empty());
    }
}

TEST_CASE("a status that no RFC names is sent with the word of its class")
{
    CHECK(head_for({.status = 599, .connection = persistence::keep, .length = 0}) ==
          "HTTP/1.1 599 Server Error\r\nContent-Length: 0\r\n\r\n");
    CHECK(reason(299) == "Success");
    CHECK(reason(404) == "Not Found");
    CHECK(reason(200) == "OK");
    CHECK(status_line(299).empty());
    CHECK(status_line(200) == "HTTP/1.1 200 OK\r\n");
}

TEST_CASE("written chunks are read back by the decoder")
{
    std::string out;
    append_chunk(out, "hello");
    append_chunk(out, "");
    append_chunk(out, std::string(300, 'x'));
    out.append(last_chunk);

    const limits defaults;
    chunk_decoder decoder{defaults};
    std::string body;
    std::string_view rest = out;
    auto status = parse_status::need_more;
    while (status == parse_status::need_more && !rest.empty()) {
        const auto step = decoder.decode(rest);
        body.append(step.data);
        rest.remove_prefix(step.consumed);
        status = step.status;
    }
    CHECK(status == parse_status::done);
    CHECK(body == "hello" + std::string(300, 'x'));
    CHECK(rest.empty());
}

TEST_CASE("the size line of a chunk holds any size")
{
    CHECK(chunk_prefix{1}.text() == "1\r\n");
    CHECK(chunk_prefix{500}.text() == "1f4\r\n");
    CHECK(chunk_prefix{~std::uint64_t{0}}.text() == "ffffffffffffffff\r\n");
}

TEST_CASE("205 has an empty body, whatever the handler gave")
{
    for (const std::optional<std::uint64_t> length : {std::optional<std::uint64_t>{7}, {}}) {
        const answer plan = plan_answer({.status = 205, .length = length});
        CHECK(plan.framing == answer_framing::length);
        CHECK(plan.length == 0);
        CHECK(!plan.send_body);
    }
}
