#pragma once

#include <cstddef>
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

/// As it is.
inline void append_plain(std::string& out, std::string_view text)
{
    append_by(out, text.size(), [text](char* to) { return to + text.copy(to, text.size()); });
}

}  // namespace cohort
