#pragma once
// What routes that look ask the primary, and how they are described.

#include <cohort/base/clock.hpp>
#include <cohort/board/layout.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/dashboard/shapes.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/route.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace cohort::dashboard::detail {

/// Of a path with {slot} in it.
[[nodiscard]] inline std::uint32_t slot_of(const http::request& of)
{
    return of.path<std::uint32_t>("slot", 0, board::slots_max - 1);
}

[[nodiscard]] inline control::request question(const char* verb, std::optional<std::uint32_t> slot,
                                               milliseconds answered_within)
{
    control::request what{verb};
    what.slot = slot;
    what.budget = answered_within;
    return what;
}

/// Parameters of paths.
[[nodiscard]] inline http::expects slot_in_path()
{
    static constexpr std::array one{shape_member{"slot", "integer!", "Of a worker: its seat."}};
    return taken(http::place::path, one);
}

[[nodiscard]] inline http::route_options noted(const char* words, http::answers what,
                                               const http::route_notes& more = {})
{
    http::route_options how{.notes = {http::tag{"look"}, http::summary{words}, std::move(what)}};
    how.notes.add(more);
    return how;
}

}  // namespace cohort::dashboard::detail
