#pragma once

#include <cstdint>

namespace cohort::net {

/// Does the other end take what waits in a socket that is full? A value.
///
/// EPOLLOUT comes when a third of the socket's buffer is free, which grows to megabytes: a slow
/// reader takes longer for that than one has patience with somebody who reads nothing.
class uptake {
public:
    /// Has it taken some since the last look? False for what is no socket, too.
    /// Source: SIOCOUTQ, tcp(7).
    [[nodiscard]] bool went_on(int socket) noexcept;

    /// How many bytes it has taken since the last look, for who knows how many were `given` to the
    /// socket. The first look knows nothing: 0. For Unix sockets, and through TLS, about so many.
    [[nodiscard]] std::uint64_t taken(int socket, std::uint64_t given) noexcept;

private:
    int held_ = 0;             // bytes that are not acknowledged, at the last look
    std::uint64_t given_ = 0;  // at the last look of taken(); 0: there was none
};

}  // namespace cohort::net
