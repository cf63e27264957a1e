#pragma once

#include <cohort/async/wakeup.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/primary/readiness.hpp>
#include <cohort/process/notify_socket.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace cohort::primary {

/// A worker that is a program which need not know us: what we know of it beyond its process. A
/// resource, shared by the supervisor and the coroutines that attend to it.
struct stranger {
    stranger(boost::asio::any_io_executor executor, readiness of)
        : signs{of}, changed{std::move(executor)}
    {}

    /// It is dead: whoever waits for something of it need not any more.
    void end()
    {
        over = true;
        far_end.reset();
        changed.notify_all();
    }

    readiness signs;
    wakeup changed;                             ///< something below has
    std::optional<process::notify_socket> ear;  ///< nothing: it has no NOTIFY_SOCKET
    /// Its end of our channel, if it was not given that: without it the channel would end.
    unique_fd far_end;
    uid_t user = 0;            ///< whose words count, besides root's
    bool has_sockets = false;  ///< it accepts on sockets of ours by itself
    bool knows_us = false;     ///< it said hello: from then on it is a worker like others
    bool over = false;         ///< it is dead
    bool pinged = false;       ///< it said WATCHDOG=1: from then on its silence counts
    std::string status;        ///< STATUS=, its own words on how it is
    /// The numbers of our ends of its pipes, while somebody reads them; -1: nobody does.
    int out = -1;
    int err = -1;
    std::uint64_t nonsense = 0;  ///< what came at its address and was of no use
};

}  // namespace cohort::primary
