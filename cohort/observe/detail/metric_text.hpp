#pragma once
// Numbers of metrics as text, for all who write them out.

#include <cohort/base/decimal.hpp>
#include <cohort/observe/metric_description.hpp>

#include <cstdint>
#include <string>

namespace cohort::observe::detail {

/// Nanoseconds as seconds, exactly: "1.25".
void append_seconds(std::string& out, std::uint64_t ns);

/// What is held as nanoseconds if it is seconds.
inline void append_value(std::string& out, std::uint64_t value, metric_unit unit)
{
    if (unit == metric_unit::seconds)
        append_seconds(out, value);
    else
        out += decimal{value}.view();
}

}  // namespace cohort::observe::detail
