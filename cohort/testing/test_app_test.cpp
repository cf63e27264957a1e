#include <cohort/testing/test_app.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace cohort;
using namespace std::chrono_literals;
using cohort::testing::test_app;

namespace {

task<http::response> count_bytes(const http::request& request)
{
    std::size_t bytes = 0;
    std::size_t pieces = 0;
    for (;;) {
        auto piece = co_await request.stream().read();
        if (!piece)
            throw http::refusal{413}.detail(piece.error().text());
        if (piece->empty())
            break;
        bytes += piece->size();
        ++pieces;
    }
    boost::json::object counted{{"bytes", bytes}, {"pieces", pieces}};
    co_return http::json(std::move(counted));
}

/// A little of everything.
http::router make_api()
{
    http::router api;
    api.use(http::request_ids());
    api.get("/hello", [](const http::request&) { return http::text("Hello, world"); });
    api.get("/users/{id}", [](const http::request& request) -> task<http::response> {
        const int id = request.path<int>("id", 1, 90);
        auto twice = [id] { return id * 2; };
        const int answer = co_await offload(twice);
        boost::json::object user{{"id", answer}};
        co_return http::json(std::move(user));
    });
    api.post(
        "/payments",
        [](const http::request& request) { return http::created("/payments/1", request.json()); },
        {.body_max = 64});
    api.any("/echo", [](const http::request& request) {
        return http::bytes("application/octet-stream", std::string{request.body()});
    });
    api.get("/heavy", [](const http::request&) { return http::text("computed"); },
            {.cpu_bound = true});
    api.get("/stream", [](const http::request&) {
        return http::stream("text/plain", [](http::body_writer& out) -> task<> {
            for (int i = 0; i < 3; ++i) {
                const std::string piece = std::to_string(i);
                auto sent = co_await out.write(piece);
                if (!sent)
                    co_return;
            }
        });
    });
    api.get("/cut", [](const http::request&) {
        return http::stream("text/plain", [](http::body_writer& out) -> task<> {
            static_cast<void>(co_await out.write("half of it"));
            throw std::runtime_error{"no more"};
        });
    });
    api.post("/count", count_bytes, {.body = http::body_use::streamed, .body_max = 1000});
    api.get("/bye", [](const http::request&) { return http::text("bye").close_after(); });
    api.on_handler_error([](const http::request&, std::string_view) noexcept {});
    return api;
}

/// Content without the lines that differ from run to run.
std::size_t answers_in(std::string_view bytes)
{
    std::size_t count = 0;
    while (testing::test_answer::read(bytes, "GET"))
        ++count;
    CHECK(bytes.empty());
    return count;
}

}  // namespace

TEST_CASE("a test asks the application without a port and reads the answer as a client would")
{
    http::router api = make_api();
    test_app app{api};
    const auto hello = app.get("/hello");
    CHECK(hello.status() == 200);
    CHECK(hello.body() == "Hello, world");
    CHECK(hello.header("content-type") == "text/plain; charset=utf-8");
    CHECK(hello.header("Content-Length") == "12");
    CHECK(hello.header("Date"));
    CHECK(hello.header("X-Request-Id"));

    CHECK(app.get("/users/21").json().at("id") == 42);
    CHECK(app.get("/users/91").status() == 400);
    CHECK(app.get("/users/91").json().at("parameter") == "id");
    CHECK(app.get("/heavy").body() == "computed");
    CHECK(app.get("/nothing").status() == 404);
    CHECK(app.get("/nothing").header("Content-Type") == "application/problem+json");
    CHECK(app.get("/nothing").header("X-Request-Id"));
    CHECK(app.get("/a/../b").status() == 400);
}

TEST_CASE("HEAD has the fields of GET and no body, OPTIONS and wrong methods have Allow")
{
    http::router api = make_api();
    test_app app{api};
    const auto head = app.head("/hello");
    CHECK(head.status() == 200);
    CHECK(head.header("Content-Length") == "12");
    CHECK(head.body().empty());
    CHECK(app.head("/stream").body().empty());
    CHECK(app.options("/hello").status() == 204);
    CHECK(app.options("/hello").header("Allow") == "GET, HEAD, OPTIONS");
    CHECK(app.del("/hello").status() == 405);
    CHECK(app.del("/hello").header("Allow") == "GET, HEAD, OPTIONS");
    CHECK(app.send({.method = "PURGE", .target = "/hello"}).status() == 501);
    CHECK(app.options("/echo").status() == 200);
}

TEST_CASE("JSON goes in and out, and what is no JSON is answered with its problem")
{
    http::router api = make_api();
    test_app app{api};
    const auto paid = app.post("/payments", {{"to", "Ada"}});
    CHECK(paid.status() == 201);
    CHECK(paid.header("Location") == "/payments/1");
    CHECK(paid.json().at("to") == "Ada");
    CHECK(app.send({.method = "POST", .target = "/payments", .body = "{}"}).status() == 415);
    const auto bad = app.send({.method = "POST",
                               .target = "/payments",
                               .headers = {{"Content-Type", "application/json"}},
                               .body = "{\"a\":1,\"a\":2}"});
    CHECK(bad.status() == 400);
    CHECK(bad.json().at("column") == 10);
    CHECK(app.post("/payments", {{"to", std::string(100, 'a')}}).status() == 413);
    CHECK(app.put("/payments", {}).status() == 405);
    CHECK(app.patch("/echo", {{"a", 1}}).body() == R"({"a":1})");
}

TEST_CASE("streamed answers arrive whole, and one that fails is seen to be cut")
{
    http::router api = make_api();
    test_app app{api};
    const auto streamed = app.get("/stream");
    CHECK(streamed.header("Transfer-Encoding") == "chunked");
    CHECK(streamed.body() == "012");
    CHECK_THROWS_AS(app.get("/cut"), failure);
    const std::string old = app.inject_bytes("GET /stream HTTP/1.0\r\nHost: test\r\n\r\n");
    CHECK(old.ends_with("\r\n\r\n012"));
    CHECK(old.find("chunked") == std::string::npos);
}

TEST_CASE("streamed requests are read piece by piece, chunked or not, within their limit")
{
    http::router api = make_api();
    test_app app{api, {.packet_bytes = 100}};
    const auto whole =
        app.send({.method = "POST", .target = "/count", .body = std::string(500, 'x')});
    CHECK(whole.json().at("bytes") == 500);
    CHECK(whole.json().at("pieces").as_int64() > 3);
    CHECK(
        app.send({.method = "POST", .target = "/count", .body = std::string(1001, 'x')}).status() ==
        413);

    const std::string head =
        "POST /count HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string good = app.inject_bytes(head + "5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n");
    CHECK(good.find("\"bytes\":11,\"pieces\":2") != std::string::npos);
    CHECK(app.inject_bytes(head + "5\r\nhelloXX").find("413") != std::string::npos);
    std::string endless = head;
    for (int i = 0; i < 100; ++i)
        endless += "10\r\n0123456789abcdef\r\n";
    CHECK(app.inject_bytes(endless).starts_with("HTTP/1.1 413"));
}

TEST_CASE("pipelined requests are answered in order, however the bytes arrive")
{
    http::router api = make_api();
    test_app app{api};
    const std::string three = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n"
                              "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nping"
                              "GET /bye HTTP/1.1\r\nHost: test\r\n\r\n"
                              "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";
    for (const std::size_t packet : {1UL, 2UL, 7UL, 1000UL}) {
        const std::string sent = app.inject_bytes(three, packet);
        CHECK(answers_in(sent) == 3);  // /bye closes
        CHECK(sent.find("Hello, world") < sent.find("ping"));
        CHECK(sent.find("ping") < sent.find("bye"));
        CHECK(sent.find("Connection: close") != std::string::npos);
    }
}

TEST_CASE("an unread body is dropped and the next request found")
{
    http::router api = make_api();
    test_app app{api};
    const std::string sent =
        app.inject_bytes("POST /nothing HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nping"
                         "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(answers_in(sent) == 2);
    CHECK(sent.starts_with("HTTP/1.1 404"));
    CHECK(sent.ends_with("Hello, world"));
}

TEST_CASE("a client that waits for 100 gets it only where its body is wanted")
{
    http::router api = make_api();
    test_app app{api};
    const std::string fields = " HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
                               "Content-Length: 2\r\n\r\nok";
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ";
    CHECK(app.inject_bytes("POST /echo" + fields, 1).starts_with(go_on));
    CHECK(app.inject_bytes("POST /count" + fields, 1).starts_with(go_on));
    CHECK(app.inject_bytes("POST /nothing" + fields, 1).starts_with("HTTP/1.1 404"));
    // Who sends the body with the head does not wait.
    CHECK(app.inject_bytes("POST /echo" + fields).starts_with("HTTP/1.1 200"));
}

TEST_CASE("broken bytes are refused with a problem, and the connection closes")
{
    http::router api = make_api();
    test_app app{api};
    const std::string sent = app.inject_bytes("GET / HTTP/1.1\r\n\r\nGET /hello HTTP/1.1\r\n");
    CHECK(sent.starts_with("HTTP/1.1 400"));
    CHECK(sent.find("Connection: close") != std::string::npos);
    CHECK(answers_in(sent) == 1);
    CHECK(app.inject_bytes("").empty());
    CHECK(app.inject_bytes("GET /hel").empty());
}

TEST_CASE("an application with conflicting routes cannot be tested")
{
    http::router api;
    const auto same = [](const http::request&) { return http::text("x"); };
    api.get("/{a}", same).get("/{b}", same);
    CHECK_THROWS_AS(test_app{api}, failure);
}

TEST_CASE("a handler that never answers fails the test instead of hanging it")
{
    http::router api;
    api.get("/", [](const http::request&) -> task<http::response> {
        co_await sleep_for(1h);
        co_return http::text("late");
    });
    test_app app{api, {.patience = 1s}};
    CHECK_THROWS_AS(app.get("/"), failure);
}
