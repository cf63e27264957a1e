#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/dashboard/shapes.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace cohort::dashboard {

/// What can be ordered over the API: a verb of the admin socket, under the name that it has here. A
/// value.
struct order_rule {
    enum class of : std::uint8_t { cohort, slot };
    /// How it is done: asked of the primary as it is; asked of all slots at once; or a worker is
    /// told to leave, and waited for until another one serves in its place.
    enum class manner : std::uint8_t { plain, of_all, replaced };
    /// Who may: whoever has a token, if it changes nothing.
    enum class by : std::uint8_t { operators, viewers };

    std::string_view name;  ///< "level", of /api/v1/workers/{slot}/level
    std::string_view verb;  ///< "log-level"
    of whom;
    manner how;
    milliseconds budget;                  ///< unless the request says how long it waits
    std::span<const shape_member> takes;  ///< the members of its body
    std::string_view summary;             ///< for the documentation
    by whose = by::operators;
};

/// All of them.
[[nodiscard]] std::span<const order_rule> order_rules() noexcept;

}  // namespace cohort::dashboard
