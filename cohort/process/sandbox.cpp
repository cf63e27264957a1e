#include <cohort/process/sandbox.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/detail/executables.hpp>
#include <cohort/process/detail/seccomp_filter.hpp>
#include <cohort/process/identity.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

namespace cohort::process {

namespace {

using detail::reach;

constexpr std::array<std::string_view, 4> profile_names{"off", "server", "strict", "onlooker"};

/// What programs need to read of the system: libraries, certificates, zones, names, numbers.
constexpr std::array system_folders{"/usr",
                                    "/lib",
                                    "/lib64",
                                    "/lib32",
                                    "/bin",
                                    "/sbin",
                                    "/etc",
                                    "/opt",
                                    "/sys",
                                    "/proc",
                                    "/run/systemd/resolve"};
constexpr std::array plain_devices{"/dev/null",   "/dev/zero",    "/dev/full",
                                   "/dev/random", "/dev/urandom", "/dev/tty"};
/// server: what everybody may write to. Of /dev and /proc only what belongs to no one: a worker
/// that stays root may open kernel settings and disks without any capability.
constexpr std::array shared_folders{"/tmp", "/var/tmp", "/dev/shm", "/proc/self"};
constexpr std::array terminals{"/dev/ptmx", "/dev/pts"};

/// onlooker: how names of hosts become addresses, the time of day, and how busy the machine is.
constexpr std::array<const char*, 20> looked_at{"/usr/lib",
                                                "/usr/lib64",
                                                "/usr/share/zoneinfo",
                                                "/lib",
                                                "/lib64",
                                                "/etc/resolv.conf",
                                                "/etc/hosts",
                                                "/etc/nsswitch.conf",
                                                "/etc/host.conf",
                                                "/etc/gai.conf",
                                                "/etc/services",
                                                "/etc/protocols",
                                                "/etc/localtime",
                                                "/etc/ld.so.cache",
                                                "/run/systemd/resolve",
                                                "/proc",
                                                "/sys/fs/cgroup",
                                                "/sys/devices/system/cpu",
                                                "/dev/null",
                                                "/dev/urandom"};

bool can_filter_calls() noexcept
{
    std::uint32_t action = SECCOMP_RET_ERRNO;
    return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0;
}

stumble stumbled(step at) noexcept { return {at, errno}; }

result<> check_paths(const std::vector<std::string>& paths)
{
    for (const std::string& path : paths) {
        if (!path.starts_with('/') || path.find('\0') != std::string::npos)
            return failed(errc::bad_value, "put into a sandbox a path that is not absolute:", path);
    }
    return {};
}

std::string folder_of(const std::string& file)
{
    return std::filesystem::path{file}.parent_path().string();
}

}  // namespace

std::string_view name_of(sandbox_profile which) noexcept
{
    return profile_names[static_cast<std::size_t>(which)];
}

result<sandbox> sandbox::prepare(const sandbox_options& wanted)
{
    sandbox made;
    made.no_new_privs_ = wanted.no_new_privs || wanted.profile != sandbox_profile::off;
    if (wanted.profile == sandbox_profile::off) {
        made.words_ = wanted.no_new_privs ? "no-new-privs" : "";
        return made;
    }
    made.confines_ = true;
    COHORT_TRY(check_paths(wanted.read));
    COHORT_TRY(check_paths(wanted.write));
    COHORT_TRY(made.kept_, capability_set::parse(wanted.capabilities));
    COHORT_TRY(const auto own, capability_set::own());
    if (!own.contains(made.kept_))
        return failed(errc::bad_value, "keep a capability that this process does not have, of",
                      made.kept_.text());
    const int version = detail::landlock_version();
    if (version > 0)
        made.plan_files(wanted, version);
    if (can_filter_calls())
        made.plan_calls(wanted);
    std::string lacking;
    if (version == 0)
        lacking = "no landlock: files are not kept from it";
    if (made.calls_.empty())
        lacking += fmt::format("{}no seccomp: system calls are not kept from it",
                               lacking.empty() ? "" : "; ");
    if (!lacking.empty() && wanted.profile == sandbox_profile::strict && !wanted.best_effort)
        return failed(errc::not_supported,
                      "keep the promise of sandbox profile strict here "
                      "(sandbox.best_effort = true goes on without):",
                      lacking);
    if (!lacking.empty())
        made.missing_.push_back("this kernel offers " + lacking);
    made.find_words(wanted, version);
    return made;
}

void sandbox::plan_files(const sandbox_options& wanted, int version)
{
    detail::landlock_rules rules{version};
    if (wanted.profile == sandbox_profile::onlooker) {
        for (const char* each : looked_at)
            rules.allow(each, reach::read);
        if (const auto own = own_program())
            rules.allow(*own, reach::read);
        for (const std::string& each : wanted.read)
            rules.allow(each, reach::read);
        rules.keep_signals_in();
        files_ = std::move(rules);
        return;
    }
    for (const char* each : plain_devices)
        rules.allow(each, reach::write_open);
    if (wanted.profile == sandbox_profile::server) {
        rules.allow("/", reach::read_and_execute);
        for (const char* each : shared_folders)
            rules.allow(each, reach::write);
        for (const char* each : terminals)
            rules.allow(each, reach::write_open);
    } else {
        for (const char* each : system_folders)
            rules.allow(each, reach::read);
        if (const auto own = own_program(); own && wanted.program.empty())
            rules.allow(folder_of(*own), reach::read);
        for (const std::string& each : detail::executables_of(wanted.program, wanted.search)) {
            rules.allow(each, reach::execute);
            rules.allow(folder_of(each), reach::read);
        }
        for (const std::string& each : wanted.read)
            rules.allow(each, reach::read);
        rules.keep_signals_in();
    }
    for (const std::string& each : wanted.write)
        rules.allow(each, reach::write);
    files_ = std::move(rules);
}

void sandbox::plan_calls(const sandbox_options& wanted)
{
    if (wanted.profile == sandbox_profile::server)
        calls_ = detail::make_seccomp_filter(detail::cage::server);
    else if (wanted.profile == sandbox_profile::onlooker)
        calls_ = detail::make_seccomp_filter(detail::cage::onlooker);
    else if (wanted.program.empty())
        calls_ = detail::make_seccomp_filter(detail::cage::strict);
    else
        calls_ = detail::make_seccomp_filter(detail::cage::strict_but_execs);
}

void sandbox::find_words(const sandbox_options& wanted, int version)
{
    for (const auto* list : {&wanted.read, &wanted.write}) {
        for (const std::string& each : *list) {
            if (::access(each.c_str(), F_OK) == -1)
                missing_.push_back(
                    fmt::format("{} is not there: who is born before it is cannot use it", each));
        }
    }
    const bool strict = wanted.profile != sandbox_profile::server;
    if (files_ && strict && !files_->keeps_signals_in())
        missing_.emplace_back("signals to other processes of its user are not kept back (landlock "
                              "does that since Linux 6.12)");
    std::string parts = "no-new-privs";
    parts += fmt::format(", capabilities: {}", kept_.empty() ? "none" : kept_.text());
    if (!calls_.empty())
        parts += fmt::format(", seccomp ({} instructions)", calls_.size());
    if (files_)
        parts +=
            fmt::format(", landlock (version {}; writes to {})", version,
                        wanted.write.empty() ? std::string{"no folder of its own"}
                                             : fmt::format("{}", fmt::join(wanted.write, ", ")));
    words_ = fmt::format("sandbox {}: {}", name_of(wanted.profile), parts);
}

stumble sandbox::bound() const noexcept
{
    return confines_ ? bound_capabilities(kept_) : stumble{};
}

stumble sandbox::drop() const noexcept { return confines_ ? drop_capabilities(kept_) : stumble{}; }

stumble sandbox::enter(int program) const noexcept
{
    // Without it landlock and seccomp want CAP_SYS_ADMIN; with it setuid programs are harmless.
    if (no_new_privs_ && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
        return stumbled(step::no_new_privileges);
    if (files_) {
        if (const stumble bad = files_->enforce(program); bad.at != step::none)
            return bad;
    }
    if (!calls_.empty()) {
        // The kernel does not write to it; its type is older than const.
        const sock_fprog text{static_cast<unsigned short>(calls_.size()),
                              const_cast<sock_filter*>(calls_.data())};
        if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &text) == -1)
            return stumbled(step::seccomp);
    }
    return {};
}

}  // namespace cohort::process
