#pragma once
// What one HTTP/2 connection may cost: every number here bounds something that a client could make
// grow.

#include <cstddef>
#include <cstdint>

namespace cohort::http::h2 {

/// A token bucket in whole seconds. A value: so many at once, and so many more each second.
struct rate {
    std::uint32_t burst;
    std::uint32_t per_second;
};

/// Bounds on one connection. A value; the defaults are safe on the open internet.
struct options {
    /// Requests at the same time; said in SETTINGS. More are refused with REFUSED_STREAM.
    std::uint32_t streams_max = 100;

    /// SETTINGS_MAX_HEADER_LIST_SIZE. What counts in the end are http::limits: 431 beyond them.
    std::uint32_t header_list_bytes = 65'536;

    /// What a client may send before a handler has taken any of it: of one body, of all bodies.
    std::uint32_t stream_window = 262'144;
    std::uint32_t connection_window = 1U << 20;

    /// Bytes of all buffered bodies of a connection that are not answered yet. More: 503.
    std::uint64_t buffered_bytes_max = 16U << 20;

    /// CONTINUATION frames of one head (CVE-2024-28182), and entries of one SETTINGS frame.
    std::size_t continuations_max = 8;
    std::size_t settings_max = 32;

    /// Acknowledgements (of SETTINGS and PING) that a client may leave unread (CVE-2019-9512).
    std::size_t acks_waiting_max = 100;

    /// Streams that a client resets (CVE-2023-44487), and streams that it makes us reset.
    rate resets{.burst = 200, .per_second = 33};
    rate errors{.burst = 100, .per_second = 10};

    /// Frames that move nothing: PING, SETTINGS, PRIORITY, empty DATA, windows opened by a few
    /// bytes.
    rate idle_frames{.burst = 1000, .per_second = 100};
};

/// What happened on connections so far. A value.
struct tally {
    std::uint64_t streams = 0;       ///< Begun by clients.
    std::uint64_t resets = 0;        ///< RST_STREAM received.
    std::uint64_t errors = 0;        ///< RST_STREAM sent, with an error.
    std::uint64_t idle_frames = 0;   ///< See options::idle_frames.
    std::uint64_t malformed = 0;     ///< Requests that break RFC 9113 section 8.
    std::uint64_t reset_floods = 0;  ///< Connections ended for each of the rates ...
    std::uint64_t error_floods = 0;
    std::uint64_t idle_floods = 0;
    std::uint64_t ack_floods = 0;       ///< ... or by acks_waiting_max ...
    std::uint64_t head_floods = 0;      ///< ... or by continuations_max.
    std::uint64_t protocol_errors = 0;  ///< Connections ended by any other error.

    tally& operator+=(const tally& other) noexcept;
};

}  // namespace cohort::http::h2
