#include <cohort/observe/journal_words.hpp>

#include <fmt/format.h>

#include <syslog.h>

#include <algorithm>
#include <array>

namespace cohort::observe {

namespace {

struct rank {
    std::string_view level;
    std::string_view number;  // pino's
    int priority;
};

constexpr auto ranks = std::to_array<rank>({{"trace", "10", LOG_DEBUG},
                                            {"debug", "20", LOG_DEBUG},
                                            {"info", "30", LOG_INFO},
                                            {"warn", "40", LOG_WARNING},
                                            {"error", "50", LOG_ERR},
                                            {"fatal", "60", LOG_CRIT}});

/// The word or number after the mark, or after the time of day of a line for people.
std::string_view level_in(std::string_view line) noexcept
{
    constexpr std::string_view mark = "\"level\":";
    constexpr std::size_t near_the_front = 256;  // what comes later is the program's own
    constexpr std::size_t after_time = std::string_view{"10:00:00.000 "}.size();
    if (line.starts_with('{')) {
        const auto at = line.substr(0, near_the_front).find(mark);
        if (at == std::string_view::npos)
            return {};
        line.remove_prefix(at + mark.size());
        if (line.starts_with('"'))
            line.remove_prefix(1);
        return line.substr(0, line.find_first_of("\",}"));
    }
    if (line.size() <= after_time)
        return {};
    line.remove_prefix(after_time);
    return line.substr(0, line.find(' '));
}

}  // namespace

int priority_of(std::string_view line) noexcept
{
    const std::string_view level = level_in(line);
    const auto found = std::ranges::find_if(
        ranks, [&](const rank& each) { return each.level == level || each.number == level; });
    return found == ranks.end() ? LOG_INFO : found->priority;
}

std::string journal_words(std::string_view line, std::string_view identifier)
{
    return fmt::format("PRIORITY={}\nSYSLOG_IDENTIFIER={}\nMESSAGE={}\n", priority_of(line),
                       identifier, line);
}

}  // namespace cohort::observe
