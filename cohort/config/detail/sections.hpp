#pragma once
// The sections of cohort.toml, as tables of keys. Closed to other rooms.

#include <cohort/config/detail/entry.hpp>
#include <cohort/config/settings.hpp>

#include <span>
#include <string_view>

namespace cohort::config::detail {

/// A key and what it does to the settings.
struct key {
    std::string_view name;
    void (*apply)(const entry& value, settings& s);
};

/// One section of the file: what it knows now, and what a later version will know.
struct section {
    std::string_view name;
    std::span<const key> keys;
    std::span<const std::string_view> later;
};

/// [app.NAME] itself.
[[nodiscard]] const section& app_section() noexcept;

/// [app.NAME.ready] and its sisters.
[[nodiscard]] std::span<const section> app_parts() noexcept;

/// [log].
[[nodiscard]] const section& log_section() noexcept;

}  // namespace cohort::config::detail
