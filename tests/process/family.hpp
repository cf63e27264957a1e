#pragma once
// Who is who under a root: its primary, the keepers, their workers and standbys; by their titles.

#include <cohort/testing/harness.hpp>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

namespace cohort::testing {

inline bool is_titled(pid_t pid, std::string_view start)
{
    return title_of(pid).starts_with(start);
}

/// Everybody below it, at any depth.
inline std::vector<pid_t> descendants_of(pid_t root)
{
    std::vector<pid_t> all = children_of(root);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto more = children_of(all[i]);
        all.insert(all.end(), more.begin(), more.end());
    }
    return all;
}

inline std::vector<pid_t> titled_below(pid_t root, std::string_view start)
{
    auto all = descendants_of(root);
    std::erase_if(all, [start](pid_t each) { return !is_titled(each, start); });
    std::ranges::sort(all);
    return all;
}

inline std::vector<pid_t> workers_below(pid_t root) { return titled_below(root, "cohort: worker"); }

inline std::vector<pid_t> keepers_below(pid_t root) { return titled_below(root, "cohort: keeper"); }

/// The primary, once it is there. Throws failure if none comes.
inline pid_t primary_below(pid_t root)
{
    pid_t found = 0;
    const bool there = eventually([&] {
        for (const pid_t each : children_of(root)) {
            if (is_titled(each, "cohort: primary"))
                found = each;
        }
        return found != 0;
    });
    if (!there)
        throw failure{fault(errc::deadline_passed, "find the primary")};
    return found;
}

/// How many descriptors a process has open.
inline std::size_t descriptors_of(pid_t pid)
{
    std::error_code ignored;
    const std::filesystem::directory_iterator all{"/proc/" + std::to_string(pid) + "/fd", ignored};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace cohort::testing
