#include <cohort/testing/websocket_client.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/websocket/websocket.hpp>
#include <cohort/net/poller.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

using namespace cohort;
using namespace cohort::testing;

namespace {

awaitable<> echo(http::websocket& socket)
{
    while (auto message = co_await socket.read()) {
        if (message->bytes() == "leave") {
            socket.close(http::close_code{4001}, "as you wish");
            co_return;
        }
        const auto sent = co_await socket.send(*message);
        if (!sent)
            co_return;
    }
}

/// A server in a thread of its own.
class echo_server {
public:
    echo_server()
    {
        api_.get("/echo", http::on_websocket(echo, {.subprotocols = {"echo.v1"}}));
        REQUIRE(api_.freeze());
        REQUIRE(poller_.start());
        serving_.emplace(loop_, poller_, api_);
        accept();
        thread_ = std::jthread{[this] { loop_.run(); }};
    }
    ~echo_server()
    {
        boost::asio::post(loop_, [this] {
            door_.close();
            serving_->stop();
            poller_.stop();
        });
    }
    [[nodiscard]] std::uint16_t port() const { return door_.local_endpoint().port(); }

private:
    void accept()
    {
        door_.async_accept([this](const error_code& ec, boost::asio::ip::tcp::socket taken) {
            if (ec)
                return;
            taken.non_blocking(true);
            static_cast<void>(serving_->take(unique_fd{taken.release()}));
            accept();
        });
    }

    boost::asio::io_context loop_{1};
    net::poller poller_{loop_};
    http::router api_;
    std::optional<http::server> serving_;
    boost::asio::ip::tcp::acceptor door_{loop_, {boost::asio::ip::address_v4::loopback(), 0}};
    std::jthread thread_;
};

}  // namespace

TEST_CASE("a WebSocket client sends, reads, and hears how the server closes")
{
    echo_server server;
    for (const bool compressed : {true, false}) {
        websocket_client ada{server.port(), "/echo", {.offers_compression = compressed}};
        CHECK(ada.compresses() == compressed);
        for (const std::size_t size : {0, 1, 300, 65'536}) {
            ada.send(std::string(size, 'a'));
            CHECK(ada.read().size() == size);
        }
        ada.send(http::websocket_message::binary("\xff"));
        const auto back = ada.read_message();
        REQUIRE(back);
        CHECK(!back->is_text());
        ada.send("leave");
        CHECK(!ada.read_message());
        CHECK(ada.end().by() == http::websocket_end::side::them);
        CHECK(ada.end().code() == http::close_code{4001});
        CHECK(ada.end().reason() == "as you wish");
    }
}

TEST_CASE("a WebSocket client closes itself, and says why it could not connect or read")
{
    echo_server server;
    websocket_client polite{
        server.port(), "/echo", {.headers = {{"Sec-WebSocket-Protocol", "echo.v1"}}}};
    CHECK(polite.subprotocol() == "echo.v1");
    polite.close();
    CHECK(polite.end().by() == http::websocket_end::side::us);

    const auto refused = [&](std::string_view path, const websocket_client::options& how) {
        try {
            const websocket_client never{server.port(), path, how};
            return std::string{"connected"};
        } catch (const failure& why) {
            return why.why().subject();
        }
    };
    CHECK(refused("/nowhere", {}) == "404");
    CHECK(refused("/echo", {.headers = {{"Origin", "https://evil.example"}}}) == "403");

    websocket_client patient{server.port(), "/echo"};
    CHECK_THROWS_AS(static_cast<void>(patient.read(std::chrono::milliseconds{10})), failure);
}
