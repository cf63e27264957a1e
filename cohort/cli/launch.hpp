#pragma once
// From what somebody typed after `run` and `start` to programs that can be started.

#include <cohort/cli/arguments.hpp>
#include <cohort/cli/console.hpp>
#include <cohort/cli/state.hpp>
#include <cohort/cli/verb.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::cli {

/// Flags of `run` and `start`, which are passed on.
inline constexpr auto launch_flags = std::to_array<flag_rule>({
    {"--workers", "-w", "auto|N|min..max", "number of workers"},
    {"--bind", "-b", "ADDR", "where to listen, repeatable: 8080, host:port, unix:file, fd:3"},
    {"--config", "-c", "FILE", "the configuration file (cohort.toml, if there is one)"},
    {"--env", "-e", "NAME", "which environment's tables of the file"},
    {"--name", "-n", "NAME", "the app's name, and which one of the file"},
    {"--user", "-u", "NAME", "whom workers become"},
    {"--speaks", "", "auto|cohort|sockets|none",
     "how another program gets its port: LISTEN_FDS, or PORT (none)"},
    {"--watch", "", "", "reload when the program or its configuration changes"},
});

/// Those, and one that only this verb has.
[[nodiscard]] constexpr auto launch_flags_and(const flag_rule& own)
{
    std::array<flag_rule, launch_flags.size() + 1> all{};
    std::ranges::copy(launch_flags, all.begin());
    all.back() = own;
    return all;
}

/// Programs to start, one for each app, or what is wrong. A program that was built with the library
/// supervises itself; any other gets `cohort-primary`.
/// Errors: errc::bad_value, in words for who typed it; errc::malformed, the file is not valid.
[[nodiscard]] result<std::vector<launch_record>> plan_launch(const arguments& args);

/// Of the first word after `run` and `start`: neither a file nor a folder, whose flags are ours
/// wherever they stand.
[[nodiscard]] bool names_program(std::string_view word);

/// Whether what was started like this could be started now: its program is there and finds its
/// configuration valid. Errors: as plan_launch().
[[nodiscard]] result<> can_start(const launch_record& what);

/// Of a file that is valid, and has nothing to start.
[[nodiscard]] std::string no_app_words(const std::string& file);

/// Says why there is nothing to start, and how the verb ends.
exit_code refuse_launch(const fault& why, console& out);

/// What an app is called to which nobody gave a name: its program, or the script of an interpreter.
[[nodiscard]] std::string default_name(const std::string& program,
                                       std::span<const std::string> args);

}  // namespace cohort::cli
