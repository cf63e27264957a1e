#include <cohort/cli/unit.hpp>

#include <fmt/format.h>

namespace cohort::cli {

std::string unit_name(std::string_view app)
{
    return fmt::format("{}{}.service", unit_prefix, app);
}

std::string quoted_for_unit(std::string_view word)
{
    std::string text;
    bool quotes = word.empty();
    for (const char c : word) {
        switch (c) {
            case '%':
            case '$':
                text += c;
                text += c;
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

std::string unit_of(const launch_record& what, std::string_view command)
{
    std::string start = quoted_for_unit(what.program);
    for (const std::string& each : what.args)
        start += ' ' + quoted_for_unit(each);
    const std::string self = quoted_for_unit(command);
    const std::string app = quoted_for_unit(what.app);
    return fmt::format("[Unit]\n"
                       "Description=Cohort {0}\n"
                       "After=network-online.target\n"
                       "Wants=network-online.target\n"
                       "\n"
                       "[Service]\n"
                       "Type=notify\n"
                       "NotifyAccess=all\n"
                       "ExecStart={1}\n"
                       "ExecReload={2} reload {3}\n"
                       "WorkingDirectory={4}\n"
                       "KillMode=mixed\n"
                       "TimeoutStopSec=90\n"
                       "Restart=on-failure\n"
                       "\n"
                       "[Install]\n"
                       "WantedBy=default.target\n",
                       what.app, start, self, app, what.folder);
}

}  // namespace cohort::cli
