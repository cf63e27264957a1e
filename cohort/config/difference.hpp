#pragma once
// What a reload would change. An automaton: it compares settings, and looks at nothing else.

#include <cohort/config/catalogue.hpp>
#include <cohort/config/settings.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

/// One key whose value is another one now. A value.
struct change {
    std::string key;     ///< "restart.backoff", "env.LOG"
    std::string before;  ///< as TOML; of an environment variable only whether it is set
    std::string after;
    effect when = effect::live;

    friend bool operator==(const change&, const change&) = default;
};

/// What all changes together take; the greatest of them.
enum class outcome : std::uint8_t {
    nothing,  ///< there are none
    live,     ///< the primary goes by them at once
    recycle,  ///< every worker of the app is replaced
    restart,  ///< the primary must be stopped and started
};

/// "nothing", "live", "recycle", "restart".
[[nodiscard]] std::string_view name_of(outcome which) noexcept;

/// From one version of an app to the next. A value.
struct difference {
    std::vector<change> changes;  ///< in the order of the catalogue

    [[nodiscard]] config::outcome outcome() const noexcept;
    friend bool operator==(const difference&, const difference&) = default;
};

/// Compares key by key. Values of environment variables are never shown: any may be a secret.
[[nodiscard]] difference compare(const settings& before, const settings& after);

/// One app of two versions of a file. A value.
struct app_difference {
    enum class fate : std::uint8_t { added, removed, kept };
    std::string name;
    fate what = fate::kept;
    difference how;  ///< of those kept

    friend bool operator==(const app_difference&, const app_difference&) = default;
};

/// App by app, by name: those of `after` in their order, then those that are gone.
[[nodiscard]] std::vector<app_difference> compare(const std::vector<settings>& before,
                                                  const std::vector<settings>& after);

/// For people, a line for each fact:
///
///     api: limit.head: "16K" -> "32K" (recycle)
///     old: removed
///
/// Nothing changed: "nothing changes\n".
[[nodiscard]] std::string text(const std::vector<app_difference>& plan);

}  // namespace cohort::config
