#pragma once
// A client with deadlines, for tests of servers over real sockets.

#include <cohort/base/unique_fd.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::testing {

/// A blocking connection. A resource. Every call throws `failure` when something is wrong, or when
/// the time is up.
class client {
public:
    /// Connects to 127.0.0.1.
    explicit client(std::uint16_t port);
    /// Connects to a Unix socket; "@name" is an abstract one.
    [[nodiscard]] static client to_unix(const std::string& path);
    explicit client(unique_fd connected)
        : socket_{std::move(connected)}
    {}

    void send(std::string_view bytes);
    /// What comes, up to and including `end`, or until the peer closes.
    std::string receive_until(std::string_view end, nanoseconds budget = patience);
    /// Everything until the peer closes.
    std::string receive_all(nanoseconds budget = patience);

    /// One HTTP GET on this connection; the answer's head and body, by its Content-Length.
    std::string get(std::string_view path, nanoseconds budget = patience);
    /// The body of the same.
    std::string body_of(std::string_view path, nanoseconds budget = patience);

    [[nodiscard]] int descriptor() const noexcept { return socket_.borrow(); }

private:
    bool receive_some(steady_time until);

    unique_fd socket_;
    std::string buffer_;
};

/// The port in a worker's line "Worker 1 listening on port …", by its endpoint. 0: there is none.
[[nodiscard]] std::uint16_t port_of(const boost::json::object& line);

/// A TCP port on 127.0.0.1 that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();

}  // namespace cohort::testing
