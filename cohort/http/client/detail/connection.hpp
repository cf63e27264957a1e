#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/client/client_message.hpp>
#include <cohort/http/client/url.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace cohort::http::detail {

/// Whom https servers must be vouched for by. A resource.
class tls_trust {
public:
    /// Empty `ca_file`: the system's authorities. Errors: errc::bad_value, it cannot be read.
    [[nodiscard]] static result<std::unique_ptr<tls_trust>> load(const std::string& ca_file);
    tls_trust(const tls_trust&) = delete;
    tls_trust& operator=(const tls_trust&) = delete;
    ~tls_trust();

    struct parts;
    [[nodiscard]] parts& inside() noexcept { return *parts_; }

private:
    explicit tls_trust(std::unique_ptr<parts> made) noexcept;
    std::unique_ptr<parts> parts_;
};

/// One connection to a server, for one request at a time. A resource of its loop.
class connection {
public:
    /// Resolves, connects, and shakes hands. `trust` is for https alone.
    /// Errors: of the resolver, connect(2), TLS; errc::deadline_passed. Cancel: total.
    [[nodiscard]] static awaitable<result<std::unique_ptr<connection>>>
    open(asio::any_io_executor loop, url to, tls_trust* trust, nanoseconds budget);

    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection();

    /// Errors: errc::channel_closed. Cancel: partial.
    [[nodiscard]] awaitable<result<>> write(std::string_view head, std::string_view body);

    /// The head of the final answer to a request with this method.
    /// Errors: errc::channel_closed; errc::malformed; errc::too_large. Cancel: partial.
    [[nodiscard]] awaitable<result<client_head>> read_head(method asked, std::size_t bytes_max);

    /// The next piece of its body; empty: that was all. Errors as read_head. Cancel: partial.
    [[nodiscard]] awaitable<result<std::string_view>> read_body();

    /// Has a byte come since the last write?
    [[nodiscard]] bool heard() const noexcept;

    /// The answer is complete, and another request may follow.
    [[nodiscard]] bool reusable() const noexcept;

    /// Nothing has come, not even the end: the server still listens, as far as we know.
    [[nodiscard]] bool quiet() noexcept;

    struct parts;
    explicit connection(std::unique_ptr<parts> made) noexcept;

private:
    std::unique_ptr<parts> parts_;
};

}  // namespace cohort::http::detail
