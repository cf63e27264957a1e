#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/endpoint.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace cohort {

namespace work {
class door;
}

/// One endpoint as this worker serves it. A resource, movable; closes when destroyed.
///
/// Closing takes only this worker out: the primary keeps the socket, and connections go to the
/// other workers, or wait.
class listener {
public:
    explicit listener(std::shared_ptr<work::door> at) noexcept;
    listener(listener&&) noexcept;
    listener& operator=(listener&&) noexcept;
    ~listener();

    /// The next connection, as a plain Asio socket. One connection a call; several calls may wait.
    ///
    /// Throws `failure`: errc::stopping once the worker drains (after all that had been accepted
    /// was given out) or the listener is closed; EAFNOSUPPORT, the endpoint is of another family.
    /// An uncaught errc::stopping ends main in peace. Cancel: total.
    /// Deadline: none, clients come when they like.
    [[nodiscard]] task<asio::ip::tcp::socket> accept();
    [[nodiscard]] task<asio::local::stream_protocol::socket> accept_unix();

    /// The same, with a result.
    [[nodiscard]] task<result<asio::ip::tcp::socket>> try_accept();
    /// The same, as a non-blocking descriptor of any family.
    [[nodiscard]] task<result<unique_fd>> accept_descriptor();

    /// Gives every connection to `take` from now on, as it comes: for servers with their own way
    /// with descriptors. Replaces accept().
    void serve(std::move_only_function<void(unique_fd connection) noexcept> take);

    /// Where clients reach it: the real port after port 0.
    [[nodiscard]] const net::endpoint& local_endpoint() const noexcept;
    [[nodiscard]] std::uint16_t port() const noexcept;

    /// No more connections for this worker. Waiting accepts fail with errc::stopping. Idempotent.
    void close();
    [[nodiscard]] bool is_open() const noexcept;

private:
    std::shared_ptr<work::door> door_;
};

}  // namespace cohort
