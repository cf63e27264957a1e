#pragma once

#include <cohort/config/settings.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cohort {

/// Who keeps the number of workers: the primary, or the program itself with cluster::fork.
enum class supervision { automatic, by_hand };

/// Everything that can be set about a cohort (config/settings.hpp), and where it came from.
/// A value.
struct settings : config::settings {
    settings() = default;
    settings(config::settings from)
        : config::settings{std::move(from)}
    {}

    /// `by_hand`: nothing is forked at the start and nobody is replaced, as in Node.
    cohort::supervision supervision = cohort::supervision::automatic;

    /// Nobody chose the name, it is that of the program's file: two such cohorts may run at a time.
    bool named_by_default = false;

    /// Reload whenever the program or its configuration file becomes another one.
    bool watch = false;
    /// The configuration file that was read, if any.
    std::string file;

    /// Reads the command line, the file and the environment; what they say wins over `defaults`.
    ///
    ///     -w, --workers auto|N|min..max   -b, --bind, --listen ADDRESS (repeatable)
    ///     -c, --config FILE   -e, --env NAME   -n, --name NAME   --balance POLICY
    ///     --speaks auto|cohort|sockets|none
    ///     --keepers on|off   --standby on|off   --watch   --check   --version   --help
    ///
    /// In a primary, secrets are read as well: their values are in `env`.
    ///
    /// Does not fail: what is wrong, or was only asked for (--help), is kept in `instead`, and
    /// cluster::run answers with it.
    [[nodiscard]] static settings from(int argc, char** argv);
    [[nodiscard]] static settings from(int argc, char** argv, settings defaults);

    /// Something to print and an exit code, in place of running: 0 for --help, --version and
    /// --check; 1 usage; 2 configuration.
    struct answer {
        int exit_code = 0;
        std::string text;
    };
    std::optional<answer> instead;

    /// What is strange but no reason not to run, a line each: logged at the start.
    std::vector<std::string> warnings;
    /// The same once more, from what the sources say then. Empty: they were never asked.
    std::function<settings()> read_again;

private:
    /// `known`: variables of a reading before this one.
    [[nodiscard]] static settings read_sources(int argc, char** argv, settings defaults,
                                               const std::map<std::string, std::string>& known);
};

}  // namespace cohort
