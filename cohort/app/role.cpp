#include <cohort/app/role.hpp>

#include <cohort/app/worker.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/primary/birth.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace cohort {

namespace {

enum class role { primary, worker };

/// Is the descriptor a channel? A variable that was inherited by accident, from a worker that
/// forgot to remove it, names something else or nothing.
bool is_channel(int fd) noexcept
{
    int domain = 0;
    socklen_t length = sizeof domain;
    return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX;
}

std::optional<int> channel_in_environment() noexcept
{
    const char* text = ::getenv(primary::variable::channel);
    if (text == nullptr)
        return std::nullopt;
    return parse_integer<int>(text);
}

role born_as() noexcept
{
    const auto fd = channel_in_environment();
    return fd && is_channel(*fd) ? role::worker : role::primary;
}

std::optional<int> number_in_environment(const char* name) noexcept
{
    const char* text = ::getenv(name);
    return text == nullptr ? std::nullopt : parse_integer<int>(text);
}

/// What we inherited in case that we would not speak our own protocol: we do, and ask for it.
void close_inherited() noexcept
{
    constexpr int most = 1024;
    const auto count = number_in_environment("LISTEN_FDS");
    if (!count || *count > most || number_in_environment("LISTEN_PID") != ::getpid())
        return;
    for (int fd = primary::first_inherited; fd < primary::first_inherited + *count; ++fd)
        ::close(fd);  // or somebody in between has done so already
}

/// Decided before main; a fork changes it in the child.
std::atomic<role> ours{born_as()};
std::atomic<worker*> self{nullptr};

}  // namespace

bool is_worker() noexcept { return ours.load(std::memory_order_relaxed) == role::worker; }
bool is_primary() noexcept { return !is_worker(); }
worker* current_worker() noexcept { return self.load(std::memory_order_acquire); }

namespace detail {

void become_worker(worker* who) noexcept { self.store(who, std::memory_order_release); }
void born_as_worker() noexcept { ours.store(role::worker, std::memory_order_relaxed); }

result<unique_fd> take_channel_from_environment()
{
    const char* text = ::getenv(primary::variable::channel);
    if (text == nullptr)
        return unique_fd{};
    const std::string written = text;
    const auto fd = channel_in_environment();
    close_inherited();
    for (const char* each :
         {primary::variable::channel, primary::variable::worker_id, primary::variable::slot,
          primary::variable::app, primary::variable::output_read})
        ::unsetenv(each);
    for (const char* each : {"COHORT_GENERATION", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
                             "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
        ::unsetenv(each);
    if (!fd)
        return failed(errc::malformed, "read COHORT_CHANNEL_FD", written);
    if (!is_channel(*fd))
        return unique_fd{};
    unique_fd channel{*fd};
    if (::fcntl(*fd, F_SETFD, FD_CLOEXEC) == -1)
        return failed("take channel", written);
    return channel;
}

}  // namespace detail

}  // namespace cohort
