#include <cohort/testing/websocket_client.hpp>

#include <cohort/base/error.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <fmt/format.h>

namespace cohort::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = boost::beast::websocket;

class websocket_client::inside {
public:
    inside(std::uint16_t port, std::string_view path, const options& how)
    {
        error_code ec;
        const auto address = asio::ip::make_address(how.host, ec);
        check(ec, "connect WebSocket");
        finish("connect WebSocket", patience,
               [&](auto done) { socket_.next_layer().async_connect({address, port}, done); });
        ws::permessage_deflate offer;
        offer.client_enable = how.offers_compression;
        socket_.set_option(offer);
        socket_.set_option(ws::stream_base::decorator([&how](ws::request_type& asked) {
            for (const auto& [name, value] : how.headers)
                asked.set(name, value);
        }));
        ws::response_type answer;
        const std::string host = fmt::format("{}:{}", how.host, port);
        const std::string target{path};
        const error_code refused =
            wait(patience, [&](auto done) { socket_.async_handshake(answer, host, target, done); });
        if (refused == ws::error::upgrade_declined)
            throw failure{fault(make_error_code(errc::answer_failed), "shake hands",
                                std::to_string(answer.result_int()))};
        check(refused, "shake hands");
        subprotocol_ = std::string{answer[beast::http::field::sec_websocket_protocol]};
        compresses_ = !answer[beast::http::field::sec_websocket_extensions].empty();
    }

    void send(const http::websocket_message& message)
    {
        socket_.text(message.is_text());
        finish("send on WebSocket", patience, [&](auto done) {
            socket_.async_write(asio::buffer(message.bytes().data(), message.size()),
                                [done](error_code ec, std::size_t) mutable { done(ec); });
        });
    }

    std::optional<http::websocket_message> read(nanoseconds budget)
    {
        if (end_.by() != http::websocket_end::side::none)
            return std::nullopt;
        beast::flat_buffer bytes;
        const error_code ec = wait(budget, [&](auto done) {
            socket_.async_read(bytes, [done](error_code why, std::size_t) mutable { done(why); });
        });
        if (ec == ws::error::closed) {
            heard_goodbye();
            return std::nullopt;
        }
        check(ec, "read from WebSocket");
        std::string copy(static_cast<const char*>(bytes.data().data()), bytes.size());
        const auto kind = socket_.got_text() ? http::websocket_message::kind::text
                                             : http::websocket_message::kind::binary;
        return http::websocket_message::checked(kind, std::move(copy));
    }

    void close(http::close_code code, nanoseconds budget)
    {
        if (end_.by() != http::websocket_end::side::none)
            return;
        const ws::close_reason why{static_cast<ws::close_code>(code)};
        finish("close WebSocket", budget, [&](auto done) { socket_.async_close(why, done); });
        end_ = {http::websocket_end::side::us, code, {}};
    }

    [[nodiscard]] const http::websocket_end& end() const noexcept { return end_; }
    [[nodiscard]] const std::string& subprotocol() const noexcept { return subprotocol_; }
    [[nodiscard]] bool compresses() const noexcept { return compresses_; }

private:
    static void check(const error_code& ec, literal doing)
    {
        if (ec)
            throw failure{fault(ec, doing)};
    }

    /// Begins an operation and runs the loop until it is over, or the time is up.
    template <class Begin>
    error_code wait(nanoseconds budget, const Begin& begin)
    {
        std::optional<error_code> outcome;
        begin([&](const error_code& ec) { outcome = ec; });
        loop_.restart();
        const auto until = std::chrono::steady_clock::now() + budget;
        while (!outcome.has_value() && std::chrono::steady_clock::now() < until)
            loop_.run_one_until(until);
        if (outcome.has_value())
            return *outcome;
        // Nothing can be begun on it any more: what is half read stays half read.
        error_code ignored;
        socket_.next_layer().close(ignored);
        while (!outcome.has_value())
            loop_.run_one();
        return make_error_code(errc::deadline_passed);
    }

    template <class Begin>
    void finish(literal doing, nanoseconds budget, const Begin& begin)
    {
        check(wait(budget, begin), doing);
    }

    void heard_goodbye()
    {
        const ws::close_reason& why = socket_.reason();
        const auto code = why.code == ws::close_code::none
                              ? http::close_code::no_code
                              : static_cast<http::close_code>(static_cast<std::uint16_t>(why.code));
        end_ = {http::websocket_end::side::them, code,
                std::string{why.reason.data(), why.reason.size()}};
    }

    asio::io_context loop_{1};
    ws::stream<asio::ip::tcp::socket> socket_{loop_};
    http::websocket_end end_;
    std::string subprotocol_;
    bool compresses_ = false;
};

websocket_client::websocket_client(std::uint16_t port, std::string_view path)
    : websocket_client{port, path, options{}}
{}

websocket_client::websocket_client(std::uint16_t port, std::string_view path, const options& how)
    : inside_{std::make_unique<inside>(port, path, how)}
{}

websocket_client::websocket_client(websocket_client&&) noexcept = default;
websocket_client& websocket_client::operator=(websocket_client&&) noexcept = default;
websocket_client::~websocket_client() = default;

void websocket_client::send(std::string_view text)
{
    inside_->send(http::websocket_message::text(std::string{text}));
}

void websocket_client::send(const http::websocket_message& message) { inside_->send(message); }

std::string websocket_client::read(nanoseconds budget)
{
    const auto message = inside_->read(budget);
    if (!message)
        throw failure{fault(make_error_code(errc::channel_closed), "read from WebSocket",
                            inside_->end().reason())};
    return std::string{message->bytes()};
}

std::optional<http::websocket_message> websocket_client::read_message(nanoseconds budget)
{
    return inside_->read(budget);
}

void websocket_client::close(http::close_code code, nanoseconds budget)
{
    inside_->close(code, budget);
}

const http::websocket_end& websocket_client::end() const noexcept { return inside_->end(); }

const std::string& websocket_client::subprotocol() const noexcept { return inside_->subprotocol(); }

bool websocket_client::compresses() const noexcept { return inside_->compresses(); }

}  // namespace cohort::testing
