#pragma once
// Workers that hang, before anybody has ended them.

#include <cohort/base/clock.hpp>
#include <cohort/control/fields.hpp>

#include <boost/json/object.hpp>

#include <optional>

namespace cohort::control {

/// For how long the event loop of a slot's worker has not turned, as the survey has it; nothing if
/// that is as usual, since it beats several times a second, or if it has none.
[[nodiscard]] inline std::optional<milliseconds> silence_of(const boost::json::object& slot)
{
    constexpr milliseconds strange{3'000};
    const milliseconds beat{number_at(slot, "beat_ms").value_or(0)};
    return beat < strange ? std::nullopt : std::optional{beat};
}

}  // namespace cohort::control
