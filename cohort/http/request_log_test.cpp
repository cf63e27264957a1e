#include <cohort/http/request_log.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/middleware/access_log.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <array>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::http;
using cohort::http::detail::around;
using cohort::http::detail::parsed;

namespace {

/// The last line that this process has logged since it was made.
class last_line {
public:
    last_line() { log::configure({.descriptor = file_.borrow()}); }
    last_line(const last_line&) = delete;
    last_line& operator=(const last_line&) = delete;
    ~last_line() { log::configure({}); }

    [[nodiscard]] boost::json::object object() const
    {
        std::array<char, 65536> bytes{};
        const ssize_t got = ::pread(file_.borrow(), bytes.data(), bytes.size(), 0);
        REQUIRE(got > 0);
        std::string_view text{bytes.data(), static_cast<std::size_t>(got) - 1};
        return boost::json::parse(text.substr(text.rfind('\n') + 1)).as_object();
    }

private:
    unique_fd file_{::memfd_create("log", MFD_CLOEXEC)};
};

std::string text_at(const boost::json::object& line, std::string_view key)
{
    return std::string{line.at(key).as_string()};
}

constexpr std::string_view trace = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What the log of a request with this traceparent says of its trace.
std::string traced_by(const std::string& parent)
{
    const last_line lines;
    around one;
    one.sees = [](const request& of) {
        log_of(of).info("here");
        return text("ok");
    };
    static_cast<void>(one.get("/", "traceparent: " + parent + "\r\n"));
    const auto line = lines.object();
    const auto* const id = line.if_contains("trace_id");
    return id == nullptr ? std::string{} : std::string{id->as_string()};
}

}  // namespace

TEST_CASE("the logger of a request says which one it is")
{
    const last_line lines;
    around one;
    one.use(request_ids(request_id_source::theirs));
    one.sees = [](const request& of) {
        log_of(of).info({{"cents", 500}}, "paid");
        return text("ok");
    };
    static_cast<void>(one.get("/", "X-Request-Id: abc\r\n"));
    auto line = lines.object();
    CHECK(line.at("message") == "paid");
    CHECK(line.at("request_id") == "abc");
    CHECK(line.at("slot") == 0);
    CHECK(line.at("cents") == 500);
    CHECK_FALSE(line.contains("trace_id"));
    CHECK_FALSE(line.contains("attempt"));

    static_cast<void>(one.send("GET /", {}, {}, {.top = {}, .attempt = 2, .slot = 3}));
    line = lines.object();
    CHECK(line.at("slot") == 3);
    CHECK(line.at("attempt") == 2);
}

TEST_CASE("a trace's id is logged if it is one")
{
    const std::string id{trace};
    CHECK(traced_by("00-" + id + "-00f067aa0ba902b7-01") == id);
    CHECK(traced_by("cc-" + id + "-00f067aa0ba902b7-01-later") == id);
    const std::string rest = "-00f067aa0ba902b7-01";
    const std::vector<std::string> odd_ones{"00-" + id + rest + "-",
                                            "ff-" + id + rest,
                                            "00-" + id + "-0000000000000000-01",
                                            "00-" + std::string(32, '0') + rest,
                                            "00-4BF92F3577B34DA6A3CE929D0E0E4736" + rest,
                                            "00-1-2-01",
                                            "00-" + id + "-00f067aa0ba902b7-0",
                                            std::string(55, '-')};
    for (const std::string& odd : odd_ones)
        CHECK(traced_by(odd).empty());
}

TEST_CASE("lines of a request name its own span, in the log of who handles it and of accesses")
{
    for (const bool called : {false, true}) {
        CAPTURE(called);
        const last_line lines;
        around one;
        one.use(tracing()).use(access_log());
        std::optional<trace_place> at;
        std::string said_inside;
        one.sees = [&](const request& of) {
            at = trace_of(of);
            log_of(of).info("here");
            said_inside = text_at(lines.object(), "span_id");
            return text("ok");
        };
        const std::string parent = "traceparent: 00-" + std::string{trace} + "-00f067aa0ba902b7-01";
        static_cast<void>(one.get("/", called ? parent + "\r\n" : std::string{}));
        REQUIRE(at);
        CHECK((observe::text(at->trace) == trace) == called);
        CHECK(observe::text(at->span) != "00f067aa0ba902b7");
        CHECK(said_inside == observe::text(at->span));
        const auto line = lines.object();
        CHECK(line.at("message") == "request");
        CHECK(text_at(line, "trace_id") == observe::text(at->trace));
        CHECK(text_at(line, "span_id") == observe::text(at->span));
    }
}

TEST_CASE("without a span of its own a request's lines name that of who called")
{
    const last_line lines;
    around one;
    one.use(access_log());
    static_cast<void>(
        one.get("/", "traceparent: 00-" + std::string{trace} + "-00f067aa0ba902b7-00\r\n"));
    CHECK(text_at(lines.object(), "trace_id") == trace);
    CHECK(lines.object().at("span_id") == "00f067aa0ba902b7");
    static_cast<void>(one.get());
    CHECK_FALSE(lines.object().contains("trace_id"));
}

TEST_CASE("middleware can say more for all that are further in")
{
    const last_line lines;
    around one;
    one.use({.name = "tenant", .before = [](request& of) -> std::optional<response> {
                 of.attach(log_of(of).with({{"tenant", "acme"}}));
                 return std::nullopt;
             }});
    one.sees = [](const request& of) {
        log_of(of).warn("here");
        return text("ok");
    };
    static_cast<void>(one.get());
    CHECK(lines.object().at("tenant") == "acme");
    CHECK(lines.object().at("slot") == 0);
}

TEST_CASE("what a handler throws is logged with its cause, and with the request")
{
    const last_line lines;
    router api;
    api.use(request_ids(request_id_source::theirs));
    api.get("/", [](const request&) -> response {
        try {
            throw std::out_of_range{"no such row"};
        } catch (const std::exception&) {
            std::throw_with_nested(std::runtime_error{"cannot pay"});
        }
    });
    REQUIRE(api.freeze());
    parsed asked{"GET /", "X-Request-Id: abc\r\n"};
    CHECK(api.plan_for(asked.of).to->run(asked.of).status() == 500);
    const auto line = lines.object();
    CHECK(line.at("level") == "error");
    CHECK(line.at("request_id") == "abc");
    CHECK(line.at("err").at("message") == "cannot pay");
    CHECK(line.at("err").at("cause").at("type") == "std::out_of_range");
}
