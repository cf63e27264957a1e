#include <cohort/testing/detail/answer_reader.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::testing;
using namespace cohort::testing::detail;
using state = answer_reader::state;

namespace {

const std::string head = "HTTP/1.1 200 OK\r\nWitness-Number: 9\r\n";

/// In pieces of `step` bytes; what is left behind the answer comes back in `text`.
state feed(answer_reader& reader, std::string_view& text, std::size_t step)
{
    state now = state::reading;
    while (!text.empty() && now == state::reading) {
        std::string_view piece = text.substr(0, step);
        const std::size_t before = piece.size();
        now = reader.feed(piece);
        text.remove_prefix(before - piece.size());
    }
    return now;
}

}  // namespace

TEST_CASE("an answer is read the same in pieces of any size, and what is behind it stays")
{
    const std::string body = witness_body(9, 200);
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n" + "64;a=b\r\n" +
                                body.substr(0, 100) + "\r\n64\r\n" + body.substr(100) +
                                "\r\n0\r\nTrailer: x\r\n\r\n";
    const std::string fixed = "HTTP/1.1 100 Continue\r\n\r\n" + head +
                              "witness-attempt: 2\r\nWITNESS-SLOT:  4 \r\nContent-Length: 200\r\n"
                              "\r\n" +
                              body;
    for (const std::string& text : {chunked, fixed}) {
        const std::string with_more = text + "HTTP/1.1";
        for (std::size_t step = 1; step < with_more.size() + 1; ++step) {
            answer_reader reader;
            reader.expect({.number = 9, .bytes = 200});
            CHECK_FALSE(reader.begun());
            std::string_view rest = with_more;
            REQUIRE(feed(reader, rest, step) == state::done);
            REQUIRE(rest == "HTTP/1.1");
            REQUIRE(reader.begun());
            REQUIRE(reader.seen().right);
            REQUIRE(reader.seen().keeps_alive);
            REQUIRE(reader.seen().status == 200);
            REQUIRE(reader.seen().body_bytes == 200);
            if (text == fixed) {
                REQUIRE(reader.seen().attempt == 2);
                REQUIRE(reader.seen().slot == 4);
            }
        }
    }
}

TEST_CASE("a body of another number, or of another length, is not right")
{
    for (const std::string& body :
         {witness_body(8, 200), witness_body(9, 199), witness_body(9, 201), std::string{}})
    {
        answer_reader reader;
        reader.expect({.number = 9, .bytes = 200});
        const std::string text =
            head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        std::string_view rest = text;
        REQUIRE(feed(reader, rest, 50) == state::done);
        CHECK_FALSE(reader.seen().right);
    }
}

TEST_CASE(
    "without a length the end of the connection is the end of the answer, and else it is none")
{
    answer_reader reader;
    reader.expect({.number = 9, .bytes = 20});
    const std::string text = head + "\r\n" + witness_body(9, 20);
    std::string_view rest = text;
    CHECK(feed(reader, rest, 7) == state::reading);
    CHECK(reader.end() == state::done);
    CHECK(reader.seen().right);
    CHECK_FALSE(reader.seen().keeps_alive);

    reader.expect({.number = 9, .bytes = 20});
    const std::string cut = head + "Content-Length: 20\r\n\r\n" + witness_body(9, 19);
    rest = cut;
    CHECK(feed(reader, rest, 7) == state::reading);
    CHECK(reader.end() == state::reading);
}

TEST_CASE("what is no answer is broken, and says why")
{
    for (const std::string& text :
         {std::string{"SSH-2.0\r\n"}, std::string{"HTTP/1.1 20 OK\r\n"},
          std::string{"HTTP/2.0 200 OK\r\n"}, std::string{"HTTP/1.1 200 OK\n"},
          head + "no colon\r\n", head + "Content-Length: x\r\n", head + "Content-Length: -1\r\n",
          head + "Content-Length: 1\r\nContent-Length: 1\r\n", head + "Transfer-Encoding: gzip\r\n",
          head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
          head + "Transfer-Encoding: chunked\r\n\r\n\r\n",
          head + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", std::string(70'000, 'x')})
    {
        for (const std::size_t step : {std::size_t{1}, text.size()}) {
            answer_reader reader;
            reader.expect({.number = 9, .bytes = 20});
            std::string_view rest = text;
            CAPTURE(text.substr(0, 100));
            CHECK(feed(reader, rest, step) == state::broken);
            CHECK_FALSE(reader.why().empty());
        }
    }
}

TEST_CASE("without numbers the first answer is what the others have to be")
{
    std::optional<std::string> first;
    for (const char* body : {"Hello", "Hello", "hello", "Hello, world", ""}) {
        answer_reader reader;
        reader.expect({.body = &first});
        const std::string text =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(std::string_view{body}.size()) +
            "\r\n\r\n" + body;
        std::string_view rest = text;
        REQUIRE(feed(reader, rest, 3) == state::done);
        CHECK(reader.seen().right == (std::string_view{body} == "Hello"));
    }
}
