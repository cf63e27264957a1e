#include <cohort/http/proxy_door.hpp>

#include <cohort/http/detail/tls_test.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view version_1 = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n";
constexpr std::string_view version_2 =
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x67\x01\xbb"sv;
constexpr std::string_view of_the_proxy = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"sv;
constexpr std::string_view ask = "GET /peer HTTP/1.1\r\nHost: t\r\n\r\n";

template <class House>
struct with_door : House {
    template <class... More>
    explicit with_door(More&&... more)
        : House{std::forward<More>(more)...}
    {
        this->api.get("/peer", [](const request& r) { return text(r.peer().text()); });
    }
    ~with_door() { door.reset(); }

    void open_door(std::vector<std::string> proxies = {"local", "loopback"})
    {
        this->open();
        auto made = proxy_door::make(this->loop, this->poller, *this->serving,
                                     {.proxies = std::move(proxies), .clock = &test_clock});
        REQUIRE(made);
        door = std::move(*made);
    }
    /// The outer end of a connection that the door has.
    int call_door(void (proxy_door::*way)(unique_fd) = &proxy_door::take)
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
                0);
        ((*door).*way)(unique_fd{ends[0]});
        return ends[1];
    }
    void hear(client& who, std::string_view what)
    {
        this->until([&] {
            who.listen();
            return who.has(what) || who.closed;
        });
        CHECK_MESSAGE(who.has(what), who.heard);
    }
    void hear_close(client& who)
    {
        this->until([&] {
            who.listen();
            return who.closed;
        });
        CHECK(who.heard.empty());
    }

    std::unique_ptr<proxy_door> door;
};

}  // namespace

TEST_CASE("whom the header names is the peer, wherever the header is cut in two")
{
    with_door<house> h;
    h.open_door();
    for (const std::string_view header : {version_1, version_2}) {
        for (std::size_t at = 0; at <= header.size(); ++at) {
            client c{h.call_door()};
            if (at != 0)
                c.say(header.substr(0, at));
            h.loop.poll();
            c.say(std::string{header.substr(at)} + std::string{ask});
            h.hear(c, "\r\n\r\n192.0.2.7:4711");
        }
    }
    CHECK(h.door->counts().believed == version_1.size() + version_2.size() + 2);
    CHECK(h.door->waiting() == 0);
}

TEST_CASE("byte after byte, then one request after another")
{
    with_door<house> h;
    h.open_door();
    client c{h.call_door()};
    for (const char each : version_2) {
        c.say({&each, 1});
        h.loop.poll();
    }
    CHECK(h.door->waiting() == 0);
    for (int i = 0; i < 2; ++i) {
        c.say(ask);
        h.hear(c, "192.0.2.7:4711");
        c.heard.clear();
    }
}

TEST_CASE("a proxy's own connection has its own peer")
{
    with_door<house> h;
    h.open_door();
    client c{h.call_door()};
    c.say(std::string{of_the_proxy} + std::string{ask});
    h.hear(c, "\r\n\r\nlocal");
    client unknown{h.call_door()};
    unknown.say("PROXY UNKNOWN\r\n" + std::string{ask});
    h.hear(unknown, "\r\n\r\nlocal");
    CHECK(h.door->counts().own == 2);
}

TEST_CASE("strangers are closed unheard, whatever they say")
{
    with_door<house> h;
    h.open_door({"10.0.0.0/8"});
    auto [outside, inside] = house::call_tcp();
    outside.say(std::string{version_1} + std::string{ask});
    h.door->take(std::move(inside));
    h.until([&] {
        outside.listen();
        return outside.closed;
    });
    CHECK(outside.heard.empty());
    CHECK(h.door->counts().strangers == 1);
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("what is no header, what is too late and who leaves are closed, and counted")
{
    with_door<house> h;
    h.open_door();
    client plain{h.call_door()};
    plain.say(ask);
    h.hear_close(plain);
    CHECK(h.door->counts().malformed == 1);
    {
        client leaves{h.call_door()};
        leaves.say(version_1.substr(0, 9));
    }
    h.until([&] { return h.door->counts().left == 1; });
    client slow{h.call_door()};
    slow.say(version_1.substr(0, 9));
    h.loop.poll();
    clock_now += 4s;
    h.door->tick();
    CHECK(h.door->waiting() == 1);
    clock_now += 1s;
    h.door->tick();
    h.hear_close(slow);
    CHECK(h.door->counts().late == 1);
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("the header stands before TLS")
{
    const pem_folder folder;
    with_door<tls_house> h{one_certificate(folder)};
    h.open_door();
    const int outside = h.call_door(&proxy_door::take_tls);
    REQUIRE(::send(outside, version_2.data(), version_2.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(version_2.size()));
    tls_client c{outside, {}};
    h.until([&] {
        c.listen();
        return c.ready || c.ended();
    });
    REQUIRE(c.ready);
    c.say(ask);
    h.hear_tls(c, "\r\n\r\n192.0.2.7:4711");
}
