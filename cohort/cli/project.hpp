#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::cli {

/// A file of a new project. A value.
struct project_file {
    std::filesystem::path path;  ///< below the project's folder
    std::string text;
};

/// All files of a new project of that name, which builds, tests and runs as it is.
///
/// @param name     letters, digits, '_' and '-', a letter first.
/// @param version  of Cohort: "0.1".
[[nodiscard]] std::vector<project_file> new_project(std::string_view name,
                                                    std::string_view version);

}  // namespace cohort::cli
