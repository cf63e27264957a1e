#include <cohort/process/clone.hpp>

#include <cohort/process/detail/newborn.hpp>
#include <cohort/process/identity.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace cohort::process {

namespace {

void write_to_stderr(std::string_view words) noexcept
{
    // Nothing can be done about a standard error that does not take it.
    [[maybe_unused]] const auto lost = ::write(STDERR_FILENO, words.data(), words.size());
}

[[noreturn]] void give_up(const stumble& why) noexcept
{
    write_to_stderr("cohort: a newborn process could not ");
    write_to_stderr(words_of(why.at));
    write_to_stderr(": ");
    // Without a locale's text: this may not allocate.
    if (const char* text = ::strerrordesc_np(why.why))
        write_to_stderr(text);
    write_to_stderr("\n");
    ::_exit(stillborn);
}

[[noreturn]] void live(const birth& how, const std::vector<int>& keep, pid_t parent,
                       std::move_only_function<void() noexcept>& life) noexcept
{
    const auto take = [](const stumble& taken) noexcept {
        if (taken.at != step::none)
            give_up(taken);
    };
    enter_group(how.group ? how.group->door() : -1);
    take(close_all_but(keep));
    take(reset_signals());
    // A dead peer is an error code of the write, never the end of a server.
    ::signal(SIGPIPE, SIG_IGN);
    if (how.box)
        take(how.box->bound());
    if (how.user)
        take(become(*how.user));
    if (how.box)
        take(how.box->drop());
    take(on_parent_death(how.orphan, parent));
    if (how.box && how.sandbox_entry == birth::entering::now)
        take(how.box->enter());
    if (!how.title.empty())
        set_title(how.title);
    life();
    ::_exit(0);
}

}  // namespace

std::vector<int> detail::with_standard(std::vector<int> list)
{
    list.insert(list.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
    std::ranges::sort(list);
    const auto twice = std::ranges::unique(list);
    list.erase(twice.begin(), twice.end());
    return list;
}

result<child> clone(fork_permit, const birth& how, std::move_only_function<void() noexcept> life)
{
    const std::vector<int> keep = detail::with_standard(how.keep);
    if (keep.front() < 0)
        return failed(errc::bad_value, "keep descriptor", std::to_string(keep.front()));
    const pid_t parent = ::getpid();

    pid_t pid = -1;
    {
        const signal_silence quiet;
        // What waits in buffers would be written by every child once more.
        std::fflush(nullptr);
        pid = ::fork();
        if (pid == 0)
            live(how, keep, parent, life);
    }
    if (pid == -1)
        return failed("fork");
    return child::adopt(pid, how.group);
}

}  // namespace cohort::process
