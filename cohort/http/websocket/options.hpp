#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cohort::http {

/// How messages are compressed (permessage-deflate, RFC 7692). A socket that compresses holds up to
/// 4 << window_bits bytes plus 512 << memory_level for what it sends, and 1 << window_bits, or
/// 32 KiB for clients that cannot be told, for what it reads: from its first long message on.
struct websocket_compression {
    /// False: never. Worth it where messages are random, encrypted, or secret and mixed with text
    /// that others choose, whose length could give the secret away.
    bool enabled = true;

    int window_bits = 12;     ///< 9 to 15.
    int memory_level = 4;     ///< 1 to 9.
    int level = 3;            ///< 1 to 9.
    std::size_t least = 256;  ///< Shorter messages are sent as they are. Bytes.

    /// Whether a message may refer to those before it: smaller for many alike, and one message
    /// cannot be guessed from the length of the next if it may not.
    enum class context : std::uint8_t { fresh_each_message, kept };
    context ours = context::fresh_each_message;
    context theirs = context::fresh_each_message;
};

/// Choices for one WebSocket route: `http::on_websocket(talk, {.message_bytes_max = 1 << 20})`.
struct websocket_options {
    /// A longer message closes the socket with 1009; compressed ones are measured unpacked.
    std::size_t message_bytes_max = 65'536;

    /// Pieces that one message may come in; more close the socket with 1008.
    std::size_t fragments_max = 1'024;

    /// Messages of ours that wait for the client: send() waits for room, try_send() closes the
    /// socket with 1013.
    std::size_t queue_messages_max = 256;
    std::size_t queue_bytes_max = 1'048'576;

    /// Pages of these origins ("https://app.example.com") may connect, besides those of the same
    /// host and port. Other pages are refused with 403. Clients that are no browsers send none.
    std::vector<std::string> origins = {};

    /// Pages of every site may connect, with the cookies of their visitors.
    bool any_origin = false;

    /// What we speak, best first. A client that offers some but none of these is accepted without.
    std::vector<std::string> subprotocols = {};

    websocket_compression compression = {};

    /// A client that has said nothing for so long is pinged, and cut if it does not answer.
    std::chrono::nanoseconds ping_after = std::chrono::seconds{30};
    std::chrono::nanoseconds pong_within = std::chrono::seconds{20};

    /// Closes with 1008 when no message has come for so long. 0: pings are enough.
    std::chrono::nanoseconds idle{0};

    /// From the decision to close until the connection is cut, the queue's rest included.
    std::chrono::nanoseconds close_within = std::chrono::seconds{10};
};

}  // namespace cohort::http
