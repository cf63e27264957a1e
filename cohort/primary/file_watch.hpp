#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>

#include <functional>
#include <string>
#include <vector>

namespace cohort::primary {

/// Calls `changed` whenever one of the files has become another one, and all of them are whole
/// again: written to the end, and those that could be executed still executable. At most 32 files.
///
/// The kernel says when something happens in their folders (inotify); every few seconds they are
/// looked at all the same, for links that lead elsewhere and for file systems of other machines.
///
/// Cancel: when the primary ends. Never fails: what it cannot do, the log says once.
[[nodiscard]] awaitable<> watch_files(std::vector<std::string> paths,
                                      std::move_only_function<void(const std::string&)> changed);

}  // namespace cohort::primary
