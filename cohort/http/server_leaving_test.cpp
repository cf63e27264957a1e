// Clients that leave while their request runs: a reset is no wish for an answer, an end may be.
#include <cohort/async/deadline.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/detail/tls_test.hpp>
#include <cohort/net/socket_option.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

/// Says when a coroutine's frame is gone.
struct farewell_note {
    explicit farewell_note(int& where)
        : count{where}
    {}
    farewell_note(const farewell_note&) = delete;
    farewell_note& operator=(const farewell_note&) = delete;
    ~farewell_note() { ++count; }
    int& count;
};

void reset(client& c)
{
    net::reset_when_closed(c.socket.borrow());
    c.socket.reset();
}

void half_close_by(client& c) { REQUIRE(::shutdown(c.socket.borrow(), SHUT_WR) == 0); }

bool is_asked_whether_there(int socket)
{
    return net::socket_option(socket, SOL_SOCKET, SO_KEEPALIVE) == 1;
}

/// What the handlers below note; it is there until the last of them has ended.
struct slow_notes {
    int begun = 0;
    int left = 0;
    std::vector<access_end> ends;
};

/// Handlers that would take an hour, each in another way.
struct slow_house : slow_notes, house {
    slow_house()
    {
        options.on_answered = [this](const access_entry& e) noexcept { ends.push_back(e.end); };
        api.get("/waits", [this](const request&) -> task<response> {
            const farewell_note note{left};
            ++begun;
            co_await sleep_for(1h);
            co_return text("late");
        });
        api.get("/silent", [this](const request&) {
            return stream("text/plain", [this](body_writer& out) -> awaitable<> {
                const farewell_note note{left};
                const auto sent = co_await out.write("first ");
                static_cast<void>(sent);
                ++begun;
                co_await sleep_for(1h);
            });
        });
        api.post("/reads",
                 [this](const request& of) -> task<response> {
                     const farewell_note note{left};
                     ++begun;
                     auto piece = co_await of.stream().read();
                     while (piece && !piece->empty())
                         piece = co_await of.stream().read();
                     co_return text("read");
                 },
                 {.body = body_use::streamed});
    }
};

constexpr std::string_view half_a_body =
    "POST /reads HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf";

}  // namespace

TEST_CASE("a reset ends what runs for the client, whatever it waits for")
{
    for (const std::string& words : {get("/waits"), get("/silent"), std::string{half_a_body},
                                     // What has come, and is not read yet, hides no reset.
                                     get("/waits") + get("/waits")})
    {
        CAPTURE(words);
        slow_house h;
        client c = h.connect_tcp();
        c.say(words);
        h.until([&] { return h.begun == 1; });
        reset(c);
        h.until([&] { return h.left == 1; });
        h.until([&] { return h.serving->connections() == 0; });
        CHECK(h.serving->running() == 0);
        CHECK(h.begun == 1);
        CHECK(h.ends == std::vector{access_end::cut});
    }
}

TEST_CASE("a client that closes its side is waited for, and a reset after that ends its request")
{
    for (const char* const path : {"/waits", "/silent"}) {
        CAPTURE(path);
        slow_house h;
        h.open();
        auto [c, inside] = h.call_tcp();
        const int served = inside.borrow();
        REQUIRE(h.serving->take(std::move(inside)));
        c.say(get(path));
        h.until([&] { return h.begun == 1; });
        CHECK_FALSE(is_asked_whether_there(served));
        half_close_by(c);
        h.until([&] { return is_asked_whether_there(served); });
        h.quiet();
        CHECK(h.left == 0);
        CHECK(h.serving->running() == 1);
        reset(c);
        h.until([&] { return h.left == 1; });
        CHECK(h.ends == std::vector{access_end::cut});
    }
}

TEST_CASE("a client of a Unix socket that closes it has left, and one that closes its side has not")
{
    slow_house h;
    client gone = h.connect();
    gone.say(get("/waits"));
    client waiting = h.connect();
    waiting.say(get("/waits"));
    h.until([&] { return h.begun == 2; });
    half_close_by(waiting);
    gone.socket.reset();
    h.until([&] { return h.left == 1; });
    h.quiet();
    CHECK(h.serving->running() == 1);
}

TEST_CASE("what a client still owes of its request will not come when it has closed its side")
{
    slow_house h;
    client c = h.connect_tcp();
    c.say(half_a_body);
    h.until([&] { return h.begun == 1; });
    half_close_by(c);
    h.until([&] { return h.left == 1; });
}

TEST_CASE("a reset under TLS ends the request, and an end does not")
{
    const pem_folder folder;
    int begun = 0;
    int left = 0;
    tls_house h{one_certificate(folder)};
    h.api.get("/waits", [&](const request&) -> task<response> {
        const farewell_note note{left};
        ++begun;
        co_await sleep_for(1h);
        co_return text("late");
    });
    h.open();
    const auto call = [&] {
        auto [outside, inside] = h.call_tcp();
        REQUIRE(h.serving->take_tls(std::move(inside)));
        return outside.socket.release();
    };
    const int resetting = call();
    const auto one = std::make_unique<tls_client>(resetting, client_options{});
    const int ending = call();
    const auto other = std::make_unique<tls_client>(ending, client_options{});
    for (tls_client* const each : {one.get(), other.get()}) {
        h.until([&] {
            each->listen();
            return each->ready;
        });
        each->say(get("/waits"));
    }
    h.until([&] { return begun == 2; });
    REQUIRE(::shutdown(ending, SHUT_WR) == 0);
    h.quiet();
    CHECK(left == 0);
    // An RST at once, without closing what the client will close: connect(2), AF_UNSPEC.
    const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
    REQUIRE(::connect(resetting, &nowhere, sizeof nowhere) == 0);
    h.until([&] { return left == 1; });
    h.quiet();
    CHECK(h.serving->running() == 1);
}
