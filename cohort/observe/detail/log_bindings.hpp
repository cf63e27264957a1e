#pragma once

#include <cohort/observe/log.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::log::detail {

/// A bit that stands for a name, and for others: that of one that is not there says so at once.
[[nodiscard]] constexpr std::uint64_t name_bit(std::string_view name) noexcept
{
    if (name.empty())
        return 1;
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    return std::uint64_t{1} << (first * 37U + last * 101U + name.size() * 11U) % 64;
}

/// Fields as they stand in a line, made once. A value.
class bindings {
public:
    /// More than that is left out, and lines say "truncated".
    static constexpr std::size_t bytes_max = 2048;

    /// A name that is there already gets the new value.
    void add(std::span<const field> more);

    /// One field in text(): `,"name":value`.
    struct piece {
        std::uint16_t begin = 0;
        std::uint16_t name_bytes = 0;  ///< of the name between its quotes
    };
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    [[nodiscard]] std::size_t count() const noexcept { return pieces_.size(); }
    [[nodiscard]] std::string_view text_of(std::size_t which) const noexcept;
    [[nodiscard]] std::string_view name_of(std::size_t which) const noexcept;
    [[nodiscard]] std::string_view value_of(std::size_t which) const noexcept;
    /// Of all names; more may be set.
    [[nodiscard]] std::uint64_t name_bits() const noexcept { return name_bits_; }
    [[nodiscard]] bool is_whole() const noexcept { return whole_; }

private:
    void remove(std::string_view name);

    std::string text_;
    std::vector<piece> pieces_;
    std::uint64_t name_bits_ = 0;
    bool whole_ = true;
};

}  // namespace cohort::log::detail
