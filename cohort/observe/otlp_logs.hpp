#pragma once
// Lines of the log as OTLP/HTTP JSON: ours, pino's, and those of programs that have no format.
//
// Source: opentelemetry-proto, logs.proto; "Logs Data Model"; see also observe/otlp.hpp.

#include <cohort/observe/export_ring.hpp>
#include <cohort/observe/otlp.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cohort::observe {

/// A record takes at most so many times what its line does, and that many bytes besides.
inline constexpr std::size_t record_growth_max = 6;
inline constexpr std::size_t record_words_max = 2048;

/// Appends one record, a JSON object. What a line says becomes what OpenTelemetry has for it: time,
/// severity, body, the ids of a trace, `exception.…` of an error, `process.pid`; all else is an
/// attribute with the name that it has. A text that is no JSON object is the body,
/// and so is one that would grow more than a record may.
void append_log_record(std::string& out, std::string_view line, std::uint64_t observed_unix_ns);

/// A whole request of these.
/// @param wall_ahead_ns  as wall_ahead_ns() has it
[[nodiscard]] std::string otlp_logs(const otlp_resource& of, std::span<const export_item> lines,
                                    std::uint64_t wall_ahead_ns);

}  // namespace cohort::observe
