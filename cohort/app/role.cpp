#include <cohort/app/role.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/primary/birth.hpp>

#include <atomic>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>

namespace cohort {

namespace {

std::atomic<worker*> current{nullptr};

/// A number in the environment is only a claim: it counts if a socket is open there.
std::optional<int> channel_in_environment() noexcept
{
    const char* const text = std::getenv(primary::variable::channel);
    if (text == nullptr)
        return std::nullopt;
    const auto number = parse_integer<int>(text);
    struct stat found {};
    if (!number || *number <= 2 || ::fstat(*number, &found) == -1 || !S_ISSOCK(found.st_mode))
        return std::nullopt;
    return number;
}

/// Looked up once, before main: it cannot change, and the variables are removed later.
const std::optional<int> inherited = channel_in_environment();

bool taken = false;

}  // namespace

std::optional<unique_fd> take_inherited_channel()
{
    if (!inherited || std::exchange(taken, true))
        return std::nullopt;
    for (const char* name : {primary::variable::channel, primary::variable::worker_id,
                             primary::variable::slot, primary::variable::app})
        ::unsetenv(name);
    // It came through exec, so it is not close-on-exec yet.
    ::fcntl(*inherited, F_SETFD, FD_CLOEXEC);
    return unique_fd{*inherited};
}

void become_worker(worker& self) noexcept { current.store(&self); }

bool is_worker() noexcept { return current.load() != nullptr || inherited.has_value(); }

bool is_primary() noexcept { return !is_worker(); }

worker* current_worker() noexcept { return current.load(); }

}  // namespace cohort
