#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/ledger.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/ipc/protocol.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/primary/service_sockets.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace cohort::primary {

/// Who asks for an endpoint.
struct listen_asker {
    std::uint32_t id = 0;
    std::uint32_t slot = 0;
};

/// One open endpoint. A resource; lives as long as the primary.
struct open_endpoint {
    std::uint32_t number = 0;
    net::endpoint asked;
    net::endpoint real;
    net::listen_options how;
    unique_fd socket;                            ///< with policy reuseport: of the first slot
    std::map<std::uint32_t, unique_fd> by_slot;  ///< policy reuseport: a kernel queue for each slot
    net::unix_socket_file file;
    std::set<std::uint32_t> holders;  ///< ids of workers that listen there
    std::uint32_t index = 0;          ///< as it was asked for

    [[nodiscard]] bool datagrams() const noexcept
    {
        return real.kind() == net::endpoint::family::udp;
    }
};

/// Every socket that the workers share. A resource.
///
/// A socket that was opened is not closed before the primary's end, whoever dies: connections in
/// its queue wait for the next worker. One that could not be opened is forgotten, so that asking
/// again is a new attempt.
class listeners {
public:
    explicit listeners(config::policy balance) noexcept
        : balance_{balance}
    {}

    /// Writes down from now on what is open, for who comes after us.
    void write_to(const board::ledger& book) noexcept { book_ = &book; }
    /// Asks there first for every socket, and has it kept.
    void use(service_sockets& manager) noexcept { manager_ = &manager; }
    /// Goes on with what a dead primary had open. What is not what it was written down as is left
    /// alone. Returns the numbers that are ours now.
    [[nodiscard]] std::vector<int> recover(const board::ledger& book);
    /// It listens there, and said so itself.
    void holds_again(std::uint32_t id, std::uint32_t number);

    /// Opens the endpoint, or finds it. Same address, type and index: same socket; the number that
    /// another worker got from port 0 is the same address, too.
    /// Errors: EADDRINUSE, also if this worker listens there already; EACCES; errc::bad_value; …
    [[nodiscard]] result<open_endpoint*> ask(listen_asker who, const ipc::listen_request& what);

    /// The same for programs that accept by themselves on what they inherit, and ask nobody: the
    /// socket, which stays ours, and is one for all slots: a queue of its own would keep what
    /// arrives when its slot is given up. Such programs expect accept() to wait, as systemd's do.
    [[nodiscard]] result<int> inherited(const ipc::listen_request& what);

    /// A duplicate for the worker; not valid() if connections will be dealt to it.
    /// Errors: EMFILE (again later).
    [[nodiscard]] result<unique_fd> socket_for(open_endpoint& of, std::uint32_t slot) const;

    /// This worker no longer listens on that endpoint; or on none any more.
    void leave(std::uint32_t id, std::uint32_t number) noexcept;
    void gone(std::uint32_t id) noexcept;

    [[nodiscard]] bool holds(std::uint32_t number, std::uint32_t id) const noexcept;
    [[nodiscard]] const std::map<std::uint32_t, std::unique_ptr<open_endpoint>>&
    all() const noexcept
    {
        return open_;
    }

    /// Closes this one; asking for it again opens another. Order: nobody accepts there any more.
    void close(std::uint32_t number);
    /// Closes every socket and opens none any more: nobody will ever serve again.
    void close() noexcept;
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// Does the primary accept and deal the connections of this endpoint?
    [[nodiscard]] bool deals(const open_endpoint& of) const noexcept;

private:
    [[nodiscard]] open_endpoint* find(const net::endpoint& where, const ipc::listen_request& what);
    [[nodiscard]] result<open_endpoint*> open(const net::endpoint& where,
                                              const ipc::listen_request& what);
    [[nodiscard]] result<unique_fd> open_socket(const open_endpoint& of, std::uint32_t index);
    [[nodiscard]] result<open_endpoint*> reach(std::uint32_t slot, const net::endpoint& where,
                                               const ipc::listen_request& what);
    void write_down(const open_endpoint& what) const noexcept;
    [[nodiscard]] result<> open_queue(open_endpoint& of, std::uint32_t slot);

    config::policy balance_;
    const board::ledger* book_ = nullptr;
    service_sockets* manager_ = nullptr;
    std::map<std::uint32_t, std::unique_ptr<open_endpoint>> open_;
    std::map<std::tuple<std::string, bool, std::uint32_t>, std::uint32_t> by_key_;
    std::uint32_t last_number_ = 0;
    bool closed_ = false;
};

}  // namespace cohort::primary
