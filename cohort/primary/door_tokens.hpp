#pragma once

#include <cohort/base/error.hpp>
#include <cohort/config/settings.hpp>

#include <filesystem>

namespace cohort::primary {

/// Where the tokens are that the dashboard asks for over TCP. A value.
struct door_tokens {
    std::filesystem::path order;  ///< of whoever may do anything; empty: the settings have it
    std::filesystem::path view;   ///< of whoever may only look; likewise. It need not exist
    bool made = false;            ///< the first one is ours, and goes with the cohort
};

/// Finds them, or makes the one that must be there. What is wrong with files that operators name is
/// a warning: they can be mended while we run.
/// Errors: those of keep_token_file().
[[nodiscard]] result<door_tokens> keep_tokens(const config::admin& said,
                                              const std::filesystem::path& admin_socket);

}  // namespace cohort::primary
