#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/encoder.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cohort::http {

/// How much may come out of a compressed body: a kilobyte can say a gigabyte. A value.
struct decoder_limits {
    std::size_t bytes_max = 1U << 20;

    /// Bytes out for each byte in, once more than `ratio_free_bytes` came out.
    std::size_t ratio_max = 100;
    std::size_t ratio_free_bytes = 65'536;
};

/// All of a compressed body. Never holds more than the limits and some kilobytes; zstd windows of
/// more than 8 MB (RFC 9659) are refused.
///
/// Errors: errc::too_large, over a limit; errc::malformed, broken, cut off, or followed by more.
[[nodiscard]] result<std::string> decode(coding kind, std::string_view body,
                                         const decoder_limits& bounds = {});

}  // namespace cohort::http
