#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/unique_fd.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <cstdint>
#include <functional>

namespace cohort::dashboard {

/// One listening socket, as the process of the dashboard takes connections from it. The primary has
/// it, too, and takes none. A resource of one event loop.
class door {
public:
    using receive = std::move_only_function<void(unique_fd connection)>;
    /// Whether somebody may come in; asked with the connection.
    using doorkeeper = std::move_only_function<bool(int connection)>;

    /// `socket` is non-blocking, and this process's own.
    door(asio::any_io_executor executor, unique_fd socket, receive give, doorkeeper lets_in = {});

    /// Takes connections, until it is cancelled. Cancel: total.
    [[nodiscard]] awaitable<> run();

private:
    void give(unique_fd connection);

    asio::posix::stream_descriptor socket_;
    receive give_;
    doorkeeper lets_in_;
};

/// At the local door: this user's processes and root's, and nobody whom a cohort has put into a
/// sandbox, which does not keep it from connecting here. `first`: the root of its processes;
/// `free_filters`: as is_caged_below() wants them, since we live in a sandbox, too.
[[nodiscard]] bool is_welcome(int connection, pid_t first, std::uint32_t free_filters);

}  // namespace cohort::dashboard
