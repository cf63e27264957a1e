#pragma once
// For the tests of sandboxes: a copy of this process in one, and what it tries there.

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/sandbox.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohort::process::kit {

inline std::shared_ptr<const sandbox> prepared(const sandbox_options& wanted)
{
    auto made = sandbox::prepare(wanted);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().text()));
    return std::make_shared<const sandbox>(*std::move(made));
}

/// Runs `act` in a copy of this process within that sandbox; its result is the exit code.
inline int inside(std::shared_ptr<const sandbox> box, std::move_only_function<int() noexcept> act,
                  std::optional<credentials> user = {})
{
    birth how;
    how.box = std::move(box);
    how.user = user;
    auto born = process::clone(permit(), how, [&]() noexcept { ::_exit(act()); });
    REQUIRE(born);
    const auto end = born->wait();
    INFO(end.words());
    REQUIRE(end.code());
    return *end.code();
}

/// What errno says after a call that should fail; 0 if it succeeded.
template <class Call>
int errno_of(Call call) noexcept
{
    errno = 0;
    return call() == -1 ? errno : 0;
}

inline int writes_to(const std::string& path) noexcept
{
    return errno_of([&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600); });
}

/// The number of the first attempt that is not refused; 0: all are.
inline int try_the_machine() noexcept
{
    const auto mount = [] { return ::mount("none", "/mnt", "tmpfs", 0, nullptr); };
    if (errno_of(mount) != EPERM)
        return 1;
    if (errno_of([] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }) != EPERM)
        return 2;
    if (errno_of([] { return ::syscall(SYS_bpf, 0, nullptr, 0); }) != EPERM)
        return 3;
    if (errno_of([] { return ::syscall(SYS_init_module, nullptr, 0, ""); }) != EPERM)
        return 4;
    if (errno_of([] { return ::unshare(CLONE_NEWUSER); }) != EPERM)
        return 5;
    if (errno_of([] { return ::unshare(CLONE_NEWNET); }) != EPERM)
        return 6;
    if (errno_of([] { return ::syscall(SYS_setns, 0, 0); }) != EPERM)
        return 7;
    if (errno_of([] { return ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); }) != EPERM)
        return 8;
    if (errno_of([] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }) != EPERM)
        return 9;
    if (errno_of([] { return ::socket(AF_PACKET, SOCK_RAW, 0); }) != EPERM)
        return 10;
    if (errno_of([] { return ::syscall(SYS_kexec_load, 0, 0, nullptr, 0); }) != EPERM)
        return 11;
    return 0;
}

}  // namespace cohort::process::kit
