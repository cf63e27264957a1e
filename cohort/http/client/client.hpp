#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/client/circuit_breaker.hpp>
#include <cohort/http/client/client_message.hpp>
#include <cohort/http/client/client_options.hpp>

#include <boost/json/fwd.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace cohort::http {

class request;

namespace detail {
class call_in_flight;
struct client_state;
}  // namespace detail

/// An answer whose body is read piece by piece. A resource; who drops it before the end closes the
/// connection.
class client_stream {
public:
    explicit client_stream(std::unique_ptr<detail::call_in_flight> call) noexcept;
    client_stream(client_stream&&) noexcept;
    client_stream& operator=(client_stream&&) noexcept;
    ~client_stream();

    [[nodiscard]] const client_head& head() const noexcept;

    /// The next piece; empty: that was all, and it was whole.
    /// Errors: errc::channel_closed, it was cut; errc::malformed; errc::too_large;
    /// errc::deadline_passed. All are final. Cancel: total. Lifetime: until the next read.
    [[nodiscard]] awaitable<result<std::string_view>> read();

private:
    std::unique_ptr<detail::call_in_flight> call_;
};

/// Asks other servers over HTTP/1.1, from handlers. A value; copies are one client.
///
///     http::client client;
///     auto answer = co_await client.get("http://prices.internal/7", request);
///
/// Connections are kept and shared by the calls of a worker; they belong to its event loop and are
/// made when they are needed, so a client may be made before the first fork.
class client {
public:
    explicit client(client_options options = {});

    /// Sends it, and reads the whole answer; any status is an answer.
    ///
    /// Errors:       errc::bad_value, the address; errc::deadline_passed, connecting, the first
    ///               byte or all took too long; errc::queue_full, too many calls wait: again soon;
    ///               errc::circuit_open, the origin fails too often: again later, or elsewhere;
    ///               errc::channel_closed, the connection was cut; errc::malformed, the answer
    ///               breaks the rules; errc::too_large; errno of connect(2); errors of the resolver
    ///               and of TLS. Retries are over by then.
    /// Cancel:       total.
    /// Loop:         call on the loop.
    [[nodiscard]] awaitable<result<client_response>> send(client_request what);

    /// The same, until the head of the answer is there.
    [[nodiscard]] awaitable<result<client_stream>> open(client_request what);

    [[nodiscard]] awaitable<result<client_response>> get(std::string address);
    /// On behalf of a request, see client_request::on_behalf_of.
    [[nodiscard]] awaitable<result<client_response>> get(std::string address, const request& of);
    [[nodiscard]] awaitable<result<client_response>> post_json(std::string address,
                                                               const boost::json::value& document);

    /// Closes connections that nobody uses, of this loop. Others close when they are given back.
    [[nodiscard]] awaitable<> close_idle();

    [[nodiscard]] const client_counters& counters() const noexcept;

    /// Of "http://host:port", as url::origin() writes it.
    [[nodiscard]] circuit_breaker::state circuit(std::string_view origin) const noexcept;

private:
    std::shared_ptr<detail::client_state> state_;
};

}  // namespace cohort::http
