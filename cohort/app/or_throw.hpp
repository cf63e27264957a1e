#pragma once

#include <cohort/base/error.hpp>

#include <type_traits>
#include <utility>

namespace cohort {

/// The value, or its fault as an exception: for the calls of this room whose shape in the user's
/// program has no room for a result.
template <class T>
T or_throw(result<T> outcome)
{
    if (!outcome)
        throw failure{std::move(outcome).error()};
    if constexpr (!std::is_void_v<T>)
        return std::move(*outcome);
}

}  // namespace cohort
