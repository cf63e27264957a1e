#include <cohort/process/cpu_throttling.hpp>

#include <cohort/process/detail/text.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::process {

namespace {

using detail::number_behind;

std::vector<std::string> files_that_count(const file_reader& read)
{
    std::vector<std::string> found;
    for (const cgroup_version version : {cgroup_version::two, cgroup_version::one}) {
        for (const std::string& folder : cgroup_folders(version, "cpu", read)) {
            std::string file = folder + "/cpu.stat";
            // Without the controller a cpu.stat of version two counts processor time alone.
            const auto text = read(file);
            if (text && number_behind(*text, "nr_periods"))
                found.push_back(std::move(file));
        }
    }
    return found;
}

std::optional<cpu_throttling> sum_of(const std::vector<std::string>& files, const file_reader& read)
{
    if (files.empty())
        return std::nullopt;
    cpu_throttling all;
    for (const std::string& file : files) {
        const std::string text = read(file).value_or("");
        all.periods += number_behind(text, "nr_periods").value_or(0);
        all.throttled += number_behind(text, "nr_throttled").value_or(0);
        // Nanoseconds with version one, microseconds with version two.
        const std::uint64_t ns = number_behind(text, "throttled_time").value_or(0);
        const std::uint64_t us = number_behind(text, "throttled_usec").value_or(0);
        all.stopped += nanoseconds{static_cast<std::int64_t>(ns + us * 1'000)};
    }
    return all;
}

std::optional<std::string> read_here(const std::string& path) { return read_system_file(path); }

}  // namespace

std::optional<cpu_throttling> read_cpu_throttling(const file_reader& read)
{
    return sum_of(files_that_count(read), read);
}

std::optional<cpu_throttling> read_cpu_throttling()
{
    static const std::vector<std::string> files = files_that_count(&read_here);
    return sum_of(files, &read_here);
}

}  // namespace cohort::process
