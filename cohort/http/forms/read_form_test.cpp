#include <cohort/http/forms/read_form.hpp>

#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include <unistd.h>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

/// A server that says what it read of a form.
struct scene {
    explicit scene(body_use how = body_use::streamed)
    {
        const route_options route{.body = how, .body_max = 4 << 20};
        h.api.post(
            "/form",
            [this](const request& of) -> task<response> {
                const auto form = co_await read_form(of, options);
                std::string said;
                for (const form_part& each : form.parts()) {
                    const auto start = co_await each.read(0, 8);
                    const auto tail = co_await each.read(
                        each.size() - std::min<std::uint64_t>(each.size(), 3), 8);
                    said += fmt::format("[{}|{}|{}|{}|{}|{}]", each.name(), each.safe_name(),
                                        each.size(), each.in_memory() ? "memory" : "file", *start,
                                        *tail);
                }
                co_return text(said);
            },
            route);
    }

    std::string post(std::string_view type, const std::string& body, std::size_t piece_bytes = 0)
    {
        client c = h.connect();
        c.say(fmt::format("POST /form HTTP/1.1\r\nHost: t\r\nContent-Type: {}\r\n"
                          "Connection: close\r\nContent-Length: {}\r\n\r\n",
                          type, body.size()));
        std::string_view rest = body;
        const std::size_t most = piece_bytes == 0 ? 32'768 : piece_bytes;
        while (!rest.empty()) {
            const std::string_view piece = rest.substr(0, most);
            rest.remove_prefix(piece.size());
            say_all(c, piece);
        }
        h.hear_end(c);
        return c.heard;
    }

    void say_all(client& c, std::string_view bytes)
    {
        h.until([&] {
            h.loop.poll();
            const ssize_t put = ::send(c.socket.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (put > 0)
                bytes.remove_prefix(static_cast<std::size_t>(put));
            // A server that has refused the body may have closed.
            return bytes.empty() || (put < 0 && errno == EPIPE);
        });
    }

    house h;
    form_options options;
};

constexpr std::string_view multipart = "multipart/form-data; boundary=xyz";

std::string part(std::string_view head, std::string_view data)
{
    return fmt::format("--xyz\r\nContent-Disposition: form-data; {}\r\n\r\n{}\r\n", head, data);
}

const std::string last = "--xyz--\r\n";

}  // namespace

TEST_CASE("small parts stay in memory, large ones go to files that nobody sees")
{
    scene s;
    std::string spool = "/tmp/cohort-test-XXXXXX";
    REQUIRE(::mkdtemp(spool.data()) != nullptr);
    s.options = {.memory_max = 1000, .spool_folder = spool};
    std::string large(700'000, 'x');
    large.replace(0, 5, "begin");
    large.replace(large.size() - 3, 3, "end");
    const std::string body = part("name=\"title\"", "two words") +
                             part("name=\"upload\"; filename=\"../../x.bin\"", large) +
                             part("name=\"just\"; filename=\"fits\"", std::string(1000, 'f')) +
                             part("name=\"none\"", "") + last;
    const std::string said = s.post(multipart, body);
    CHECK(said.find("200 OK") != std::string::npos);
    CHECK(said.find("[title|file|9|memory|two word|rds]"
                    "[upload|x.bin|700000|file|beginxxx|end]"
                    "[just|fits|1000|memory|ffffffff|fff]"
                    "[none|file|0|memory||]") != std::string::npos);
    CHECK(std::filesystem::is_empty(spool));
    std::filesystem::remove_all(spool);
}

TEST_CASE("a form arrives in any pieces, and a buffered route reads it too")
{
    const std::string body = part("name=\"a\"", "1\r\n--xy") + part("name=\"b\"", "") + last;
    const std::string expected = "[a|file|7|memory|1\r\n--xy|-xy][b|file|0|memory||]";
    for (const std::size_t bytes : {1UL, 2UL, 7UL, 1000UL}) {
        scene s;
        CHECK(s.post(multipart, body, bytes).find(expected) != std::string::npos);
    }
    scene buffered{body_use::buffered};
    CHECK(buffered.post(multipart, body).find(expected) != std::string::npos);
}

TEST_CASE("read_form takes an urlencoded form, too")
{
    scene s;
    const std::string said = s.post("application/x-www-form-urlencoded", "a=1&b=two+words");
    CHECK(said.find("[a|file|1|memory|1|1][b|file|9|memory|two word|rds]") != std::string::npos);
    CHECK(s.post("application/x-www-form-urlencoded", "a=%").find("400 Bad") != std::string::npos);
}

TEST_CASE("a form that is refused is a problem that names the part")
{
    scene s;
    s.options = {.part_bytes_max = 1000, .total_bytes_max = 1500};
    CHECK(s.post("text/plain", "a").find("415 Unsupported") != std::string::npos);
    CHECK(s.post(multipart, part("name=\"a\"", "1")).find("400 Bad") != std::string::npos);

    const std::string large = s.post(
        multipart, part("name=\"a\"", "1") + part("name=\"big\"", std::string(1001, 'x')) + last);
    CHECK(large.find("413 Content Too Large") != std::string::npos);
    CHECK(large.find(R"("part":2,"parameter":"big","in":"form")") != std::string::npos);

    const std::string many =
        s.post(multipart, part("name=\"a\"", std::string(900, 'x')) +
                              part("name=\"b\"", std::string(900, 'x')) + last);
    CHECK(many.find("413 Content Too Large") != std::string::npos);

    s.options = {.memory_max = 10, .spool_folder = "/nowhere"};
    CHECK(s.post(multipart, part("name=\"a\"", std::string(100, 'x')) + last).find("507 ") !=
          std::string::npos);
}

TEST_CASE("a body over its route's limit is refused while it arrives")
{
    scene s;
    const std::string said =
        s.post(multipart, part("name=\"a\"", std::string((4 << 20) + 1, 'x')) + last);
    CHECK(said.find("413 ") != std::string::npos);
}
