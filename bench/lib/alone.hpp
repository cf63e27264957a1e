#pragma once
// The HTTP room alone, as the peers are run: one process, one loop, no primary.

#include "listening.hpp"

#include <cohort/base/unique_fd.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/observe/log.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <utility>

namespace bench {

/// Gives each connection of a listener to a server. A resource.
class acceptor final : public cohort::net::watcher {
public:
    using taking = cohort::result<> (cohort::http::server::*)(cohort::unique_fd&&);

    acceptor(int listener, cohort::http::server& into, taking how)
        : listener_{listener}, into_{into}, take_{how}
    {}

    void ready(std::uint32_t) noexcept override
    {
        cohort::unique_fd next{
            ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (next.valid())
            static_cast<void>((into_.*take_)(std::move(next)));
    }

private:
    int listener_;
    cohort::http::server& into_;
    taking take_;
};

/// Serves until a signal ends the process, over TLS if the options have it. Returns what main
/// shall: only when it could not begin.
inline int serve_alone(std::uint16_t port, cohort::http::router& api,
                       cohort::http::server_options options = {})
{
    const cohort::unique_fd listener{listen_on(port)};
    if (!listener.valid() || !api.freeze())
        return 1;
    boost::asio::io_context loop{1};
    cohort::net::poller poller{loop};
    if (!poller.start())
        return 1;
    poller.around_batches({.before = &cohort::log::hold, .after = &cohort::log::release});
    acceptor::taking how = &cohort::http::server::take;
    if (options.tls)
        how = &cohort::http::server::take_tls;
    cohort::http::server server{loop, poller, api, std::move(options)};
    acceptor accept{listener.borrow(), server, how};
    if (!poller.watch(listener.borrow(), EPOLLIN, accept))
        return 1;
    loop.run();
    return 0;
}

}  // namespace bench
