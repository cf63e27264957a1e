#include <cohort/cli/unit.hpp>

#include <fmt/format.h>

namespace cohort::cli {

std::string unit_name(std::string_view app)
{
    return fmt::format("{}{}.service", unit_prefix, app);
}

namespace {

/// A setting that is a whole line: no quotes, but specifiers.
std::string line_for_unit(std::string_view text)
{
    std::string all;
    for (const char c : text)
        all.append(c == '%' ? 2 : 1, c);
    return all;
}

}  // namespace

std::string quoted_for_unit(std::string_view word, variables may_be)
{
    std::string text;
    bool quotes = word.empty();
    for (const char c : word) {
        switch (c) {
            case '%':
                text += "%%";
                break;
            case '$':
                text += may_be == variables::replaced ? "$$" : "$";
                break;
            case '"':
            case '\\':
                quotes = true;
                text += '\\';
                text += c;
                break;
            case '\n':
                quotes = true;
                text += "\\n";
                break;
            case ' ':
            case '\t':
            case ';':
            case '\'':
                quotes = true;
                text += c;
                break;
            default:
                text += c;
        }
    }
    return quotes ? '"' + text + '"' : text;
}

std::string unit_of(const launch_record& what, const unit_place& where)
{
    // systemd replaces no variables in what is run, only in what follows.
    std::string start = quoted_for_unit(what.program, variables::kept);
    for (const std::string& each : what.args)
        start += ' ' + quoted_for_unit(each, variables::replaced);
    return fmt::format("[Unit]\n"
                       "Description=Cohort {0}\n"
                       "After=network-online.target\n"
                       "Wants=network-online.target\n"
                       "\n"
                       "[Service]\n"
                       "Type=notify\n"
                       "NotifyAccess=all\n"
                       "ExecStart={1}\n"
                       "ExecReload={2} reload {0}\n"
                       "WorkingDirectory={3}\n"
                       "# A reload is a transaction, and is given as long as a start.\n"
                       "TimeoutStartSec=600\n"
                       "WatchdogSec=30s\n"
                       "# limit.memory takes control groups of its own.\n"
                       "Delegate=yes\n"
                       "FileDescriptorStoreMax=64\n"
                       "KillMode=mixed\n"
                       "TimeoutStopSec=90\n"
                       "Restart=on-failure\n"
                       "RestartPreventExitStatus=2 7\n"
                       "LimitNOFILE=65536\n"
                       "\n"
                       "[Install]\n"
                       "WantedBy={4}\n",
                       what.app, start, quoted_for_unit(where.command, variables::kept),
                       line_for_unit(what.folder),
                       where.manager == unit_manager::system ? "multi-user.target"
                                                             : "default.target");
}

}  // namespace cohort::cli
