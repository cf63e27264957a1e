#pragma once

#include <cohort/config/problem.hpp>
#include <cohort/config/settings.hpp>

#include <map>
#include <string>
#include <vector>

namespace cohort::config {

/// Reads what `s.secrets` point to: the values go to `s.env`, and the pointers are gone. One final
/// newline is not part of a value.
///
/// @param known  values from before. A descriptor can be read only once: for one whose name is
///               known, that value stays.
/// @return       complaints, by the names of the variables, never with a value: what cannot be
///               read, is larger than 64 KiB, or holds a NUL; a descriptor that is close-on-exec,
///               and so one of our own. Those pointers stay.
///
/// Cancel:       blocks until a descriptor that is a pipe has its end.
std::vector<problem> read_secrets(settings& s,
                                  const std::map<std::string, std::string>& known = {});

}  // namespace cohort::config
