#include <cohort/process/detail/landlock_rules.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#include <cerrno>
#include <cstddef>

namespace cohort::process::detail {

namespace {

// Younger than Debian 12's headers; linux/landlock.h of Linux 6.2, 6.10 and 6.12.
constexpr std::uint64_t access_truncate = 1ULL << 14;
constexpr std::uint64_t access_ioctl_device = 1ULL << 15;
constexpr std::uint64_t scope_signal = 1ULL << 1;

/// struct landlock_ruleset_attr as it is since version 6; older kernels want less of it.
struct ruleset_attributes {
    std::uint64_t files = 0;
    std::uint64_t network = 0;
    std::uint64_t scopes = 0;
};

constexpr std::uint64_t read_files = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t read_all = read_files | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t write_files = LANDLOCK_ACCESS_FS_WRITE_FILE | access_truncate;
constexpr std::uint64_t write_all =
    write_files | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
/// What a rule for a file that is no directory may say.
constexpr std::uint64_t of_files =
    read_files | write_files | LANDLOCK_ACCESS_FS_EXECUTE | access_ioctl_device;

std::size_t attribute_bytes(int version) noexcept
{
    if (version >= 6)
        return sizeof(ruleset_attributes);
    return version >= 4 ? offsetof(ruleset_attributes, scopes)
                        : offsetof(ruleset_attributes, network);
}

stumble stumbled(int why) noexcept { return {step::landlock, why}; }

/// Closes itself; base/unique_fd asserts, and an assertion is not for a newborn.
struct brief_descriptor {
    int number;
    explicit brief_descriptor(long opened) noexcept
        : number{static_cast<int>(opened)}
    {}
    brief_descriptor(const brief_descriptor&) = delete;
    brief_descriptor& operator=(const brief_descriptor&) = delete;
    ~brief_descriptor()
    {
        if (number != -1)
            ::close(number);
    }
};

}  // namespace

int landlock_version() noexcept
{
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, std::size_t{0},
                                   LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? static_cast<int>(version) : 0;
}

std::uint64_t landlock_rules::handled() const noexcept
{
    std::uint64_t all = read_all | write_all | LANDLOCK_ACCESS_FS_EXECUTE | access_ioctl_device;
    if (version_ < 2)
        all &= ~std::uint64_t{LANDLOCK_ACCESS_FS_REFER};
    if (version_ < 3)
        all &= ~access_truncate;
    if (version_ < 5)
        all &= ~access_ioctl_device;
    return all;
}

std::uint64_t landlock_rules::bits_of(reach what) const noexcept
{
    switch (what) {
        case reach::read:
            return handled() & read_all;
        case reach::read_and_execute:
            return handled() & (read_all | LANDLOCK_ACCESS_FS_EXECUTE);
        case reach::execute:
            return handled() & (read_files | LANDLOCK_ACCESS_FS_EXECUTE);
        case reach::write:
            return handled() & (read_all | write_all);
        case reach::write_open:
            return handled() & (read_all | write_files | access_ioctl_device);
    }
    return 0;
}

/// False, with errno: the kernel refuses it.
bool landlock_rules::add(int ruleset, int below, reach what) const noexcept
{
    struct stat found{};
    if (::fstat(below, &found) == -1)
        return false;
    landlock_path_beneath_attr path{};
    path.allowed_access = bits_of(what) & (S_ISDIR(found.st_mode) ? ~0ULL : of_files);
    path.parent_fd = below;
    return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &path, 0U) == 0;
}

stumble landlock_rules::enforce(int program) const noexcept
{
    ruleset_attributes wanted;
    wanted.files = handled();
    wanted.scopes = keeps_signals_in_ ? scope_signal : 0;
    const brief_descriptor ruleset{
        ::syscall(SYS_landlock_create_ruleset, &wanted, attribute_bytes(version_), 0U)};
    if (ruleset.number == -1)
        return stumbled(errno);
    for (const rule& each : rules_) {
        const brief_descriptor below{::open(each.path.c_str(), O_PATH | O_CLOEXEC)};
        if (below.number == -1 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
            return stumbled(errno);
        if (below.number != -1 && !add(ruleset.number, below.number, each.what))
            return stumbled(errno);
    }
    if (program != -1 && !add(ruleset.number, program, reach::execute))
        return stumbled(errno);
    if (::syscall(SYS_landlock_restrict_self, ruleset.number, 0U) == -1)
        return stumbled(errno);
    return {};
}

}  // namespace cohort::process::detail
