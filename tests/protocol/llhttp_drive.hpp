#pragma once
// The same bytes through llhttp in strict mode, for a second opinion.

#include "drive.hpp"

#include <optional>

namespace cohort::protocol {

/// What llhttp makes of `bytes`. `refused` is 400 for whatever it refuses, and `rule` its reason.
///
/// It has no limits and no opinion about Host: a caller that wants one asks elsewhere. A message
/// that asks for an upgrade is read on as if nobody upgraded.
outcome drive_llhttp(std::string_view bytes);

/// Why llhttp may refuse bytes of which we made `ours`, although we are right; nothing if it may
/// not. The list is short, and each reason names its RFC.
std::optional<std::string_view> known_deviation(std::string_view bytes, const outcome& ours);

}  // namespace cohort::protocol
