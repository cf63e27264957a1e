#pragma once
// What is in the log files of a folder.

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace cohort::testing {

/// How often each number is in the files of a folder, and how many lines make no sense.
struct found_lines {
    std::map<std::int64_t, unsigned> by_number;
    /// Of lines that say by which attempt of their request they were written.
    std::set<std::pair<std::int64_t, std::int64_t>> by_attempt;
    unsigned twice = 0;  ///< lines that are there once more, by the same attempt
    unsigned torn = 0;
    unsigned blank = 0;  ///< lines of blanks: half a line, of a process that was killed over it
    std::uint64_t dropped = 0;
    unsigned files = 0;
    unsigned words = 0;  ///< lines with the message "plain words"
};

inline void read_number(const boost::json::object& words, std::int64_t number, found_lines& into)
{
    ++into.by_number[number];
    const auto* const attempt = words.if_contains("attempt");
    if (attempt != nullptr && !into.by_attempt.emplace(number, attempt->as_int64()).second)
        ++into.twice;
}

inline void read_lines(const std::filesystem::path& file, found_lines& into)
{
    std::ifstream text{file};
    ++into.files;
    for (std::string line; std::getline(text, line);) {
        if (line.find_first_not_of(' ') == std::string::npos) {
            ++into.blank;
            continue;
        }
        boost::system::error_code ec;
        const auto words = boost::json::parse(line, ec);
        if (ec || !words.is_object()) {
            ++into.torn;
            continue;
        }
        if (const auto* const number = words.as_object().if_contains("number"))
            read_number(words.as_object(), number->as_int64(), into);
        if (const auto* const said = words.as_object().if_contains("message"))
            into.words += said->as_string() == "plain words" ? 1 : 0;
        if (const auto* const lost = words.as_object().if_contains("dropped"))
            into.dropped += lost->to_number<std::uint64_t>();
    }
}

inline found_lines lines_in(const std::filesystem::path& folder)
{
    found_lines all;
    for (const auto& each : std::filesystem::directory_iterator{folder})
        read_lines(each.path(), all);
    return all;
}

inline std::string text_of(const std::filesystem::path& file)
{
    std::ifstream text{file};
    return {std::istreambuf_iterator<char>{text}, {}};
}

}  // namespace cohort::testing
