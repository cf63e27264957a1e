#include <cohort/process/spawn.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/detail/launch.hpp>
#include <cohort/process/detail/raw_clone.hpp>
#include <cohort/process/root.hpp>

#include <unistd.h>

#include <linux/sched.h>

#include <csignal>
#include <cstdint>

#include <string_view>

namespace cohort::process {

std::vector<std::string> environment_with(const std::vector<std::string>& changes)
{
    const auto name_of = [](std::string_view entry) { return entry.substr(0, entry.find('=')); };
    const auto changed = [&](std::string_view entry) {
        for (const std::string& change : changes) {
            if (name_of(change) == name_of(entry))
                return true;
        }
        return false;
    };
    std::vector<std::string> all;
    for (char** entry = ::environ; entry && *entry; ++entry) {
        if (!changed(*entry))
            all.emplace_back(*entry);
    }
    all.insert(all.end(), changes.begin(), changes.end());
    return all;
}

result<child> spawn(fork_permit, const program& what)
{
    COHORT_TRY(auto plan, detail::launch::prepare(what));
    const pid_t parent = what.of_root ? root_pid() : ::getpid();
    if (what.of_root && ::getppid() != parent)
        return failed(errc::bad_value, "start a program for a root that we have not got");

    const std::uint64_t ends_before = ends_told();
    pid_t pid = -1;
    int pidfd = -1;
    {
        const signal_silence quiet;
        // The root might reap it before we could ask for its pidfd by its number.
        pid = what.of_root ? static_cast<pid_t>(detail::raw_clone(
                                 CLONE_PARENT | CLONE_PIDFD | SIGCHLD, &pidfd, nullptr))
                           : ::fork();
        if (pid == 0) {
            plan.confess(plan.go(parent));
            ::_exit(stillborn);
        }
    }
    if (pid == -1)
        return failed("fork");

    // Owned at once: whatever fails from here on, it does not stay behind.
    COHORT_TRY(child born, what.of_root ? result<child>{child::of_root(pid, unique_fd{pidfd},
                                                                       ends_before, what.group)}
                                        : child::adopt(pid, what.group));
    COHORT_TRY(plan.outcome());
    if (what.own_group)
        born.leads_group();
    born.pipes = plan.take_pipes();
    return born;
}

}  // namespace cohort::process
