#pragma once

#include <cohort/base/error.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/settings.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

/// Where something stands. A value.
struct place {
    unsigned line = 0;
    unsigned column = 0;
};

/// What a file said. A value; use `apps` only if `problems` is empty.
struct document {
    std::string file;
    std::vector<settings> apps;             ///< in the order of the file
    std::vector<problem> problems;          ///< everything that is wrong, in the order of the file
    std::vector<std::string> environments;  ///< names of the [env.NAME] it has
    std::string environment_used;           ///< which of them `apps` are for; empty: none
    std::map<std::string, place> places;    ///< of its keys: "app.api.listen", "app.api.listen[0]"

    /// A complaint about a value that only others can judge, with its place: `key` as in the
    /// catalogue, or one element of it: "listen[2]".
    [[nodiscard]] problem complaint(const settings& app, std::string_view key,
                                    std::string words) const;

    /// The same about a key of the whole file: "log.to".
    [[nodiscard]] problem complaint(std::string_view key, std::string words) const;

    [[nodiscard]] bool usable() const noexcept { return problems.empty(); }
};

/// Reads cohort.toml. Each [app.NAME] starts as a copy of `base` and changes what it names.
///
/// An unknown key is a problem that names the nearest known one.
///
/// @param text         the file's bytes; up to 1 MiB.
/// @param file         its name, for the complaints.
/// @param environment  which [env.NAME] overrides the rest, key by key; empty: none. All of them
///                     are checked.
///
/// Source: TOML 1.0.
[[nodiscard]] document read_toml(std::string_view text, std::string_view file,
                                 const settings& base = {}, std::string_view environment = {});

/// The same for a file by its path. Errors: errno of open(2) or read(2); errc::too_large.
[[nodiscard]] result<document> read_file(const std::string& path, const settings& base = {},
                                         std::string_view environment = {});

}  // namespace cohort::config
