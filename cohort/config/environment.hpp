#pragma once

#include <cohort/config/catalogue.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/settings.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

/// The value of a variable, or nothing if it is not set. Empty counts as not set.
using variable_reader = std::function<std::optional<std::string_view>(const char* name)>;

/// "COHORT_RESTART_BACKOFF" for `restart.backoff`.
[[nodiscard]] std::string variable_of(const key& which);

/// Overrides `s` by what the environment says:
///
/// | variable             | means                                                           |
/// |----------------------|-----------------------------------------------------------------|
/// | COHORT_SECTION_KEY   | any key of the catalogue but `env`: COHORT_RESTART_BACKOFF,     |
/// |                      | COHORT_LISTEN; lists are separated by commas                    |
/// | WEB_CONCURRENCY      | `workers`, if COHORT_WORKERS is not set (Heroku, gunicorn, puma)|
/// | PORT                 | the port of the first TCP address of `listen`, whose host stays,|
/// |                      | or a new address; only if COHORT_LISTEN is not set              |
///
/// @return  complaints about values that make no sense; those settings stay as they were.
std::vector<problem> apply_environment(settings& s, const variable_reader& variable);

/// The same with the environment of this process. Loop: any, while nobody calls setenv(3).
std::vector<problem> apply_environment(settings& s);

/// Warnings about those of `names` that begin with COHORT_, mean nothing, and are near to one that
/// does: most likely a slip. Others may be the program's own.
[[nodiscard]] std::vector<problem> unknown_variables(const std::vector<std::string_view>& names);

/// The same for the environment of this process.
[[nodiscard]] std::vector<problem> unknown_variables();

}  // namespace cohort::config
