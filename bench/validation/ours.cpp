// Cohort's HTTP room alone, as bench/hello/ours.cpp is: one process, one loop, no primary. POST
// /echo reads a payment, checks it and writes it back. Usage: validation_ours <port>.
#include <cohort/base/parse.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/validation/valid.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/schema/schema.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace http = cohort::http;
namespace schema = cohort::schema;

namespace {

enum class currency : std::uint8_t { eur, usd };

struct line {
    std::string name;
    std::int64_t count = 0;
    double price = 0;
};
struct payment {
    std::string to;
    std::int64_t cents = 0;
    std::optional<std::string> note;
    std::optional<currency> in;
    std::vector<std::string> tags;
    std::vector<line> lines;
};

const auto line_schema = schema::object<line>("Line")
                             .field("name", &line::name, schema::text().length(1, 80))
                             .field("count", &line::count, schema::integer().range(1, 1000))
                             .field("price", &line::price, schema::number().at_least(0));

const auto payment_schema =
    schema::object<payment>("Payment")
        .field("to", &payment::to, schema::text().length(1, 80))
        .field("cents", &payment::cents, schema::integer().range(1, 1'000'000))
        .field("note", &payment::note, schema::text().pattern("^[a-z ]*$"))
        .field("in", &payment::in,
               schema::choice<currency>({{"EUR", currency::eur}, {"USD", currency::usd}}))
        .defaulted("tags", &payment::tags, schema::list(schema::text().at_most(20)).length(0, 10))
        .field("lines", &payment::lines, schema::list(line_schema).length(0, 100));

class acceptor final : public cohort::net::watcher {
public:
    acceptor(int listener, http::server& into)
        : listener_{listener}, into_{into}
    {}

    void ready(std::uint32_t) noexcept override
    {
        cohort::unique_fd next{
            ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (next.valid())
            static_cast<void>(into_.take(std::move(next)));
    }

private:
    int listener_;
    http::server& into_;
};

cohort::unique_fd listen_on(std::uint16_t port)
{
    cohort::unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const int on = 1;
    ::setsockopt(listener.borrow(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(listener.borrow(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener.borrow(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == -1 ||
        ::listen(listener.borrow(), 511) == -1)
        listener.reset();
    return listener;
}

}  // namespace

int main(int argc, char** argv)
{
    const auto port = argc > 1 ? cohort::parse_integer<std::uint16_t>(argv[1]) : std::nullopt;
    if (!port)
        return 2;
    http::router api;
    api.get("/healthz", [](const http::request&) { return http::text("ok"); });
    api.post("/echo", http::valid(payment_schema, [](const http::request&, const payment& made) {
                 return http::json_of(payment_schema, made);
             }));
    const cohort::unique_fd listener = listen_on(*port);
    if (!listener.valid() || !api.freeze())
        return 1;

    boost::asio::io_context loop{1};
    cohort::net::poller poller{loop};
    if (!poller.start())
        return 1;
    http::server server{loop, poller, api, {}};
    acceptor accept{listener.borrow(), server};
    if (!poller.watch(listener.borrow(), EPOLLIN, accept))
        return 1;
    loop.run();
}
