#include <cohort/primary/who_asked.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/process/exit_reason.hpp>
#include <cohort/process/process_name.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <array>

namespace cohort::primary {

namespace {

/// "process 71 (bash)"
std::string process_words(pid_t pid)
{
    std::array<char, process::process_name_max> name{};
    const std::size_t bytes = process::name_of_process(pid, name);
    if (bytes == 0)
        return fmt::format("process {}", pid);
    return fmt::format("process {} ({})", pid, printable({name.data(), bytes}));
}

}  // namespace

std::string who_sent(const process::caught_signal& heard)
{
    const std::string name = process::signal_name(heard.number);
    if (heard.by_terminal)
        return name + " from the terminal";
    if (heard.from == 0)
        return name + " from the kernel, or from another container";
    if (heard.from == ::getpid())
        return name + " from the primary itself";
    return name + " from " + process_words(heard.from);
}

std::string who_connected(int connection)
{
    const auto who = control::peer_of(connection);
    if (!who)
        return "somebody who has gone";
    if (who->pid == 0)
        return fmt::format("a process of user {} in another container", who->user);
    return fmt::format("{} of user {}", process_words(who->pid), who->user);
}

}  // namespace cohort::primary
