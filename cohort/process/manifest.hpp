#pragma once

#include <cohort/base/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cohort::process {

/// One inherited descriptor and what it is for.
struct named_descriptor {
    std::string name;  ///< 1 to 64 of a-z, 0-9, '_', '-', '.'
    int number = -1;   ///< 0 to 1,048,575
    friend bool operator==(const named_descriptor&, const named_descriptor&) = default;
};

/// Descriptors cross an exec by name, never by a number that two sides merely believe in: the
/// environment carries "channel:3,board:4". At most 256 entries; names and numbers each once.
using manifest = std::vector<named_descriptor>;

/// "channel:3,board:4"; "" for none. Errors: errc::bad_value, an entry breaks the rules above.
[[nodiscard]] result<std::string> encode(const manifest& list);

/// The whole of `text`, strictly. Says nothing about whether the descriptors are open.
/// Errors: errc::malformed, naming the entry.
[[nodiscard]] result<manifest> parse_manifest(std::string_view text);

}  // namespace cohort::process
