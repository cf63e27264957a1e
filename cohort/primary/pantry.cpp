#include <cohort/primary/pantry.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/wary_open.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/primary/log_terms.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <utility>

namespace cohort::primary {

namespace {

/// The very file that is open: by now its path may lead to another one.
result<unique_fd> open_output()
{
    unique_fd opened{::open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat is{};
    if (!opened.valid() || ::fstat(opened.borrow(), &is) == -1)
        return failed("open the standard output's file");
    if (!S_ISREG(is.st_mode))
        return failed(errc::bad_value, "read the standard output: it is no regular file");
    return opened;
}

}  // namespace

result<std::vector<unique_fd>> pantry::fetch(const control::wish& what, pid_t who)
{
    if (what.what == control::goods::process)
        return look_at(static_cast<pid_t>(what.pid));
    COHORT_TRY(auto one, fetch_one(what, who));
    std::vector<unique_fd> all;
    all.push_back(std::move(one));
    return all;
}

result<unique_fd> pantry::fetch_one(const control::wish& what, pid_t who)
{
    using control::goods;
    switch (what.what) {
        case goods::conversation:
            return reception_.converse(fmt::format("the dashboard (process {})", who));
        case goods::log: {
            const std::string path = log_path(settings_, what.slot);
            if (path.empty())
                return failed(errc::bad_value, "read the log: it is no file");
            return wary_open(path, O_RDONLY);
        }
        case goods::output:
            return open_output();
        case goods::own_log:
            if (log::file_path().empty())
                return failed(errc::bad_value, "open the log: it is no file");
            return log::open_file(log::file_path());
        case goods::process:
            break;
    }
    return failed(errc::bad_value, "find what was asked for");
}

/// As who may trace it: another user's, or one with capabilities, shows that to few.
result<std::vector<unique_fd>> pantry::look_at(pid_t worker) const
{
    const auto all = workers_.view();
    const bool ours = std::ranges::any_of(
        all, [worker](const slot_view& each) { return each.worker && each.worker->pid == worker; });
    if (!ours)
        return failed(errc::no_such_worker, "look at process", std::to_string(worker));
    const std::string memory = fmt::format("/proc/{}/smaps_rollup", worker);
    const std::string folder = fmt::format("/proc/{}/fd", worker);
    std::vector<unique_fd> seen;
    seen.emplace_back(::open(memory.c_str(), O_RDONLY | O_CLOEXEC));
    if (!seen.front().valid())
        return failed("open", memory);
    if (unique_fd opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        opened.valid())
        seen.push_back(std::move(opened));
    return seen;
}

}  // namespace cohort::primary
