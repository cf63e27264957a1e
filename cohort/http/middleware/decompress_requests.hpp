#pragma once

#include <cohort/http/decoder.hpp>
#include <cohort/http/middleware.hpp>

#include <cstddef>
#include <optional>

namespace cohort::http {

/// Choices for decompress_requests(). A value.
struct decompression_options {
    /// What may come out. Nothing: the route's body_max, or 1 MiB.
    std::optional<std::size_t> bytes_max = std::nullopt;

    /// Bytes out for each byte in, once more than 64 KiB came out.
    std::size_t ratio_max = 100;
};

/// Lets clients send bodies with Content-Encoding: gzip, br or zstd: handlers see them as they were
/// before. Without this, handlers see what was sent.
///
/// 413 beyond the bounds, 400 for what is broken, 415 for other codings, for several, and for
/// routes that stream their body. Throws cohort::failure for a ratio_max of 0.
[[nodiscard]] hooks decompress_requests(decompression_options choices = {});

}  // namespace cohort::http
