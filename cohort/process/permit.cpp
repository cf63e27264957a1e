#include <cohort/process/permit.hpp>

#include <cohort/base/unique_fd.hpp>

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

namespace cohort::process {

namespace {

// ThreadSanitizer keeps a thread of its own, which it takes care of across a fork.
#if defined(__SANITIZE_THREAD__)
constexpr unsigned own_threads = 2;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr unsigned own_threads = 2;
#else
constexpr unsigned own_threads = 1;
#endif
#else
constexpr unsigned own_threads = 1;
#endif

std::string name_of_thread(const char* id)
{
    const unique_fd file{
        ::open(fmt::format("/proc/self/task/{}/comm", id).c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 32> name{};
    const ssize_t got = file.valid() ? ::read(file.borrow(), name.data(), name.size()) : 0;
    if (got <= 1)
        return fmt::format("(unnamed) {}", id);
    return fmt::format("{} {}", std::string_view{name.data(), static_cast<std::size_t>(got) - 1},
                       id);
}

/// The kernel reaps for those who ignore SIGCHLD, and the exit reason is lost.
void let_children_be_reaped() noexcept
{
    struct sigaction now{};
    if (::sigaction(SIGCHLD, nullptr, &now) == 0 && now.sa_handler == SIG_IGN)
        ::signal(SIGCHLD, SIG_DFL);
}

}  // namespace

result<fork_permit> fork_permit::ask()
{
    const auto close = [](DIR* open) { ::closedir(open); };
    const std::unique_ptr<DIR, decltype(close)> tasks{::opendir("/proc/self/task"), close};
    if (!tasks)
        return failed("count threads in", "/proc/self/task");

    unsigned count = 0;
    std::string others;
    const std::string leader = std::to_string(::getpid());
    while (const dirent* entry = ::readdir(tasks.get())) {
        if (entry->d_name[0] == '.')
            continue;
        ++count;
        if (leader != entry->d_name)
            others += (others.empty() ? "" : ", ") + name_of_thread(entry->d_name);
    }
    if (count > own_threads)
        return failed(errc::threads_running, "fork while threads run:", std::move(others));

    let_children_be_reaped();
    return fork_permit{};
}

}  // namespace cohort::process
