#include <cohort/cli/footprint.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/cgroup.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

namespace cohort::cli {

namespace {

std::vector<std::string_view> words_of(std::string_view text)
{
    std::vector<std::string_view> all;
    for (std::size_t at = 0; at < text.size();) {
        const auto begin = text.find_first_not_of(" \n", at);
        if (begin == std::string_view::npos)
            break;
        const auto end = std::min(text.find_first_of(" \n", begin), text.size());
        all.push_back(text.substr(begin, end - begin));
        at = end;
    }
    return all;
}

nanoseconds from_ticks(std::uint64_t ticks)
{
    const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    return nanoseconds{ticks * (1'000'000'000ULL / std::max<std::uint64_t>(per_second, 1))};
}

/// CLOCK_BOOTTIME is what start times count; without suspends it is the monotonic clock.
std::optional<nanoseconds> since_boot()
{
    const auto text = process::read_system_file("/proc/uptime");
    if (!text)
        return std::nullopt;
    const auto seconds_text = std::string_view{*text}.substr(0, text->find(' '));
    const auto count = parse_number(seconds_text);
    if (!count)
        return std::nullopt;
    return nanoseconds{static_cast<std::int64_t>(*count * 1e9)};
}

}  // namespace

std::optional<double> footprint::processor_share() const noexcept
{
    if (!processor_time || !age || age->count() <= 0)
        return std::nullopt;
    return static_cast<double>(processor_time->count()) / static_cast<double>(age->count());
}

std::optional<std::uint64_t> pss_bytes(std::string_view smaps_rollup)
{
    const auto at = smaps_rollup.find("\nPss:");
    if (at == std::string_view::npos)
        return std::nullopt;
    const auto rest = smaps_rollup.substr(at + 5);
    const auto words = words_of(rest.substr(0, rest.find('\n')));
    if (words.size() != 2 || words[1] != "kB")
        return std::nullopt;
    const auto count = parse_integer<std::uint64_t>(words[0]);
    return count ? std::optional{*count * 1024} : std::nullopt;
}

std::optional<tick_counts> ticks_of(std::string_view stat_line)
{
    // The name in the second field may contain anything, but no ')' comes after its own.
    const auto name_ends = stat_line.rfind(')');
    if (name_ends == std::string_view::npos)
        return std::nullopt;
    constexpr std::size_t utime = 11, stime = 12, starttime = 19;  // from the state on
    const auto words = words_of(stat_line.substr(name_ends + 1));
    if (words.size() <= starttime)
        return std::nullopt;
    const auto user = parse_integer<std::uint64_t>(words[utime]);
    const auto system = parse_integer<std::uint64_t>(words[stime]);
    const auto started = parse_integer<std::uint64_t>(words[starttime]);
    if (!user || !system || !started)
        return std::nullopt;
    return tick_counts{.used = *user + *system, .started = *started};
}

footprint footprint_of(pid_t pid)
{
    footprint seen;
    if (const auto text = process::read_system_file(fmt::format("/proc/{}/smaps_rollup", pid)))
        seen.memory_bytes = pss_bytes(*text);
    const auto stat = process::read_system_file(fmt::format("/proc/{}/stat", pid));
    const auto ticks = stat ? ticks_of(*stat) : std::nullopt;
    if (!ticks)
        return seen;
    seen.processor_time = from_ticks(ticks->used);
    if (const auto uptime = since_boot())
        seen.age = std::max(*uptime - from_ticks(ticks->started), nanoseconds{0});
    return seen;
}

std::string text_of(std::optional<std::uint64_t> bytes)
{
    if (!bytes)
        return "-";
    constexpr auto units = std::to_array<char>({'K', 'M', 'G', 'T'});
    double amount = static_cast<double>(*bytes) / 1024;
    std::size_t unit = 0;
    while (amount >= 1000 && unit + 1 < units.size()) {
        amount /= 1024;
        ++unit;
    }
    return amount < 10 && unit > 0 ? fmt::format("{:.1f}{}", amount, units[unit])
                                   : fmt::format("{:.0f}{}", amount, units[unit]);
}

std::string text_of(nanoseconds length)
{
    using namespace std::chrono;
    const auto whole = duration_cast<seconds>(length).count();
    if (whole < 1)
        return fmt::format("{}ms", duration_cast<milliseconds>(length).count());
    if (whole < 60)
        return fmt::format("{}s", whole);
    if (whole < 3600)
        return fmt::format("{}m{}s", whole / 60, whole % 60);
    if (whole < 86'400)
        return fmt::format("{}h{}m", whole / 3600, whole % 3600 / 60);
    return fmt::format("{}d{}h", whole / 86'400, whole % 86'400 / 3600);
}

std::string percent_text(std::optional<double> share)
{
    return share ? fmt::format("{:.1f}%", *share * 100) : std::string{"-"};
}

}  // namespace cohort::cli
