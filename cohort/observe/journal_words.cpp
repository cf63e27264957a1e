#include <cohort/observe/journal_words.hpp>

#include <fmt/format.h>

#include <syslog.h>

#include <algorithm>
#include <array>

namespace cohort::observe {

namespace {

struct rank {
    std::string_view level;
    int priority;
};

constexpr auto ranks = std::to_array<rank>({{"trace", LOG_DEBUG},
                                            {"debug", LOG_DEBUG},
                                            {"info", LOG_INFO},
                                            {"warn", LOG_WARNING},
                                            {"error", LOG_ERR},
                                            {"fatal", LOG_CRIT}});

/// The word after the mark, or after the time of day of a line for people.
std::string_view level_in(std::string_view line) noexcept
{
    constexpr std::string_view mark = "\"level\":\"";
    constexpr std::size_t near_the_front = 256;  // what comes later is the program's own
    constexpr std::size_t after_time = std::string_view{"10:00:00.000 "}.size();
    if (line.starts_with('{')) {
        const auto at = line.substr(0, near_the_front).find(mark);
        if (at == std::string_view::npos)
            return {};
        line.remove_prefix(at + mark.size());
        return line.substr(0, line.find('"'));
    }
    if (line.size() <= after_time)
        return {};
    line.remove_prefix(after_time);
    return line.substr(0, line.find(' '));
}

}  // namespace

int priority_of(std::string_view line) noexcept
{
    const auto found = std::ranges::find(ranks, level_in(line), &rank::level);
    return found == ranks.end() ? LOG_INFO : found->priority;
}

std::string journal_words(std::string_view line, std::string_view identifier)
{
    return fmt::format("PRIORITY={}\nSYSLOG_IDENTIFIER={}\nMESSAGE={}\n", priority_of(line),
                       identifier, line);
}

}  // namespace cohort::observe
