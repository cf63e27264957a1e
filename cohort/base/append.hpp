#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Text that is put together for every request, piece by piece.
namespace cohort {

/// Appends what `put` writes: it gets the place, where `most` bytes fit, and returns the end. One
/// look at the capacity for all of them, where push_back() and append() have one each.
template <class Put>
void append_by(std::string& out, std::size_t most, Put put)
{
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + most, [&](char* begin, std::size_t) {
        return static_cast<std::size_t>(put(begin + before) - begin);
    });
}

/// Copies `text` and returns the end: names and values are mostly so short that a call would cost
/// more than what it does.
inline char* put(char* to, std::string_view text) noexcept
{
    const auto both_ends = [to, text]<class Word>(Word) {
        Word first;
        Word last;
        std::memcpy(&first, text.data(), sizeof first);
        std::memcpy(&last, text.data() + text.size() - sizeof last, sizeof last);
        std::memcpy(to, &first, sizeof first);
        std::memcpy(to + text.size() - sizeof last, &last, sizeof last);
    };
    if (text.size() > 2 * sizeof(std::uint64_t))
        std::memcpy(to, text.data(), text.size());
    else if (text.size() >= sizeof(std::uint64_t))
        both_ends(std::uint64_t{});
    else if (text.size() >= sizeof(std::uint32_t))
        both_ends(std::uint32_t{});
    else if (text.size() >= sizeof(std::uint16_t))
        both_ends(std::uint16_t{});
    else if (!text.empty())
        *to = text.front();
    return to + text.size();
}

/// As it is.
inline void append_plain(std::string& out, std::string_view text)
{
    append_by(out, text.size(), [text](char* to) { return put(to, text); });
}

}  // namespace cohort
