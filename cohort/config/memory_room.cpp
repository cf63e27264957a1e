#include <cohort/config/memory_room.hpp>

#include <cohort/config/measure.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cohort::config {

std::uint64_t journal_bytes(const settings& of) noexcept
{
    const std::uint64_t bound = of.limit.memory_bytes;
    return bound == 0 ? journal_bytes_most : std::min(journal_bytes_most, bound / 2);
}

std::string narrow_memory(const settings& of)
{
    // Other programs have no journal.
    if (of.limit.memory_bytes == 0 || !of.exec.empty() || !of.keepers)
        return {};
    const std::uint64_t room = journal_bytes(of);
    const std::uint64_t largest = of.limit.body_bytes + of.limit.head_bytes;
    // Where nothing limits it, it is as large as it gets.
    if (largest <= room || room == journal_bytes_most)
        return {};
    return fmt::format("limit.memory = {} leaves {} for requests that outlive their worker, and "
                       "the largest that may come has {} (limit.body + limit.head): it ends with "
                       "its worker",
                       text_of_bytes(of.limit.memory_bytes), text_of_bytes(room),
                       text_of_bytes(largest));
}

}  // namespace cohort::config
