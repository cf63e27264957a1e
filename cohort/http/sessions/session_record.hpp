#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

/// What a session is, as stores and cookies keep it. A value.
struct session_record {
    std::int64_t created = 0;  ///< Seconds since 1970.
    std::int64_t seen = 0;     ///< When it was last written down, not to the second.
    std::vector<std::pair<std::string, std::string>> values;

    /// As bytes; what write() takes.
    [[nodiscard]] std::size_t size() const noexcept;

    [[nodiscard]] std::string write() const;

    /// Nothing for bytes that write() does not make.
    [[nodiscard]] static std::optional<session_record> read(std::string_view bytes);

    friend bool operator==(const session_record&, const session_record&) = default;
};

}  // namespace cohort::http
