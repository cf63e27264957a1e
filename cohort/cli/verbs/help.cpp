#include <cohort/cli/verbs.hpp>

#include <cohort/base/version.hpp>
#include <cohort/cli/manual.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace cohort::cli::verbs {

namespace {

namespace json = boost::json;

constexpr std::size_t text_width = 78;

/// Words in lines, each after `margin` spaces.
void print_wrapped(std::string_view text, std::size_t margin, console& out)
{
    std::string line;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        const auto word = text.substr(0, end);
        if (!line.empty() && margin + width_of(line) + 1 + width_of(word) > text_width) {
            out.line(std::string(margin, ' ') + line);
            line.clear();
        }
        line += line.empty() ? "" : " ";
        line += word;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!line.empty())
        out.line(std::string(margin, ' ') + line);
}

json::object words_of(const verb& which)
{
    json::array aliases;
    for (const std::string_view each : which.aliases)
        aliases.emplace_back(std::string{each});
    json::array flags;
    for (const flag_rule& each : flags_of(which))
        flags.emplace_back(json::object{{"name", std::string{each.name}},
                                        {"letter", std::string{each.letter}},
                                        {"value", std::string{each.value}},
                                        {"about", std::string{each.about}}});
    return {{"verb", std::string{which.name}},
            {"aliases", std::move(aliases)},
            {"usage", fmt::format("cohort {}", which.usage)},
            {"summary", std::string{which.summary}},
            {"flags", std::move(flags)}};
}

void list_all(console& out)
{
    out.line("cohort: run a server as a group of processes, and look after it");
    out.line("");
    std::size_t width = 0;
    for (const verb* each : all_verbs())
        width = std::max(width, each->name.size());
    for (const verb* each : all_verbs())
        out.line(fmt::format("  {}{}  {}", out.paint(each->name, tone::strong),
                             std::string(width - each->name.size(), ' '), each->summary));
    out.line("");
    out.line("api is an app, api.3 its slot 3, all everything. cohort help <verb> tells more.");
    out.line("Exit codes: 0 done · 1 usage · 2 configuration · 3 rolled back · 4 timed out");
    out.line("            5 degraded · 6 no such cohort · 7 refused");
}

exit_code run_help(const arguments& args, console& out)
{
    if (args.flag("--man")) {
        out.raw(manual_page(cohort::version()));
        return exit_code::done;
    }
    if (const auto word = args.word(0)) {
        const verb* const which = find_verb(*word);
        if (which == nullptr)
            return misused(out, help, fmt::format("no verb {}", printable(*word)));
        explain(*which, out);
        return exit_code::done;
    }
    if (out.wants_json()) {
        json::array all;
        for (const verb* each : all_verbs())
            all.emplace_back(words_of(*each));
        out.json(std::move(all));
    }
    list_all(out);
    return exit_code::done;
}

exit_code run_version(const arguments&, console& out)
{
    if (out.wants_json())
        out.json(
            json::object{{"version", cohort::version()}, {"protocol", control::protocol_version}});
    out.line(fmt::format("cohort {}", cohort::version()));
    return exit_code::done;
}

exit_code run_completion(const arguments& args, console& out)
{
    const auto shell = args.word(0).value_or("");
    std::string script;
    if (shell == "bash")
        script = bash_completion();
    else if (shell == "zsh")
        script = zsh_completion();
    else if (shell == "fish")
        script = fish_completion();
    else
        return misused(out, completion, "for which shell? bash, zsh or fish");
    if (out.wants_json())
        out.json(json::object{{"shell", shell}, {"script", script}});
    else
        out.raw(script);
    return exit_code::done;
}

constexpr auto help_flags =
    std::to_array<flag_rule>({{"--man", "", "", "the manual page, for man -l -"}});

}  // namespace

void explain(const verb& which, console& out)
{
    if (out.wants_json()) {
        out.json(words_of(which));
        return;
    }
    out.line(fmt::format("cohort {}", which.usage));
    out.line("");
    print_wrapped(which.summary, 2, out);
    if (!which.about.empty())
        print_wrapped(which.about, 2, out);
    if (!which.aliases.empty()) {
        std::string names;
        for (const std::string_view each : which.aliases)
            names += (names.empty() ? "" : ", ") + std::string{each};
        out.line(fmt::format("  Also: {}", names));
    }
    out.line("");
    for (const flag_rule& each : flags_of(which)) {
        const std::string head =
            fmt::format("{}{}{}{}{}", each.letter, each.letter.empty() ? "" : ", ", each.name,
                        each.value.empty() ? "" : " ", each.value);
        out.line(fmt::format("  {:<26}  {}", head, each.about));
    }
}

constinit const verb help{
    .name = "help",
    .aliases = {},
    .usage = "help [verb] [--man]",
    .summary = "The verbs, or one of them.",
    .about = "",
    .flags = help_flags,
    .run = run_help,
    .words_max = 1,
};

constinit const verb version{
    .name = "version",
    .aliases = {},
    .usage = "version [--json]",
    .summary = "Which version this is.",
    .about = "",
    .flags = {},
    .run = run_version,
    .words_max = 0,
};

constinit const verb completion{
    .name = "completion",
    .aliases = {},
    .usage = "completion bash|zsh|fish",
    .summary = "A script that completes verbs, flags and the names of cohorts.",
    .about = "bash: source <(cohort completion bash). zsh: cohort completion zsh > "
             "~/.zfunc/_cohort. fish: cohort completion fish | source.",
    .flags = {},
    .run = run_completion,
    .words_max = 1,
};

}  // namespace cohort::cli::verbs
