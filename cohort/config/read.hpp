#pragma once

#include <cohort/base/error.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/settings.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

/// What a file said. A value; use `apps` only if `problems` is empty.
struct document {
    std::vector<settings> apps;     ///< in the order of the file
    std::vector<problem> problems;  ///< everything that is wrong, in the order of the file

    [[nodiscard]] bool usable() const noexcept { return problems.empty(); }
};

/// Reads cohort.toml. Each [app.NAME] starts as a copy of `base` and changes what it names.
///
/// An unknown key is a problem that names the nearest known one; a key that a later version will
/// know is a problem that says so: nothing is accepted that has no effect.
///
/// @param text  the file's bytes; up to 1 MiB.
/// @param file  its name, for the complaints.
///
/// Source: TOML 1.0.
[[nodiscard]] document read_toml(std::string_view text, std::string_view file,
                                 const settings& base = {});

/// The same for a file by its path. Errors: errno of open(2) or read(2); errc::too_large.
[[nodiscard]] result<document> read_file(const std::string& path, const settings& base = {});

}  // namespace cohort::config
