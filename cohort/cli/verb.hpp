#pragma once

#include <cohort/cli/arguments.hpp>
#include <cohort/cli/console.hpp>
#include <cohort/control/protocol.hpp>

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::cli {

using control::exit_code;

/// One word of the command: what it takes, and what it does. A value, known when we compile.
struct verb {
    static constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();
    /// Runs it. What is said about failures has been said when it returns.
    using deed = exit_code (*)(const arguments& args, console& out);

    std::string_view name;
    std::span<const std::string_view> aliases;
    std::string_view usage;    ///< after "cohort "
    std::string_view summary;  ///< one line
    std::string_view about;    ///< more of it, for help and the manual page
    std::span<const flag_rule> flags;
    deed run;
    std::size_t words_max;  ///< how many it takes at most: more is a mistake, and is said
    arguments::is_program programs = nullptr;
};

/// All of them, in the order of the help.
[[nodiscard]] std::span<const verb* const> all_verbs() noexcept;
/// The verb of that name or alias, or nullptr.
[[nodiscard]] const verb* find_verb(std::string_view name) noexcept;

/// What every verb takes.
[[nodiscard]] std::span<const flag_rule> common_flags() noexcept;
/// Those of this verb and the common ones.
[[nodiscard]] std::vector<flag_rule> flags_of(const verb& which);

/// The whole command: `words` without the program's own name.
[[nodiscard]] exit_code run_command(std::span<const std::string> words, console& out);

/// Says that the words make no sense, and how they would.
exit_code misused(console& out, const verb& which, std::string_view why);

}  // namespace cohort::cli
