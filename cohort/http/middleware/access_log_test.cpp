#include <cohort/http/middleware/access_log.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::http;
using cohort::http::detail::around;

namespace {

/// The lines of one application, as text.
struct logged {
    explicit logged(access_log_options choices = {})
    {
        choices.write = [this](const access_line& line) noexcept {
            lines.push_back(std::string{line.method} + " " + std::string{line.path} + "?" +
                            std::string{line.query} + " [" + std::string{line.route} + "] " +
                            std::to_string(line.status) + " " +
                            (line.bytes ? std::to_string(*line.bytes) : "?") + " " +
                            line.client.address.text() + " " + std::string{line.user_agent});
        };
        one.use(access_log(std::move(choices)));
    }
    around one;
    std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("each request is one line, errors and unknown paths too")
{
    logged log;
    log.one.get("/?page=2&token=abc", "User-Agent: test/1\r\n");
    log.one.get("/absent");
    REQUIRE(log.lines.size() == 2);
    CHECK(log.lines[0] == "GET /?page=2&token=[redacted] [/] 200 12 local test/1");
    CHECK(log.lines[1].starts_with("GET /absent? [] 404 "));
}

TEST_CASE("a query can be left out, and what comes from outside has bounds")
{
    logged log{{.query = logged_query::omitted, .path_bytes_max = 5, .user_agent_bytes_max = 3}};
    log.one.get("/absent?x=1", "User-Agent: test/1\r\n");
    CHECK(log.lines.at(0).starts_with("GET /abse? [] 404"));
    CHECK(log.lines.at(0).ends_with(" local tes"));
}

TEST_CASE("of answers that are well, one in so many is logged; the others always")
{
    logged log{{.one_in = 10}};
    for (int i = 0; i < 20; ++i)
        log.one.get();
    CHECK(log.lines.size() == 2);
    log.one.get("/absent");
    log.one.get("/absent");
    CHECK(log.lines.size() == 4);
}

TEST_CASE("of refused requests so many a second are logged, and then it is said how many were not")
{
    std::uint64_t lines = 0;
    std::uint64_t suppressed = 0;
    around one;
    one.use(
        access_log({.refusals_per_second_max = 5, .write = [&](const access_line& line) noexcept {
                        ++lines;
                        suppressed += line.suppressed;
                    }}));
    std::uint64_t asked = 0;
    while (suppressed == 0) {  // until another second begins
        one.get("/absent");
        ++asked;
    }
    CHECK(lines + suppressed == asked);
}

TEST_CASE("a quiet route is logged when it fails")
{
    logged log;
    log.one.options.notes = {quiet{}};
    bool well = true;
    log.one.answers = [&] { return well ? text("ok") : problem(503); };
    log.one.get();
    CHECK(log.lines.empty());
    well = false;
    log.one.get();
    CHECK(log.lines.size() == 1);
}

TEST_CASE("in the log a line is one JSON object, and nobody's User-Agent adds a line")
{
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const unique_fd read_end{ends[0]};
    const unique_fd write_end{ends[1]};
    log::configure({.descriptor = write_end.borrow()});
    around one;
    one.use(request_ids(request_id_source::theirs)).use(access_log());
    one.get("/?a=1", "X-Request-Id: abc\r\nUser-Agent: \xff\"x\r\n");
    log::configure({});

    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(read_end.borrow(), bytes.data(), bytes.size());
    REQUIRE(got > 0);
    const auto line =
        boost::json::parse(std::string_view{bytes.data(), static_cast<std::size_t>(got)})
            .as_object();
    CHECK(line.at("message") == "request");
    CHECK(line.at("method") == "GET");
    CHECK(line.at("path") == "/");
    CHECK(line.at("query") == "a=1");
    CHECK(line.at("route") == "/");
    CHECK(line.at("status") == 200);
    CHECK(line.at("bytes") == 12);
    CHECK(line.at("client") == "local");
    CHECK(line.at("request_id") == "abc");
    CHECK(line.at("user_agent") == "\xef\xbf\xbd\"x");
    CHECK(line.at("took_us").as_int64() >= 0);
    CHECK_FALSE(line.contains("streamed"));
}
