#pragma once
// What the kernel executes to start a program. Closed to other rooms.

#include <string>
#include <string_view>
#include <vector>

namespace cohort::process::detail {

/// The file itself, its interpreter ("#!"; what `env` would find is one, too), the loader that an
/// ELF file names, and theirs: eight files at most. Empty if there is no such program.
[[nodiscard]] std::vector<std::string> executables_of(const std::string& program,
                                                      std::string_view search);

}  // namespace cohort::process::detail
