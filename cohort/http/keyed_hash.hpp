#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace cohort::http {

/// Who does not know it cannot choose texts of one hash. A value.
struct hash_secret {
    std::uint64_t first;
    std::uint64_t second;
};

/// 64 bits of `text`, by SipHash-2-4. For tables that strangers fill; no signature.
///
/// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
[[nodiscard]] std::uint64_t keyed_hash(const hash_secret& by, std::string_view text) noexcept;

/// Of a table that one process has.
[[nodiscard]] hash_secret random_secret() noexcept;

/// The secret of a table that processes share, in two words of it. Drawn by whoever asks first.
[[nodiscard]] hash_secret shared_secret(std::array<std::atomic<std::uint64_t>, 2>& in) noexcept;

}  // namespace cohort::http
