#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::schema::detail {

/// A member's name as JSON text, with its quotes, to be compared with what stands in a document.
/// Most names are so short that this is one comparison of eight bytes and no call. A value.
class quoted_name {
public:
    explicit quoted_name(std::string text)
        : text_{std::move(text)}
    {
        const std::size_t count = std::min(text_.size(), sizeof first_);
        std::memcpy(&first_, text_.data(), count);
        std::memset(&mask_, 0xff, count);
    }

    [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }

    /// Does the text from `at` to `end` begin with it?
    [[nodiscard]] bool stands_at(const char* at, const char* end) const noexcept
    {
        const auto left = static_cast<std::size_t>(end - at);
        if (left < sizeof first_ || left < text_.size())
            return std::string_view{at, left}.starts_with(text_);
        std::uint64_t found;
        std::memcpy(&found, at, sizeof found);
        if (((found ^ first_) & mask_) != 0)
            return false;
        return text_.size() <= sizeof first_ ||
               std::memcmp(at + sizeof first_, text_.data() + sizeof first_,
                           text_.size() - sizeof first_) == 0;
    }

private:
    std::string text_;
    std::uint64_t first_ = 0;  // its first eight bytes,
    std::uint64_t mask_ = 0;   // and which of their bits count
};

}  // namespace cohort::schema::detail
