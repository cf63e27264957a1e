#include <cohort/dashboard/costs.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/process/cgroup.hpp>
#include <cohort/process/memory_share.hpp>
#include <cohort/process/processor_time.hpp>

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::dashboard {

namespace {

/// How many entries a folder has.
std::optional<std::size_t> entries_in(unique_fd folder)
{
    using stream = std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })>;
    const stream all{folder.valid() ? ::fdopendir(folder.borrow()) : nullptr};
    if (!all)
        return std::nullopt;
    static_cast<void>(folder.release());
    ::rewinddir(all.get());  // the place is that of all who have it
    std::size_t count = 0;
    while (const dirent* const each = ::readdir(all.get()))
        count += each->d_name[0] != '.' ? 1 : 0;
    return count;
}

/// The number behind a word at the beginning of a line.
std::optional<std::uint64_t> number_behind(const std::string& text, std::string_view word)
{
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(word) && line.size() > word.size() && line[word.size()] == ' ')
            return parse_integer<std::uint64_t>(std::string_view{line}.substr(word.size() + 1));
    }
    return std::nullopt;
}

}  // namespace

/// Of one that has ended, or become another program, nothing is seen through a window.
std::optional<std::uint64_t> cost_reader::measure(pid_t who)
{
    const auto through = windows_.find(who);
    if (through == windows_.end())
        return process::memory_share(who);
    const auto seen = process::memory_share_in(through->second.memory);
    if (!seen)
        windows_.erase(through);
    return seen;
}

std::optional<std::size_t> cost_reader::descriptors_of(pid_t who) const
{
    // Linux 6.2 has the number in the size; before it is 0, and they are counted one by one, which
    // takes long where a worker has 50,000 connections.
    const std::string folder = fmt::format("/proc/{}/fd", who);
    struct stat seen{};
    if (::stat(folder.c_str(), &seen) == 0 && seen.st_size > 0)
        return static_cast<std::size_t>(seen.st_size);
    const auto through = windows_.find(who);
    if (through != windows_.end() && through->second.folder.valid()) {
        auto again = duplicate(through->second.folder);
        return again ? entries_in(*std::move(again)) : std::nullopt;
    }
    return entries_in(unique_fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)});
}

std::map<pid_t, process_cost> cost_reader::read(std::span<const pid_t> of, steady_time now)
{
    std::map<pid_t, process_cost> all;
    std::map<pid_t, measured> memory;
    for (const pid_t each : of) {
        process_cost cost;
        cost.processor_time = process::processor_time(each, process::whose_time::all);
        cost.descriptors = descriptors_of(each);
        const auto known = memory_.find(each);
        const bool fresh = known != memory_.end() && now - known->second.when < memory_every;
        const measured seen = fresh ? known->second : measured{measure(each), now};
        cost.memory_bytes = seen.bytes;
        memory.emplace(each, seen);
        all.emplace(each, cost);
    }
    memory_ = std::move(memory);
    std::erase_if(windows_, [this](const auto& each) { return !memory_.contains(each.first); });
    return all;
}

std::optional<seconds> age_of(pid_t who)
{
    const auto stat = process::read_system_file(fmt::format("/proc/{}/stat", who));
    const auto name_ends = stat ? stat->rfind(')') : std::string::npos;
    if (name_ends == std::string::npos)
        return std::nullopt;
    // The 22nd field; the name was the second.
    constexpr std::size_t start_at = 19;
    std::istringstream rest{stat->substr(name_ends + 1)};
    using words = std::istream_iterator<std::string>;
    const std::vector<std::string> fields(words{rest}, words{});
    const auto ticks =
        fields.size() > start_at ? parse_integer<std::int64_t>(fields[start_at]) : std::nullopt;
    timespec since_boot{};
    if (!ticks || ::clock_gettime(CLOCK_BOOTTIME, &since_boot) == -1)
        return std::nullopt;
    return seconds{since_boot.tv_sec - *ticks / ::sysconf(_SC_CLK_TCK)};
}

std::optional<double> throttled_seconds()
{
    constexpr double micro = 1e6;
    constexpr double nano = 1e9;
    const auto look = [](process::cgroup_version version) -> std::optional<std::string> {
        for (const std::string& folder :
             process::cgroup_folders(version, "cpu", [](const std::string& path) {
                 return process::read_system_file(path);
             }))
        {
            if (auto text = process::read_system_file(folder + "/cpu.stat"))
                return text;
        }
        return std::nullopt;
    };
    if (const auto text = look(process::cgroup_version::two)) {
        if (const auto us = number_behind(*text, "throttled_usec"))
            return static_cast<double>(*us) / micro;
    }
    if (const auto text = look(process::cgroup_version::one)) {
        if (const auto ns = number_behind(*text, "throttled_time"))
            return static_cast<double>(*ns) / nano;
    }
    return std::nullopt;
}

}  // namespace cohort::dashboard
