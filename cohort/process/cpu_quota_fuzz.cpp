#include <cohort/base/assert.hpp>
#include <cohort/process/cpu_quota.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

/// The input is five files, one after another, with a NUL between them.
std::string_view next_file(std::string_view& rest)
{
    const std::size_t at = rest.find('\0');
    const std::string_view file = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return file;
}

}  // namespace

/// Whatever the files say, there is at least one worker and at most the cap, and text for the log.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace cohort::process;
    std::string_view rest{reinterpret_cast<const char*>(bytes), size};
    const std::string groups{next_file(rest)};
    const std::string mounts{next_file(rest)};
    const std::string version_two{next_file(rest)};
    const std::string quota{next_file(rest)};
    const std::string other{next_file(rest)};
    const file_reader read = [&](const std::string& path) -> std::optional<std::string> {
        if (path == "/proc/self/cgroup")
            return groups;
        if (path == "/proc/self/mountinfo")
            return mounts;
        if (path.ends_with("/cpu.max"))
            return version_two;
        if (path.ends_with("/cpu.cfs_quota_us"))
            return quota;
        return other;
    };
    const cpu_quota found = read_cpu_quota(16, read);
    const unsigned workers = found.workers(64);
    COHORT_ASSERT(workers >= 1 && workers <= 16);
    COHORT_ASSERT(found.cpus() > 0 && found.cpus() <= 16);
    COHORT_ASSERT(found.limits.size() <= 256 && found.oddities.size() <= 16);
    COHORT_ASSERT(!found.text().empty());
    static_cast<void>(memory_kills(read));
    static_cast<void>(memory_kills_of_machine(read));
    return 0;
}
