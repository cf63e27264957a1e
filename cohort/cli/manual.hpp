#pragma once
// Texts that are made of the table of verbs, so that they say what there is.

#include <string>
#include <string_view>

namespace cohort::cli {

/// cohort(1), as roff.
[[nodiscard]] std::string manual_page(std::string_view version);

// Completion: verbs, the flags of each, and the names of the cohorts that run.
[[nodiscard]] std::string bash_completion();
[[nodiscard]] std::string zsh_completion();
[[nodiscard]] std::string fish_completion();

}  // namespace cohort::cli
