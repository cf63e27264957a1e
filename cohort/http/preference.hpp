#pragma once
// Lists of what a client would rather have: Accept, Accept-Encoding, Accept-Language.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cohort::http {

/// One element, "text/html;level=1;q=0.5", as views of the field. A value.
struct preference {
    std::string_view name;        ///< "text/html", "gzip", "de-CH", "*".
    std::string_view parameters;  ///< "level=1": what stands between the name and the weight.
    std::uint16_t weight = 1000;  ///< Thousandths; 0: not at all.
};

/// Elements beyond these are not looked at.
inline constexpr std::size_t preferences_max = 64;

/// Reads a list; elements that are malformed are left out, since they ask for nothing.
/// Source: RFC 9110 section 12.4.
[[nodiscard]] std::vector<preference> read_preferences(std::string_view list);

/// The weight that a list gives a name: its own, else that of "*". Nothing if it says neither.
[[nodiscard]] std::optional<std::uint16_t> weight_of(const std::vector<preference>& list,
                                                     std::string_view name) noexcept;

}  // namespace cohort::http
