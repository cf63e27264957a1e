// The same answers by Boost.Beast, as its own examples are written: one thread, coroutines.
// Usage: hello_beast <port>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

asio::awaitable<void> serve(tcp::socket socket)
{
    static const std::string document = "{\"items\":\"" + std::string(4096 - 12, 'x') + "\"}";
    socket.set_option(tcp::no_delay{true});
    boost::beast::flat_buffer buffer;
    try {
        for (bool more = true; more;) {
            http::request<http::string_body> request;
            co_await http::async_read(socket, buffer, request, asio::use_awaitable);
            const bool json = request.target() == "/json";
            http::response<http::string_body> answer{http::status::ok, request.version()};
            answer.set(http::field::date, "Fri, 26 Jan 2024 10:00:00 GMT");
            answer.set(http::field::content_type,
                       json ? "application/json" : "text/plain; charset=utf-8");
            answer.body() = json ? document : "Hello, world";
            answer.keep_alive(request.keep_alive());
            answer.prepare_payload();
            more = request.keep_alive();
            co_await http::async_write(socket, answer, asio::use_awaitable);
        }
    } catch (const std::exception&) {
        // The client left; this peer needs no better manners.
    }
}

asio::awaitable<void> accept(tcp::acceptor& from)
{
    for (;;) {
        auto socket = co_await from.async_accept(asio::use_awaitable);
        auto work = serve(std::move(socket));
        asio::co_spawn(from.get_executor(), std::move(work), [](std::exception_ptr) {});
    }
}

}  // namespace

int main(int argc, char** argv)
{
    std::uint16_t port = 0;
    if (argc > 1)
        std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), port);
    asio::io_context loop{1};
    tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), port}};
    asio::co_spawn(loop, accept(acceptor), [](std::exception_ptr) {});
    loop.run();
}
