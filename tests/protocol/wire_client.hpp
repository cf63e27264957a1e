#pragma once
// A client that sends exactly what it is told, and a server to send it to.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/child.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::protocol {

/// examples/01_hello as a process of its own, with one worker, on a port of its own. A resource:
/// the process ends with it.
class hello_server {
public:
    /// @param program  Path of the 01_hello binary.
    [[nodiscard]] static result<hello_server> start(const std::string& program);

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// False once the process has ended, which no bytes from outside may bring about.
    [[nodiscard]] bool is_alive();

    /// Asks it to stop and waits: "exit code 0" is what should come.
    [[nodiscard]] std::string stop();

private:
    hello_server(process::child child, std::uint16_t port) noexcept
        : child_{std::move(child)}, port_{port}
    {}

    process::child child_;
    std::uint16_t port_;
};

/// One answer as it was read.
struct received {
    int status = 0;
    std::string head;  ///< Status line and fields.
    std::string body;
};

/// One connection. Every wait ends after ten seconds, as "nothing came".
class wire_client {
public:
    [[nodiscard]] static result<wire_client> connect(std::uint16_t port);

    /// Sends `bytes` in packets of `packet` octets. A server that stopped listening is no failure:
    /// the answer tells.
    void send(std::string_view bytes, std::size_t packet);

    /// The next final answer; interim ones are passed over. Nothing if the connection ended, or
    /// nothing came. `method` is that of the request: HEAD has no body.
    [[nodiscard]] std::optional<received> receive(std::string_view method);

    /// True if the server ends the connection, and sends nothing before.
    [[nodiscard]] bool sees_end();

private:
    explicit wire_client(unique_fd socket) noexcept
        : socket_{std::move(socket)}
    {}

    [[nodiscard]] bool read_more();
    [[nodiscard]] std::optional<received> receive_head();
    [[nodiscard]] bool receive_body(received& answer);

    unique_fd socket_;
    std::string bytes_;
    bool ended_ = false;
};

}  // namespace cohort::protocol
