#include <cohort/http/client/detail/connection.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/base/try.hpp>
#include <cohort/http/client/detail/connect.hpp>
#include <cohort/http/client/detail/resolve.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace cohort::http::detail {

namespace beast = boost::beast;
using asio::ip::tcp;

struct tls_trust::parts {
    asio::ssl::context context{asio::ssl::context::tls_client};
};

struct connection::parts {
    explicit parts(const asio::any_io_executor& loop)
        : socket{loop}
    {}

    using parser_type = beast::http::response_parser<beast::http::buffer_body>;

    tcp::socket socket;
    std::optional<asio::ssl::stream<tcp::socket&>> tls;
    beast::flat_buffer buffer{64 * 1024};
    std::optional<parser_type> parser;
    std::array<char, 16 * 1024> piece;
    bool heard = false;
    bool broken = false;
};

namespace {

constexpr int interim_answers_max = 8;

std::unexpected<fault> cut() { return failed(errc::channel_closed, "read an answer"); }

std::unexpected<fault> misunderstood(const error_code& why)
{
    const bool large =
        why == beast::http::error::header_limit || why == beast::http::error::buffer_overflow;
    return failed(large ? errc::too_large : errc::malformed, "read an answer", why.message());
}

/// More bytes into the buffer. Errors: errc::channel_closed, with the reason in its subject.
awaitable<result<>> read_more(connection::parts& of)
{
    constexpr std::size_t bytes = 16 * 1024;
    const std::size_t room = std::min(bytes, of.buffer.max_size() - of.buffer.size());
    if (room == 0)
        co_return failed(errc::too_large, "read an answer");
    const auto space = of.buffer.prepare(room);
    error_code why;
    std::size_t got = 0;
    if (of.tls)
        std::tie(why, got) = co_await of.tls->async_read_some(space, use_tuple);
    else
        std::tie(why, got) = co_await of.socket.async_read_some(space, use_tuple);
    of.buffer.commit(got);
    of.heard = of.heard || got != 0;
    if (!why)
        co_return result<>{};
    // The end of the stream, said as such. TLS has its own way to say it; without it somebody may
    // have cut the answer (RFC 8446, 6.1).
    if (why == asio::error::eof)
        co_return failed(errc::channel_closed, "read an answer", "end");
    co_return failed(errc::channel_closed, "read an answer", why.message());
}

/// What TLS needs to know of the server. Errors: of OpenSSL.
result<> prepare_tls(connection::parts& of, const url& to, tls_trust::parts& trust)
{
    of.tls.emplace(of.socket, trust.context);
    of.tls->set_verify_mode(asio::ssl::verify_peer);
    of.tls->set_verify_callback(asio::ssl::host_name_verification(to.host));
    error_code no_address;
    static_cast<void>(asio::ip::make_address(to.host, no_address));
    // Addresses are no server names (RFC 6066, 3).
    // SSL_set_tlsext_host_name() without its cast.
    if (no_address && SSL_ctrl(of.tls->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                               TLSEXT_NAMETYPE_host_name, const_cast<char*>(to.host.c_str())) != 1)
        return failed(errc::bad_value, "name the server", to.host);
    constexpr std::array<unsigned char, 9> http11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    if (SSL_set_alpn_protos(of.tls->native_handle(), http11.data(), http11.size()) != 0)
        return failed(errc::bad_value, "offer HTTP/1.1", to.host);
    return {};
}

awaitable<result<>> reach(connection::parts& of, url to, endpoints found, tls_trust* trust)
{
    const auto reached = co_await connect_to_first(of.socket, std::move(found));
    if (!reached)
        co_return std::unexpected(fault(reached.error().why(), "connect to", to.origin()));
    error_code ignored;
    of.socket.set_option(tcp::no_delay{true}, ignored);
    if (to.how == url::scheme::http)
        co_return result<>{};
    COHORT_CO_TRY(prepare_tls(of, to, trust->inside()));
    const auto [shaken] =
        co_await of.tls->async_handshake(asio::ssl::stream_base::client, use_tuple);
    if (shaken)
        co_return std::unexpected(fault(shaken, "shake hands with", to.origin()));
    co_return result<>{};
}

}  // namespace

tls_trust::tls_trust(std::unique_ptr<parts> made) noexcept
    : parts_{std::move(made)}
{}
tls_trust::~tls_trust() = default;

result<std::unique_ptr<tls_trust>> tls_trust::load(const std::string& ca_file)
{
    auto made = std::make_unique<parts>();
    error_code why;
    made->context.set_options(asio::ssl::context::default_workarounds |
                                  asio::ssl::context::no_sslv2 | asio::ssl::context::no_sslv3 |
                                  asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                              why);
    if (!why && ca_file.empty())
        made->context.set_default_verify_paths(why);
    else if (!why)
        made->context.load_verify_file(ca_file, why);
    if (why)
        return std::unexpected(fault(why, "load certificate authorities", ca_file));
    return std::unique_ptr<tls_trust>{new tls_trust{std::move(made)}};
}

connection::connection(std::unique_ptr<parts> made) noexcept
    : parts_{std::move(made)}
{}
connection::~connection() = default;

awaitable<result<std::unique_ptr<connection>>>
connection::open(asio::any_io_executor loop, url to, tls_trust* trust, nanoseconds budget)
{
    const steady_time until = now() + budget;
    auto found = co_await resolve(loop, to.host, to.port, budget);
    if (!found)
        co_return std::unexpected(std::move(found).error());
    auto made = std::make_unique<parts>(loop);
    auto work = reach(*made, to, std::move(*found), trust);
    auto reached = co_await with_deadline(std::move(work), until - now());
    if (!reached)
        co_return std::unexpected(std::move(reached).error());
    co_return std::make_unique<connection>(std::move(made));
}

awaitable<result<>> connection::write(std::string_view head, std::string_view body)
{
    parts& of = *parts_;
    of.heard = false;
    of.parser.reset();
    const std::array<asio::const_buffer, 2> both{asio::buffer(head), asio::buffer(body)};
    error_code why;
    std::size_t put = 0;
    if (of.tls)
        std::tie(why, put) = co_await asio::async_write(*of.tls, both, use_tuple);
    else
        std::tie(why, put) = co_await asio::async_write(of.socket, both, use_tuple);
    of.broken = of.broken || static_cast<bool>(why);
    if (why)
        co_return failed(errc::channel_closed, "send a request", why.message());
    co_return result<>{};
}

awaitable<result<client_head>> connection::read_head(method asked, std::size_t bytes_max)
{
    parts& of = *parts_;
    for (int i = 0; i < interim_answers_max; ++i) {
        of.parser.emplace();
        of.parser->header_limit(static_cast<std::uint32_t>(bytes_max));
        of.parser->body_limit(boost::none);
        of.parser->skip(asked == method::head);
        while (!of.parser->is_header_done()) {
            error_code why = beast::http::error::need_more;
            if (of.buffer.size() > 0)
                of.buffer.consume(of.parser->put(of.buffer.data(), why));
            if (why && why != beast::http::error::need_more)
                co_return misunderstood(why);
            if (of.parser->is_header_done())
                break;
            auto more = co_await read_more(of);
            if (!more)
                co_return std::unexpected(std::move(more).error());
        }
        const auto& seen = of.parser->get();
        if (seen.result_int() >= 200) {
            client_head::field_list fields;
            for (const auto& each : seen)
                fields.emplace_back(std::string_view{each.name_string()},
                                    std::string_view{each.value()});
            co_return client_head{seen.result_int(), std::move(fields)};
        }
        if (seen.result_int() == 101)
            break;  // nobody asked for another protocol
    }
    co_return failed(errc::malformed, "read an answer", "interim answers without end");
}

awaitable<result<std::string_view>> connection::read_body()
{
    parts& of = *parts_;
    auto& parser = *of.parser;
    parser.eager(true);
    while (!parser.is_done()) {
        auto& into = parser.get().body();
        into.data = of.piece.data();
        into.size = of.piece.size();
        into.more = true;
        error_code why = beast::http::error::need_more;
        if (of.buffer.size() > 0)
            of.buffer.consume(parser.put(of.buffer.data(), why));
        if (why && why != beast::http::error::need_more && why != beast::http::error::need_buffer)
            co_return misunderstood(why);
        if (const std::size_t got = of.piece.size() - into.size; got > 0)
            co_return std::string_view{of.piece.data(), got};
        if (parser.is_done())
            break;
        const auto more = co_await read_more(of);
        if (more)
            continue;
        const bool ends_so = parser.need_eof() && more.error().subject() == "end";
        of.broken = true;
        if (!ends_so)
            co_return std::unexpected(more.error());
        error_code unfinished;
        parser.put_eof(unfinished);
        if (unfinished)
            co_return cut();
    }
    co_return std::string_view{};
}

bool connection::heard() const noexcept { return parts_->heard; }

bool connection::reusable() const noexcept
{
    const parts& of = *parts_;
    return !of.broken && of.parser && of.parser->is_done() && of.parser->keep_alive() &&
           of.buffer.size() == 0;
}

bool connection::quiet() noexcept
{
    char byte = 0;
    const int socket = parts_->socket.native_handle();
    return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EINTR);
}

}  // namespace cohort::http::detail
