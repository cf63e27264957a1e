#pragma once

#include <cohort/config/settings.hpp>
#include <cohort/observe/otlp_settings.hpp>

namespace cohort::primary {

/// What OpenTelemetry's variables say to whoever lives by these settings: their `env`, and where
/// that is silent, the environment of this process.
[[nodiscard]] observe::otlp_settings telemetry_of(const config::settings& settings);

/// The same, and it is so from now on for spans of this process and of those that it forks, unless
/// the program has configured its tracer itself. What makes no sense is said to the log: for
/// primaries and molds, once for each generation. Order: before the first fork.
[[nodiscard]] observe::otlp_settings trace_by(const config::settings& settings);

}  // namespace cohort::primary
