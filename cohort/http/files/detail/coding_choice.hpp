#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cohort::http::detail {

/// How a file beside another one is compressed: app.js.br.
enum class coding : std::uint8_t { br, zstd, gzip };

struct coding_words {
    std::string_view name;    ///< In Accept-Encoding and Content-Encoding.
    std::string_view ending;  ///< Of the file.
};
[[nodiscard]] const coding_words& words(coding of) noexcept;

/// The codings that a client takes rather than none, best first. A value.
class coding_order {
public:
    [[nodiscard]] std::span<const coding> all() const noexcept { return {best_.data(), count_}; }
    void add(coding one) noexcept { best_[count_++] = one; }

private:
    std::array<coding, 3> best_{};
    std::size_t count_ = 0;
};

/// Reads Accept-Encoding. Equal weights: br, zstd, gzip. What is malformed is not there.
/// Source: RFC 9110, 12.5.3.
[[nodiscard]] coding_order choose_codings(std::string_view accept_encoding);

}  // namespace cohort::http::detail
