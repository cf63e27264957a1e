#pragma once

#include <cohort/http/encoder.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace cohort::http::detail {

/// Of the file beside another one that is compressed so: ".br", as in app.js.br.
[[nodiscard]] std::string_view ending_of(coding how) noexcept;

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
