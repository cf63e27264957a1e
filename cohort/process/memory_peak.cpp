#include <cohort/process/memory_peak.hpp>

#include <cohort/process/cgroup.hpp>
#include <cohort/process/detail/text.hpp>
#include <cohort/process/memory_group.hpp>

#include <string_view>

namespace cohort::process {

std::optional<std::uint64_t> memory_peak(const memory_group& of)
{
    auto text = read_system_file(of.folder() + "/memory.peak");
    if (!text)
        text = read_system_file(of.folder() + "/memory.max_usage_in_bytes");
    if (!text)
        return std::nullopt;
    std::string_view rest = *text;
    return parse_integer<std::uint64_t>(detail::next_line(rest));
}

}  // namespace cohort::process
