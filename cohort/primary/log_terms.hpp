#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/observe/log.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cohort::primary {

/// How they look: `auto` is for people where they go to a terminal.
[[nodiscard]] log::format shape_by(const config::log& terms) noexcept;
/// Which lines this process writes from now on, and how they look; they go where they went.
void log_by(const config::log& terms);

/// The same, and where they go, if that is a file. For primaries and molds: what exec'ed workers
/// write is taken down by their primary. Errors: those of log::go_to_file().
[[nodiscard]] result<> begin_log(const config::settings& settings);

/// The log's file with its {app} and {slot}: without a slot, the primary's. Empty: it is no file.
[[nodiscard]] std::string log_path(const config::settings& settings,
                                   std::optional<std::uint32_t> slot);
/// Why its file could not be opened, as far as that shows without making it; empty: nothing does.
[[nodiscard]] std::string log_hindrance(const config::settings& settings);
/// Each slot has a file of its own.
[[nodiscard]] bool logs_by_slot(const config::settings& settings) noexcept;

/// The log of a worker that is forked here: opened before the fork, taken after it. A value.
class forked_log {
public:
    /// Where a slot's own file cannot be opened, its worker writes to ours: the log has that.
    [[nodiscard]] static forked_log of(const config::settings& settings, std::uint32_t slot);

    /// What the child must keep; -1: nothing, its log is no file.
    [[nodiscard]] int number() const noexcept;
    /// In the child.
    void take() const noexcept;

private:
    std::string path_;
    std::shared_ptr<unique_fd> own_;  // nothing: the one that this process has
};

}  // namespace cohort::primary
