#include <cohort/observe/detail/otlp_json.hpp>

#include <cohort/base/version.hpp>

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace cohort::observe::detail {

void append_double(std::string& out, double value)
{
    if (std::isfinite(value))
        fmt::format_to(std::back_inserter(out), "{}", value);
    else if (std::isnan(value))
        out += "\"NaN\"";
    else
        out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

void open_envelope(std::string& out, const envelope_words& of, const otlp_resource& whose)
{
    out.append("{\"").append(of.resources).append("\":[{\"resource\":{\"attributes\":");
    append_attributes(out, whose.attributes);
    out.append("},\"").append(of.scopes).append("\":[{\"scope\":{\"name\":\"cohort\",\"version\":");
    append_json_string(out, version());
    out.append("},\"").append(of.items).append("\":[");
}

void close_envelope(std::string& out) { out += "]}]}]}"; }

}  // namespace cohort::observe::detail
