#pragma once
// How much of a request we are willing to hold before its meaning is known.

#include <cstddef>
#include <cstdint>

namespace cohort::http {

/// Bounds on one request. A value; the defaults are safe on the open internet.
struct limits {
    /// Request line without its CRLF. Longer because of the target: 414. RFC 9112 section 3 asks
    /// for at least 8000.
    std::uint32_t request_line_bytes_max = 8192;

    /// Everything up to and including the empty line. Longer: 431. At most 65,535: offsets into
    /// the head are 16 bits wide; a larger number here counts as that.
    std::uint32_t head_bytes_max = 16384;

    /// Field lines in a head. More: 431. At most 100 (head::fields_max).
    std::uint32_t fields_max = 100;

    /// Body bytes after the framing is removed; a route may set its own. More: 413.
    std::uint64_t body_bytes_max = 1U << 20;

    /// Extensions of one chunk, and of all chunks of one body. More: 413. Clients that send many
    /// bytes of them beside little data are not after an answer (CVE-2023-39326).
    std::uint32_t chunk_extension_bytes_max = 1024;
    std::uint32_t chunk_extensions_bytes_max = 16384;

    /// The trailer section of a chunked body. More: 431.
    std::uint32_t trailer_bytes_max = 8192;
    std::uint32_t trailer_fields_max = 32;
};

}  // namespace cohort::http
