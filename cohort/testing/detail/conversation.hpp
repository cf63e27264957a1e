#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/exchange.hpp>
#include <cohort/http/limits.hpp>
#include <cohort/http/record.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/serializer.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cohort::testing::detail {

/// The bytes a client will send, and how many of them come at once.
struct script {
    std::string_view bytes;
    std::size_t packet_bytes;
};

/// One connection without a socket: what the client sends is known beforehand, what the server
/// sends is kept. A resource.
///
/// The server's own automaton (http/exchange.hpp) decides, as it does for a session; this obeys
/// its orders with strings where the session has a descriptor. The clock stands still.
class conversation {
public:
    conversation(const http::router& router, const http::limits& bounds, script client,
                 unsigned slot);
    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;

    /// Serves until the client's bytes are used up or the connection closes.
    [[nodiscard]] awaitable<> serve();

    [[nodiscard]] const std::string& sent() const noexcept { return sent_; }

private:
    class incoming;  // a body_reader
    class outgoing;  // a body_writer

    [[nodiscard]] bool take_packet();
    [[nodiscard]] http::order read();
    [[nodiscard]] http::order find_route();
    [[nodiscard]] http::order refuse();
    [[nodiscard]] http::answer begin_reply(const http::response& answer);
    void write_head(const http::response& answer, const http::answer& how);
    [[nodiscard]] awaitable<http::order> run();
    [[nodiscard]] awaitable<http::order> produce(http::response& answer, http::answer how);

    const http::router& router_;
    http::exchange_rules rules_;
    http::exchange exchange_;
    http::record record_;
    script client_;
    unsigned slot_;
    std::string sent_;
};

}  // namespace cohort::testing::detail
