#pragma once
// JSON values as bytes between our own processes. Not as JSON text: Boost 1.81 reads three of ten
// doubles with full precision back wrong in the last bit, and text costs more to make and to read.
//
//     value  = tag, then by tag:  null false true   nothing
//                                 integer unsigned double   8 bytes
//                                 string   size, bytes
//                                 array    count, values
//                                 object   count, (size, bytes of the name, value)…
//     size, count = 4 bytes; everything little-endian

#include <cohort/base/error.hpp>

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cohort::ipc {

/// Arrays and objects inside each other, at most.
inline constexpr std::size_t value_depth_max = 64;

/// Errors: errc::too_large, nested too deeply, or a part of 4 GiB; errc::bad_value, infinity or
/// not-a-number, for which JSON has no words.
[[nodiscard]] result<std::string> pack(const boost::json::value& value);

/// The whole of `bytes` as one value; strings are not checked to be UTF-8. Memory grows with the
/// bytes there are, never with a count that they claim. Errors: errc::malformed.
[[nodiscard]] result<boost::json::value> unpack(std::string_view bytes);

}  // namespace cohort::ipc
