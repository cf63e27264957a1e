#pragma once
// Which cohorts a verb is about: "api" is an app, "api.3" its slot 3, "all" everything.

#include <cohort/cli/verb.hpp>
#include <cohort/control/client.hpp>
#include <cohort/control/protocol.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::cli {

/// A cohort, and perhaps a slot of it. A value.
struct target {
    control::cohort_place place;
    std::optional<std::uint32_t> slot;

    [[nodiscard]] std::string name() const;
};

/// What a word may mean when it is missing.
enum class missing : std::uint8_t {
    only_one,  ///< the cohort that runs, if there is just one
    all,
};

/// What was found, or how the verb ends. Everything about that has been said.
struct choice {
    std::vector<target> targets;
    exit_code code = exit_code::done;
    [[nodiscard]] bool failed() const noexcept { return code != exit_code::done; }
};

/// Which process a cohort is: "process 17"; of 0, one that is too busy to say.
[[nodiscard]] std::string process_words(pid_t opened_by);

/// Looks the word up among the cohorts that run; `--socket` names one by its path.
[[nodiscard]] choice choose(const arguments& args, console& out,
                            const std::optional<std::string>& word, missing when);

/// The same for every word that was typed: each target once.
[[nodiscard]] choice choose_all(const arguments& args, console& out, missing when);
[[nodiscard]] choice choose_all(const arguments& args, console& out,
                                const std::vector<std::string>& words, missing when);
/// Likewise, of a verb that knows no slots. exit_code::usage: one was named.
[[nodiscard]] choice choose_apps(const arguments& args, console& out, missing when,
                                 const verb& which);

/// An app's name and a slot out of "api.3"; no slot if that is none.
struct app_and_slot {
    std::string app;
    std::optional<std::uint32_t> slot;
};
[[nodiscard]] app_and_slot take_apart_name(std::string_view word);

/// How long a verb waits: `--wait`, or the verb's own. Nothing: it was misused, and that was said.
[[nodiscard]] std::optional<milliseconds> patience(const arguments& args, console& out,
                                                   milliseconds otherwise);

/// Asks one cohort, shows progress, and says what went wrong, if something did.
///
/// @return  the answer; one that was made here if none came.
[[nodiscard]] control::answer ask(const target& whom, control::request what,
                                  control::client::manner how, console& out);
/// The same without a word about it.
[[nodiscard]] control::answer ask_quietly(const target& whom, const control::request& what,
                                          control::client::manner how,
                                          control::client::hear_progress hear = {});

/// What came, or what nobody answered as an answer.
[[nodiscard]] control::answer answer_of(const target& whom, const result<control::answer>& heard);

/// The usual end of a verb that asked: a line, or JSON: {"app":…,"exit":…,"reason":…,…data}.
exit_code conclude(const target& whom, const control::answer& said, console& out);

/// Whether slots were named; then that was said.
[[nodiscard]] bool names_slots(const choice& whom, const verb& which, console& out);

/// Asks all of them the same, one after the other, and concludes; the worst exit code.
exit_code ask_all(const choice& whom, const control::request& what, control::client::manner how,
                  console& out);

[[nodiscard]] boost::json::object to_json(const target& whom, const control::answer& said);

}  // namespace cohort::cli
