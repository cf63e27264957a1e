#pragma once
// Every key there is: one table, from which the file and the environment are read, settings are
// compared and sent to other processes, and with which the manual is compared.

#include <cohort/config/settings.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cohort::config {

namespace detail {
class entry;
}

/// What it takes for a changed value to have its effect.
enum class effect : std::uint8_t {
    live,     ///< the primary goes by it at once; workers stay
    recycle,  ///< workers are replaced, as by a reload
    restart,  ///< the primary must be stopped and started
};

/// "live", "recycle", "restart".
[[nodiscard]] std::string_view name_of(effect which) noexcept;

/// How a value is written.
enum class shape : std::uint8_t { text, number, text_or_number, choice, list, table };

/// One key. A value: its texts live as long as the program.
struct key {
    /// "restart.backoff": in the file below [app.NAME], unless of_file().
    std::string_view name;
    shape form;                ///< `choice` is true or false
    std::string_view type;     ///< for people: "duration, 100ms to 1h"
    effect when;               ///< when a change has its effect
    std::string_view meaning;  ///< one line

    /// Closed to other rooms: puts a value of a file where it belongs, or complains.
    void (*read)(const detail::entry& value, settings& s);
    /// Its value as TOML: `"30s"`, `4`, `["8080"]`. Environment values stand here in the open:
    /// config/difference is for eyes.
    std::string (*literal)(const settings& s);

    /// Does it stand beside the apps, for all of them: log.level, admin.socket?
    [[nodiscard]] bool of_file() const noexcept;
};

/// All keys, in the order of the manual.
[[nodiscard]] std::span<const key> catalogue() noexcept;

/// The key of that name, or nullptr.
[[nodiscard]] const key* find_key(std::string_view name) noexcept;

/// Is it the name of a section, such as "restart"?
[[nodiscard]] bool is_section(std::string_view name) noexcept;

/// What may stand inside a section: the names of keys and sections, without what is above them.
/// "" is [app.NAME] itself.
[[nodiscard]] std::vector<std::string_view> names_inside(std::string_view section);

/// What is built in, as TOML.
[[nodiscard]] std::string default_of(const key& which);

}  // namespace cohort::config
