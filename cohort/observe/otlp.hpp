#pragma once
// Spans as OTLP/HTTP JSON: proto3's JSON, but that ids are hexadecimal and enums are numbers; keys
// are lowerCamelCase, 64-bit numbers are strings. Receivers ignore what they do not know, so that a
// slip here would lose data in silence: tests/kit asks a strict one.
//
// Source: OpenTelemetry Protocol, "JSON Protobuf Encoding"; opentelemetry-proto, trace.proto.

#include <cohort/base/clock.hpp>
#include <cohort/observe/export_ring.hpp>
#include <cohort/observe/span.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::observe {

/// The same moment by two clocks: spans are measured by one, and told by the other. A value.
struct span_end {
    steady_time ended;
    std::uint64_t ended_unix_ns;
};

/// Appends one span, a JSON object.
void append_span(std::string& out, const span_data& what, const span_end& when);

/// Appends {"stringValue":"…"} and its like.
void append_attribute_value(std::string& out, const attribute_value& value);

/// What is true of all that a process reports: service.name and so on. A value.
struct otlp_resource {
    struct attribute {
        std::string key;
        attribute_value value;
    };
    std::vector<attribute> attributes = {};

    /// In place of another of that key.
    void set(std::string key, attribute_value value);
    [[nodiscard]] const attribute_value* find(std::string_view key) const noexcept;
};

/// A whole request: the envelope around spans that append_span() has made.
[[nodiscard]] std::string otlp_traces(const otlp_resource& of, std::span<const export_item> spans);

}  // namespace cohort::observe
