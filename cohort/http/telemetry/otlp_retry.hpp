#pragma once

#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>

#include <cstdint>
#include <optional>

namespace cohort::http {

/// What becomes of a request to a collector. An automaton without a clock. A value.
///
/// Source: OTLP specification, "OTLP/HTTP Response" and "OTLP/HTTP Throttling".
class otlp_retry {
public:
    enum class then : std::uint8_t {
        done,   ///< It was taken, at least a part of it.
        drop,   ///< It was refused, and would be again.
        again,  ///< After the pause.
    };
    struct verdict {
        then what;
        nanoseconds pause{0};
    };

    static constexpr nanoseconds pause_first = seconds{1};
    static constexpr nanoseconds pause_ceiling = seconds{5};

    /// Pauses grow from the first to the ceiling, and are shortened at random.
    explicit otlp_retry(nanoseconds first = pause_first,
                        random_source dice = random_source::from_kernel()) noexcept
        : pauses_{first, pause_ceiling, dice}
    {}

    /// It was answered. Again: 429, 502, 503 and 504, after `retry_after` if the server named it.
    [[nodiscard]] verdict answered(unsigned status,
                                   std::optional<nanoseconds> retry_after) noexcept;

    /// It was not. Again: no connection, or it ended, or nothing came in time.
    [[nodiscard]] verdict failed(const error_code& why) noexcept;

private:
    backoff pauses_;
};

}  // namespace cohort::http
