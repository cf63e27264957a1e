#pragma once

#include <cohort/base/error.hpp>
#include <cohort/config/settings.hpp>

#include <string>
#include <string_view>

namespace cohort::config {

/// Settings on their way to another process: every key of the catalogue, in TOML, with the values
/// of environment variables in the open. Not for files or logs.
[[nodiscard]] std::string serialize(const settings& s);

/// The same settings again: deserialize(serialize(s)) == s for every usable `s`.
///
/// Errors: errc::malformed, not what serialize() wrote, or a text that is no UTF-8; the subject
/// says what is wrong with it.
[[nodiscard]] result<settings> deserialize(std::string_view text);

}  // namespace cohort::config
