#pragma once

#include <cohort/config/problem.hpp>
#include <cohort/config/settings.hpp>

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace cohort::config {

/// The value of a variable, or nothing if it is not set. Empty counts as not set.
using variable_reader = std::function<std::optional<std::string_view>(const char* name)>;

/// Overrides `s` by what the environment says:
///
/// | variable          | means                                                              |
/// |-------------------|--------------------------------------------------------------------|
/// | COHORT_WORKERS    | `workers`: auto, N, min..max                                       |
/// | WEB_CONCURRENCY   | the same, if COHORT_WORKERS is not set (Heroku, gunicorn, puma)    |
/// | COHORT_LISTEN     | `listen`: addresses, separated by commas                           |
/// | PORT              | the port of the first TCP address of `listen`, whose host stays,   |
/// |                   | or a new address; only if COHORT_LISTEN is not set                 |
/// | COHORT_BALANCE    | `balance`                                                          |
/// | COHORT_LOG_LEVEL  | `log.level`                                                        |
/// | COHORT_LOG_FORMAT | `log.format`                                                       |
///
/// @return  complaints about values that make no sense; those settings stay as they were.
std::vector<problem> apply_environment(settings& s, const variable_reader& variable);

/// The same with the environment of this process. Loop: any, while nobody calls setenv(3).
std::vector<problem> apply_environment(settings& s);

}  // namespace cohort::config
