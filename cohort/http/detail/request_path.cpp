#include <cohort/http/detail/request_path.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/http/percent.hpp>

#include <algorithm>
#include <cstddef>

namespace cohort::http::detail {

namespace {

/// "a/../b": does any piece between slashes lead to this or the upper folder?
bool has_dot_segment(std::string_view decoded) noexcept
{
    for (;;) {
        const std::string_view piece = decoded.substr(0, decoded.find('/'));
        if (piece == "." || piece == "..")
            return true;
        if (piece.size() == decoded.size())
            return false;
        decoded.remove_prefix(piece.size() + 1);
    }
}

}  // namespace

path_quality inspect_path(std::string_view raw)
{
    if (raw.find('%') == std::string_view::npos) {
        const bool dots = raw.find("/.") != std::string_view::npos && has_dot_segment(raw);
        return dots ? path_quality::ambiguous : path_quality::plain;
    }
    // Decoding the whole path at once finds what decoding each segment finds, and is shorter: an
    // encoded slash only makes more pieces to look at.
    const auto decoded = percent_decode(raw);
    if (!decoded || !is_utf8(*decoded) || has_dot_segment(*decoded))
        return path_quality::ambiguous;
    return path_quality::encoded;
}

bool has_encoded_slash(std::string_view raw) noexcept
{
    return raw.find("%2F") != std::string_view::npos || raw.find("%2f") != std::string_view::npos;
}

}  // namespace cohort::http::detail
