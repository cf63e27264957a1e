#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/middleware.hpp>

#include <chrono>
#include <cstdint>

namespace cohort::http {

/// Note of a route that is never refused for want of room: checks of health, the operator's own.
struct never_shed {};

/// Choices for shed(). A value.
struct shed_options {
    /// Requests under way at a time, in this worker: from before their handler to the end of their
    /// answer, streams to the end of the stream.
    std::uint32_t in_flight_max = 256;

    /// Retry-After says 1 to so many seconds, by chance: who was refused together shall not come
    /// back together.
    std::chrono::seconds retry_after_max{5};
};

/// Refuses with 503 and Retry-After before work begins, when too much of it is under way: answers
/// that come too late help nobody, and cost the same. Put it outermost, inside of the access log.
[[nodiscard]] hooks shed(shed_options choices = {});

/// Choices for shed_by_delay(). A value.
struct shed_by_delay_options {
    /// How long the event loop may take to come round to something new.
    nanoseconds queue_delay_max = std::chrono::milliseconds{100};

    /// It is overload when the delay was longer for so long.
    nanoseconds interval = std::chrono::milliseconds{200};

    std::chrono::seconds retry_after_max{5};
};

/// The same by how long things wait rather than by how many there are: that is what clients feel,
/// and it needs no guess of how much a machine can do. An onion: routes inside run as coroutines.
[[nodiscard]] onion shed_by_delay(shed_by_delay_options choices = {});

/// Of this process. Any thread.
struct shed_counts {
    std::uint32_t in_flight;  ///< Of all shed().
    std::uint64_t refused;    ///< By both.
};
[[nodiscard]] shed_counts shed_now() noexcept;

}  // namespace cohort::http
