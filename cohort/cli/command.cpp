// The command as a whole: which verb, and what all of them share.

#include <cohort/cli/verb.hpp>

#include <cohort/cli/verbs.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace cohort::cli {

namespace {

constexpr auto common = std::to_array<flag_rule>({
    {"--json", "", "", "JSON on the standard output, for programs"},
    {"--socket", "", "FILE", "the cohort whose admin socket this is"},
    {"--help", "-h", "", "what the verb does"},
});

constexpr auto every_verb = std::to_array<const verb*>(
    {&verbs::run,      &verbs::start,     &verbs::stop,       &verbs::restart, &verbs::reload,
     &verbs::rollback, &verbs::upgrade,   &verbs::scale,      &verbs::drain,   &verbs::resume,
     &verbs::reopen,   &verbs::log_level, &verbs::list,       &verbs::show,    &verbs::top,
     &verbs::open,     &verbs::logs,      &verbs::why,        &verbs::dump,    &verbs::events,
     &verbs::check,    &verbs::plan,      &verbs::signal,     &verbs::send,    &verbs::save,
     &verbs::startup,  &verbs::init,      &verbs::completion, &verbs::help,    &verbs::version});

}  // namespace

std::span<const verb* const> all_verbs() noexcept { return every_verb; }

std::span<const flag_rule> common_flags() noexcept { return common; }

std::vector<flag_rule> flags_of(const verb& which)
{
    std::vector<flag_rule> all{which.flags.begin(), which.flags.end()};
    std::ranges::copy(common, std::back_inserter(all));
    return all;
}

const verb* find_verb(std::string_view name) noexcept
{
    const auto found = std::ranges::find_if(every_verb, [name](const verb* each) {
        return each->name == name || std::ranges::find(each->aliases, name) != each->aliases.end();
    });
    return found == every_verb.end() ? nullptr : *found;
}

exit_code misused(console& out, const verb& which, std::string_view why)
{
    out.problem(why);
    out.hint(fmt::format("usage: cohort {}", which.usage));
    return exit_code::usage;
}

exit_code run_command(std::span<const std::string> words, console& out)
{
    if (words.empty())
        return verbs::help.run({}, out);
    std::string_view name = words.front();
    if (name == "--help" || name == "-h")
        name = "help";
    else if (name == "--version" || name == "-V")
        name = "version";
    const verb* const which = find_verb(name);
    if (which == nullptr) {
        if (std::ranges::find(words, "--json") != words.end())
            out.want_json();
        std::vector<std::string_view> names;
        names.reserve(every_verb.size());
        for (const verb* each : every_verb)
            names.push_back(each->name);
        auto near = nearest_of(name, names);
        // A short word is near to many.
        if (name.size() <= 4 && !near.empty() && near.front() != name.front())
            near = {};
        out.problem(fmt::format("no verb {}", printable(name)));
        out.hint(near.empty() ? std::string{"cohort help lists them"}
                              : fmt::format("did you mean cohort {}?", near));
        return exit_code::usage;
    }
    const auto args = arguments::parse(words.subspan(1), flags_of(*which), which->programs);
    if (!args) {
        if (std::ranges::find(words, "--json") != words.end())
            out.want_json();
        return misused(out, *which, args.error().subject());
    }
    if (args->flag("--json"))
        out.want_json();
    if (args->flag("--help")) {
        verbs::explain(*which, out);
        return exit_code::done;
    }
    if (args->words().size() > which->words_max)
        return misused(
            out, *which,
            fmt::format("{} is a word too many", printable(*args->word(which->words_max))));
    return which->run(*args, out);
}

}  // namespace cohort::cli
