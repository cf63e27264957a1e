#pragma once

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

private:
    int held_ = 0;  // bytes that are not acknowledged, at the last look
};

}  // namespace cohort::net
