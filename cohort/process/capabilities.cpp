#include <cohort/process/capabilities.hpp>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

namespace cohort::process {

namespace {

/// By number, as the kernel counts them.
constexpr std::array<std::string_view, CAP_LAST_CAP + 1> names{"chown",
                                                               "dac_override",
                                                               "dac_read_search",
                                                               "fowner",
                                                               "fsetid",
                                                               "kill",
                                                               "setgid",
                                                               "setuid",
                                                               "setpcap",
                                                               "linux_immutable",
                                                               "net_bind_service",
                                                               "net_broadcast",
                                                               "net_admin",
                                                               "net_raw",
                                                               "ipc_lock",
                                                               "ipc_owner",
                                                               "sys_module",
                                                               "sys_rawio",
                                                               "sys_chroot",
                                                               "sys_ptrace",
                                                               "sys_pacct",
                                                               "sys_admin",
                                                               "sys_boot",
                                                               "sys_nice",
                                                               "sys_resource",
                                                               "sys_time",
                                                               "sys_tty_config",
                                                               "mknod",
                                                               "lease",
                                                               "audit_write",
                                                               "audit_control",
                                                               "setfcap",
                                                               "mac_override",
                                                               "mac_admin",
                                                               "syslog",
                                                               "wake_alarm",
                                                               "block_suspend",
                                                               "audit_read",
                                                               "perfmon",
                                                               "bpf",
                                                               "checkpoint_restore"};
static_assert(names.back() == "checkpoint_restore");

constexpr int number_most = 63;

struct sets {
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> half{};

    [[nodiscard]] bool read() noexcept
    {
        __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
        return ::syscall(SYS_capget, &head, half.data()) == 0;
    }
    [[nodiscard]] bool write() const noexcept
    {
        __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
        return ::syscall(SYS_capset, &head, half.data()) == 0;
    }
    [[nodiscard]] std::uint64_t effective() const noexcept
    {
        return half[0].effective | std::uint64_t{half[1].effective} << 32;
    }
};

stumble stumbled() noexcept { return {step::capabilities, errno}; }

std::string lowered(std::string_view name)
{
    std::string low;
    for (const char c : name)
        low += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return low.starts_with("cap_") ? low.substr(4) : low;
}

}  // namespace

result<capability_set> capability_set::parse(const std::vector<std::string>& list)
{
    capability_set all;
    for (const std::string& name : list) {
        const auto known = std::ranges::find(names, lowered(name));
        if (known == names.end())
            return failed(errc::bad_value, "find a capability called", name);
        all.bits_ |= std::uint64_t{1} << (known - names.begin());
    }
    return all;
}

result<capability_set> capability_set::own()
{
    sets now;
    if (!now.read())
        return failed("read the capabilities of this process");
    capability_set all;
    all.bits_ = now.effective();
    return all;
}

std::string capability_set::text() const
{
    std::string all;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if ((bits_ >> i & 1U) != 0) {
            all += all.empty() ? "" : ", ";
            all += names[i];
        }
    }
    return all;
}

stumble bound_capabilities(capability_set kept) noexcept
{
    sets now;
    if (!now.read())
        return stumbled();
    // Who cannot bound itself has nothing that it could pass on, and no_new_privs sees to the rest.
    const bool may = (now.effective() >> CAP_SETPCAP & 1U) != 0;
    for (int i = 0; may && i <= number_most; ++i) {
        const bool keep = (kept.bits() >> i & 1U) != 0;
        // A newer kernel may know more than we; what it does not know itself is EINVAL.
        if (!keep && ::prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == -1 && errno != EINVAL)
            return stumbled();
    }
    if (!kept.empty() && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1)
        return stumbled();
    return {};
}

stumble drop_capabilities(capability_set kept) noexcept
{
    sets wanted;
    for (std::size_t i = 0; i < wanted.half.size(); ++i) {
        const auto bits = static_cast<std::uint32_t>(kept.bits() >> (32 * i));
        wanted.half[i] = {.effective = bits, .permitted = bits, .inheritable = bits};
    }
    // The ambient ones first: they go where inheritable ones are missing, but not where all stay.
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 || !wanted.write())
        return stumbled();
    for (int i = 0; i <= number_most; ++i) {
        if ((kept.bits() >> i & 1U) != 0 &&
            ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) == -1)
            return stumbled();
    }
    return {};
}

}  // namespace cohort::process
