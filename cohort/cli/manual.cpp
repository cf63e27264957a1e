#include <cohort/cli/manual.hpp>

#include <cohort/cli/verb.hpp>

#include <fmt/format.h>

namespace cohort::cli {

namespace {

/// Text for roff: no line begins a request, and dashes are what one can type.
std::string roff(std::string_view text)
{
    std::string safe;
    for (const char c : text) {
        if (c == '\\')
            safe += "\\e";
        else if (c == '-')
            safe += "\\-";
        else
            safe += c;
    }
    if (safe.starts_with('.') || safe.starts_with('\''))
        safe.insert(0, "\\&");
    return safe;
}

std::string for_shell(std::string_view text)
{
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'')
            quoted += "'\\''";
        else
            quoted += c;
    }
    return quoted + "'";
}

/// In zsh's _arguments ':' and brackets mean something.
std::string for_zsh(std::string_view text)
{
    std::string plain;
    for (const char c : text) {
        if (c == ':' || c == '[' || c == ']' || c == '\\')
            plain += '\\';
        plain += c;
    }
    return plain;
}

constexpr std::string_view names_of_cohorts =
    "cohort ls 2>/dev/null | awk 'NR > 1 && $2 ~ /^[a-z]+$/ {print $1}'";

std::string flags_text(const verb& which)
{
    std::string all;
    for (const flag_rule& each : flags_of(which)) {
        all += each.name;
        all += ' ';
    }
    return all;
}

}  // namespace

std::string manual_page(std::string_view version)
{
    std::string page = fmt::format(".TH COHORT 1 \"\" \"cohort {}\" \"User Commands\"\n", version);
    page += ".SH NAME\ncohort \\- run a server as a group of processes, and look after it\n";
    page += ".SH SYNOPSIS\n.B cohort\n.I verb\n.RI [ app [ .slot ]]\n.RI [ flags ]\n";
    page += ".SH DESCRIPTION\n"
            "Every cohort is a tree of processes of its own, with an admin socket in the runtime\n"
            "directory of its user. There is no daemon in between. Each verb waits until the\n"
            "truth is known, and says it with its exit code.\n.PP\n"
            "api is an app, api.3 its slot 3, all stands for everything. Where one cohort runs, \n"
            "its name may be left out.\n.SH VERBS\n";
    for (const verb* each : all_verbs()) {
        page += fmt::format(".TP\n.B cohort {}\n{}\n", roff(each->usage), roff(each->summary));
        if (!each->about.empty())
            page += roff(each->about) + "\n";
        for (const flag_rule& flag : each->flags)
            page += fmt::format(".RS\n.TP\n.B {}{}{}{}{}\n{}\n.RE\n", roff(flag.letter),
                                flag.letter.empty() ? "" : ", ", roff(flag.name),
                                flag.value.empty() ? "" : " ", roff(flag.value), roff(flag.about));
    }
    page += ".SH FLAGS OF EVERY VERB\n";
    for (const flag_rule& flag : common_flags())
        page += fmt::format(".TP\n.B {}{}{}\n{}\n", roff(flag.name), flag.value.empty() ? "" : " ",
                            roff(flag.value), roff(flag.about));
    page += ".SH EXIT STATUS\n"
            ".TP\n.B 0\ndone, and verified\n.TP\n.B 1\nusage\n"
            ".TP\n.B 2\nconfiguration invalid, nothing changed\n"
            ".TP\n.B 3\nfailed, and what was before serves again\n"
            ".TP\n.B 4\ntimed out\n.TP\n.B 5\ndegraded: some slots are parked\n"
            ".TP\n.B 6\nno such cohort\n.TP\n.B 7\nrefused: permission, busy\n";
    page += ".SH ENVIRONMENT\n"
            ".TP\n.B COHORT_RUNTIME_DIR\nwhere admin sockets are, instead of /run/cohort (root),\n"
            "$XDG_RUNTIME_DIR/cohort or /tmp/cohort\\-UID\n"
            ".TP\n.B COHORT_STATE_DIR\nwhere logs of started cohorts are, instead of\n"
            "/var/log/cohort (root), $XDG_STATE_HOME/cohort or ~/.local/state/cohort\n"
            ".TP\n.B NO_COLOR\nno colours\n";
    return page;
}

/// Where a verb's words are slots, too.
constexpr std::string_view names_of_slots =
    "for app in $(cohort ls 2>/dev/null | awk 'NR > 1 {print $1}'); do "
    "cohort show \"$app\" 2>/dev/null | awk -v a=\"$app.\" 'index($1, a) == 1 {print $1}'; done";

std::string bash_completion()
{
    std::string names;
    std::string cases;
    for (const verb* each : all_verbs()) {
        names += std::string{each->name} + ' ';
        cases += fmt::format("        {}) flags={} ;;\n", each->name, for_shell(flags_text(*each)));
    }
    return fmt::format(
        "# bash completion for cohort\n"
        "_cohort() {{\n"
        "    local word=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}} flags=\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        mapfile -t COMPREPLY < <(compgen -W {} -- \"$word\")\n"
        "        return\n"
        "    fi\n"
        "    case $verb in\n{}    esac\n"
        "    case ${{COMP_WORDS[COMP_CWORD-1]}} in\n"
        "        -c|--config|--socket|--out)\n"
        "            mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
        "            return ;;\n"
        "        --level) mapfile -t COMPREPLY < <(compgen -W "
        "'trace debug info warn error fatal' -- \"$word\")\n"
        "            return ;;\n"
        "        -u|--user) mapfile -t COMPREPLY < <(compgen -u -- \"$word\"); return ;;\n"
        "        -[wbend]|--workers|--bind|--env|--name|--wait|--lines|--since|--grep|--every|"
        "--frames)\n"
        "            COMPREPLY=(); return ;;\n"
        "    esac\n"
        "    case $verb in\n"
        "        run|start|check|init) [[ $word == -* ]] || {{\n"
        "            mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
        "            return\n"
        "        }} ;;\n"
        "        help) mapfile -t COMPREPLY < <(compgen -W {} -- \"$word\"); return ;;\n"
        "        completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- \"$word\")\n"
        "            return ;;\n"
        "        signal) [ \"$COMP_CWORD\" -ne 2 ] || {{\n"
        "            mapfile -t COMPREPLY < <(compgen -W \"$(kill -l | tr -d '0-9)')\" -- "
        "\"$word\")\n"
        "            return\n"
        "        }} ;;\n"
        "        drain|resume|show|why|dump|logs|events) [[ $word != *.* ]] || {{\n"
        "            mapfile -t COMPREPLY < <(compgen -W \"$({})\" -- \"$word\")\n"
        "            return\n"
        "        }} ;;\n"
        "    esac\n"
        "    [[ $word == -* ]] || flags=\"$({}) all\"\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$word\")\n"
        "}}\n"
        "complete -o filenames -F _cohort cohort\n",
        for_shell(names), cases, for_shell(names), names_of_slots, names_of_cohorts);
}

std::string zsh_completion()
{
    std::string script = "#compdef cohort\n_cohort() {\n    local -a verbs apps\n    verbs=(\n";
    for (const verb* each : all_verbs())
        script += fmt::format("        {}\n",
                              for_shell(fmt::format("{}:{}", each->name, for_zsh(each->summary))));
    script += "    )\n    if (( CURRENT == 2 )); then\n        _describe verb verbs\n"
              "        return\n    fi\n    apps=(${(f)\"$(";
    script += names_of_cohorts;
    script += ")\"} all)\n    case $words[2] in\n";
    for (const verb* each : all_verbs()) {
        script += fmt::format("        {}) _arguments", each->name);
        for (const flag_rule& flag : flags_of(*each)) {
            const std::string value =
                flag.value.empty() ? std::string{} : fmt::format(":{}:", for_zsh(flag.value));
            const std::string word =
                for_shell(fmt::format("{}[{}]{}", flag.name, for_zsh(flag.about), value));
            script += fmt::format(" {}", word);
        }
        const bool files = each->name == "run" || each->name == "start" || each->name == "check" ||
                           each->name == "init";
        script += files ? " '*:file:_files' ;;\n" : " '*:app:($apps)' ;;\n";
    }
    script += "    esac\n}\n_cohort \"$@\"\n";
    return script;
}

std::string fish_completion()
{
    std::string script = "# fish completion for cohort\n";
    for (const verb* each : all_verbs()) {
        script += fmt::format("complete -c cohort -n __fish_use_subcommand -f -a {} -d {}\n",
                              each->name, for_shell(each->summary));
        for (const flag_rule& flag : flags_of(*each)) {
            script += fmt::format("complete -c cohort -n '__fish_seen_subcommand_from {}' -l {}",
                                  each->name, flag.name.substr(2));
            if (!flag.letter.empty())
                script += fmt::format(" -s {}", flag.letter.substr(1));
            script +=
                fmt::format("{} -d {}\n", flag.value.empty() ? "" : " -r", for_shell(flag.about));
        }
    }
    script += "complete -c cohort -n 'not __fish_use_subcommand; and not "
              "__fish_seen_subcommand_from run start check init' -f -a ";
    return script + for_shell(fmt::format("({})", names_of_cohorts)) + "\n";
}

}  // namespace cohort::cli
