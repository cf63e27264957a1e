#pragma once
// Which trace a piece of work belongs to, as it travels between processes: the header fields
// traceparent and tracestate. Strict: what is malformed is nothing, and a new trace begins.
//
// Source: W3C, "Trace Context" level 2.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::observe {

/// 128 bits that all spans of a trace have in common. A value; all zeros is none.
struct trace_id {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    [[nodiscard]] constexpr bool valid() const noexcept { return (high | low) != 0; }
    friend bool operator==(const trace_id&, const trace_id&) = default;
};

/// 64 bits that a span has for itself. A value; 0 is none.
struct span_id {
    std::uint64_t value = 0;

    [[nodiscard]] constexpr bool valid() const noexcept { return value != 0; }
    friend bool operator==(const span_id&, const span_id&) = default;
};

/// Drawn by this thread's dice, never none.
[[nodiscard]] trace_id fresh_trace_id() noexcept;
[[nodiscard]] span_id fresh_span_id() noexcept;

/// 32 and 16 hexadecimal digits, small.
void append_hex(std::string& out, const trace_id& id);
void append_hex(std::string& out, span_id id);
[[nodiscard]] std::string text(const trace_id& id);
[[nodiscard]] std::string text(span_id id);

/// One span of one trace, for whoever goes on from there. A value.
struct trace_context {
    static constexpr std::uint8_t flag_sampled = 1;
    static constexpr std::uint8_t flag_random = 2;  ///< The last 56 bits of the trace id are.

    trace_id trace;
    span_id span;
    std::uint8_t flags = 0;
    /// It began here, where nobody records: others are not told of it, and decide for themselves.
    bool untold = false;
    std::string state = {};  ///< tracestate, checked; empty: there is none.

    [[nodiscard]] bool valid() const noexcept { return trace.valid() && span.valid(); }
    [[nodiscard]] bool sampled() const noexcept { return (flags & flag_sampled) != 0; }

    /// "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01". Flags that we do not know are not
    /// passed on.
    [[nodiscard]] std::string traceparent() const;

    friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// A traceparent, without any tracestate. Nothing if it is malformed, of version ff, or has an id
/// of zeros. Of versions to come the first 55 characters are read, if the next one is "-" or the
/// end.
[[nodiscard]] std::optional<trace_context> parse_traceparent(std::string_view text) noexcept;

inline constexpr std::size_t tracestate_members_max = 32;
inline constexpr std::size_t tracestate_bytes_max = 512;

/// A tracestate, members in order, without spaces and empty members: several fields of that name
/// are to be joined by "," before. If it is longer than tracestate_bytes_max, members over 128
/// characters go first, then the last ones. Nothing if it is malformed, has over 32 members, or a
/// key twice.
[[nodiscard]] std::optional<std::string> checked_tracestate(std::string_view text);

}  // namespace cohort::observe
