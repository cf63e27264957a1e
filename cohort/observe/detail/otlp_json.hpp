#pragma once
// Pieces of OTLP's JSON that spans, metrics and lines of the log have in common.

#include <cohort/base/decimal.hpp>
#include <cohort/observe/json_text.hpp>
#include <cohort/observe/otlp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::observe::detail {

/// `"key":"12"`: all 64-bit numbers are strings.
inline void append_number(std::string& out, std::string_view key, std::uint64_t value)
{
    ((((out += '"') += key) += "\":\"") += decimal{value}.view()) += '"';
}

/// `12.5`, or a text if it is no number of JSON.
void append_double(std::string& out, double value);

/// [{"key":…,"value":…},…] of anything that has these.
template <class Attributes>
void append_attributes(std::string& out, const Attributes& all)
{
    out += '[';
    bool first = true;
    for (const auto& each : all) {
        out += std::exchange(first, false) ? "{\"key\":" : ",{\"key\":";
        append_json_string(out, each.key);
        out += ",\"value\":";
        append_attribute_value(out, each.value);
        out += '}';
    }
    out += ']';
}

/// What stands around the items of a request, for one kind of them. A value; views.
struct envelope_words {
    std::string_view resources;  ///< "resourceSpans"
    std::string_view scopes;     ///< "scopeSpans"
    std::string_view items;      ///< "spans"
};
/// Up to where the first item begins.
void open_envelope(std::string& out, const envelope_words& of, const otlp_resource& whose);
void close_envelope(std::string& out);

}  // namespace cohort::observe::detail
