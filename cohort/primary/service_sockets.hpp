#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/process/service_manager.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace cohort::primary {

/// Which socket of an endpoint. A value.
struct socket_key {
    const net::endpoint& asked;  ///< as it was asked for: port 0 stays 0
    std::uint32_t index = 0;

    /// How the service manager knows it: "cohort.tcp%3A//127.0.0.1%3A8080", with "#1" for index 1.
    /// Empty if it does not fit into 255 characters.
    [[nodiscard]] std::string name() const;
};

/// Listening sockets that the service manager has, and gives to whoever follows this whole cohort:
/// those of its own (socket activation), and those that it keeps for us (FDSTORE). So nobody who
/// waits in the queue of one is lost by a restart of the service. A resource.
class service_sockets {
public:
    /// Lifetime: `manager` outlives this.
    explicit service_sockets(const process::service_manager& manager) noexcept
        : manager_{manager}
    {}

    /// Ours, of what was passed: by its name, or by its address if that is not left to the kernel.
    /// It is duplicated; the one that was passed stays open. Nothing: open it.
    [[nodiscard]] std::optional<unique_fd> find(const socket_key& which,
                                                const net::listen_options& how);

    /// Has it kept from now on. Whether it is, nobody tells: the unit must allow it.
    void keep(const socket_key& which, int fd);

    /// It shall not be kept any more. What the manager has of its own, it keeps.
    void forget(const socket_key& which);

    /// Does somebody else have a hold of the sockets, too? Then a socket file outlives us.
    [[nodiscard]] bool shares() const noexcept { return manager_.listens(); }

    /// Everybody has said where they listen. What was kept for us and nobody wants is given up:
    /// connections would wait there for ever. What belongs to the manager is only said in the log.
    /// Order: in the first primary of a root, once: later numbers may be somebody else's.
    void give_up_the_rest();

private:
    const process::service_manager& manager_;
    std::set<int> wanted_;  // numbers that find() gave
};

}  // namespace cohort::primary
