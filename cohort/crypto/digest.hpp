#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace cohort::crypto {

/// 32 bytes, of SHA-256 or HMAC. A value without operator==: what authenticates is compared by
/// constant_time_equal(a.view(), b.view()).
struct digest {
    std::array<char, 32> bytes{};

    [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), bytes.size()}; }
};

}  // namespace cohort::crypto
