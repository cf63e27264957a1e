#include <cohort/process/cpu_quota.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace cohort::process {

namespace {

using detail::cut;

std::string_view trimmed(std::string_view text) noexcept
{
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// What a file may hold: no limit, a limit, or nonsense.
struct verdict {
    bool sense = true;
    std::optional<double> cpus;
};

verdict weigh(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) noexcept
{
    if (!quota || !period || *quota <= 0 || *period <= 0)
        return {false, std::nullopt};
    return {true, static_cast<double>(*quota) / static_cast<double>(*period)};
}

/// cpu.max: "max 100000", "50000 100000".
verdict weigh_v2(std::string_view text)
{
    std::string_view rest = trimmed(text);
    const std::string_view quota = cut(rest, ' ');
    const auto period = rest.empty() ? 100'000 : parse_integer<std::int64_t>(trimmed(rest));
    if (quota == "max")
        return {period && *period > 0, std::nullopt};
    return weigh(parse_integer<std::int64_t>(quota), period);
}

/// cpu.cfs_quota_us and cpu.cfs_period_us: "-1" or "50000", and "100000".
verdict weigh_v1(std::string_view quota, std::string_view period)
{
    const auto limit = parse_integer<std::int64_t>(trimmed(quota));
    if (limit == -1)
        return {};
    return weigh(limit, parse_integer<std::int64_t>(trimmed(period)));
}

void note(cpu_quota& all, const std::string& file, const verdict& seen, std::string_view text)
{
    constexpr std::size_t shown = 40;
    constexpr std::size_t oddities_max = 16;
    if (!seen.sense && all.oddities.size() < oddities_max)
        all.oddities.push_back(fmt::format("{} says \"{}\"", file, trimmed(text).substr(0, shown)));
    if (seen.cpus)
        all.limits.push_back({file, *seen.cpus});
}

}  // namespace

double cpu_quota::cpus() const noexcept
{
    double least = affinity;
    for (const cpu_limit& limit : limits)
        least = std::min(least, limit.cpus);
    return least;
}

unsigned cpu_quota::workers(unsigned cap) const noexcept
{
    // A quarter of a core short of a whole one still earns a worker; half a core does not.
    const double whole = std::floor(cpus() + 0.25);
    const double bounded = std::clamp(whole, 1.0, static_cast<double>(std::max(cap, 1U)));
    return static_cast<unsigned>(bounded);
}

std::string cpu_quota::text(unsigned cap) const
{
    const unsigned count = workers(cap);
    std::string words = fmt::format("{} worker{}: {} processor{} by affinity", count,
                                    count == 1 ? "" : "s", affinity, affinity == 1 ? "" : "s");
    if (limits.empty())
        words += ", no cgroup limit";
    for (const cpu_limit& limit : limits)
        words += fmt::format(", {:.2f} by {}", limit.cpus, limit.where);
    for (const std::string& oddity : oddities)
        words += fmt::format(", ignored: {}", oddity);
    return words;
}

cpu_quota read_cpu_quota(unsigned affinity, const file_reader& read)
{
    cpu_quota all;
    all.affinity = std::max(affinity, 1U);
    // On hybrid hosts both trees are there, and only one of them has the controller: the other
    // simply lacks these files. So does the root of each, which is never limited.
    for (const std::string& folder : cgroup_folders(cgroup_version::two, "cpu", read)) {
        const std::string file = folder + "/cpu.max";
        if (const auto text = read(file))
            note(all, file, weigh_v2(*text), *text);
    }
    for (const std::string& folder : cgroup_folders(cgroup_version::one, "cpu", read)) {
        const std::string file = folder + "/cpu.cfs_quota_us";
        const auto quota = read(file);
        if (!quota)
            continue;
        const auto period = read(folder + "/cpu.cfs_period_us");
        note(all, file, weigh_v1(*quota, period.value_or("")), *quota);
    }
    return all;
}

cpu_quota read_cpu_quota()
{
    return read_cpu_quota(affinity_count(),
                          [](const std::string& path) { return read_system_file(path); });
}

unsigned affinity_count() noexcept
{
    // The kernel says EINVAL while our mask is smaller than its own; no machine has more than this.
    constexpr int processors_most = 1 << 18;
    for (int room = 1024; room <= processors_most; room *= 2) {
        const auto release = [](cpu_set_t* mask) { CPU_FREE(mask); };
        const std::unique_ptr<cpu_set_t, decltype(release)> mask{CPU_ALLOC(room)};
        if (!mask)
            return 1;
        const std::size_t size = CPU_ALLOC_SIZE(room);
        CPU_ZERO_S(size, mask.get());
        if (::sched_getaffinity(0, size, mask.get()) == 0)
            return static_cast<unsigned>(std::max(CPU_COUNT_S(size, mask.get()), 1));
        if (errno != EINVAL)
            return 1;
    }
    return 1;
}

}  // namespace cohort::process
