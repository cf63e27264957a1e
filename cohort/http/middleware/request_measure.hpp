#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/method.hpp>
#include <cohort/http/middleware.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace cohort::http {

/// One request, for metrics: few different values in each member, whatever clients send. A value;
/// views are valid for as long as the router.
struct request_measure {
    http::method method;          ///< `method::other` for what nobody has registered.
    std::string_view route;       ///< The pattern; empty for 404 and what was refused.
    unsigned status_class;        ///< 2 to 5: the first digit.
    nanoseconds took;             ///< Until the answer was ready.
    std::uint64_t request_bytes;  ///< Of the body, if it was buffered.
};

/// Hears of requests. Any thread of the worker.
using measure_observer = std::move_only_function<void(const request_measure&) const noexcept>;

/// Tells `observer` of each request when its answer is ready.
[[nodiscard]] hooks on_request_measured(measure_observer observer);

}  // namespace cohort::http
