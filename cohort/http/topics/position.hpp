#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// A place in the order of a cohort's messages, as clients carry it around (`Last-Event-ID`). A
/// value. `cohort` tells a position of this life of the application from one before a restart.
struct position {
    std::uint32_t cohort = 0;
    std::uint64_t id = 0;  ///< of the last message that the client has

    /// "9f86d081-4711": eight hexadecimal digits and a number.
    [[nodiscard]] std::string text() const;
    /// What text() wrote, and nothing else.
    [[nodiscard]] static std::optional<position> parse(std::string_view text) noexcept;

    friend bool operator==(const position&, const position&) = default;
};

}  // namespace cohort::http
