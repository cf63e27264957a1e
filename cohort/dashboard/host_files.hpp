#pragma once

#include <sys/stat.h>

#include <array>

namespace cohort::dashboard {

/// The files by which names of hosts become addresses. A sandbox lets a process read those that
/// were there when it was born; who replaces one of them (a lease has ended, somebody has edited
/// it) makes another one. A value.
class host_files {
public:
    host_files() noexcept;

    /// One of them is another one by now.
    [[nodiscard]] bool replaced() const noexcept;

private:
    static constexpr std::array paths{"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"};
    using stats = std::array<struct stat, paths.size()>;
    [[nodiscard]] static stats look() noexcept;

    stats born_with_;
};

}  // namespace cohort::dashboard
