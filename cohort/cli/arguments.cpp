#include <cohort/cli/arguments.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/config/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::cli {

namespace {

std::unexpected<fault> usage(std::string words)
{
    return failed(errc::bad_value, "read the command line", std::move(words));
}

const flag_rule* find(std::span<const flag_rule> known, std::string_view name)
{
    const auto found = std::ranges::find_if(known, [name](const flag_rule& each) {
        return each.name == name || (!each.letter.empty() && each.letter == name);
    });
    return found == known.end() ? nullptr : &*found;
}

/// A flag as it was typed, and the value that stuck to it.
struct typed {
    std::string_view name;
    std::optional<std::string_view> value;
};

typed take_apart(std::string_view word)
{
    if (word.starts_with("--")) {
        const auto equals = word.find('=');
        if (equals == std::string_view::npos)
            return {word, std::nullopt};
        return {word.substr(0, equals), word.substr(equals + 1)};
    }
    if (word.size() > 2)
        return {word.substr(0, 2), word.substr(2)};
    return {word, std::nullopt};
}

std::unexpected<fault> unknown(std::string_view name, std::span<const flag_rule> known)
{
    std::vector<std::string_view> names;
    for (const flag_rule& each : known)
        names.push_back(each.name);
    const auto near = nearest_of(name, names);
    return usage(near.empty() ? fmt::format("no flag {}", name)
                              : fmt::format("no flag {}; did you mean {}?", name, near));
}

}  // namespace

std::string_view nearest_of(std::string_view word, const std::vector<std::string_view>& known)
{
    return config::nearest(word, known);
}

result<arguments> arguments::parse(std::span<const std::string> words,
                                   std::span<const flag_rule> known, is_program programs)
{
    arguments read;
    bool flags_over = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const bool is_flag = !flags_over && word.size() > 1 && word.front() == '-' &&
                             (word[1] < '0' || word[1] > '9');  // "-1" scales down
        if (is_flag && word == "--") {
            flags_over = true;
            continue;
        }
        if (!is_flag) {
            read.words_.emplace_back(word);
            if (programs == nullptr || read.words_.size() != 1 || !programs(word))
                continue;
            read.rest_.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
            break;
        }
        const typed what = take_apart(word);
        const flag_rule* const rule = find(known, what.name);
        if (rule == nullptr)
            return unknown(what.name, known);
        auto& values = read.given_[std::string{rule->name}];
        if (rule->value.empty()) {
            if (what.value)
                return usage(fmt::format("{} takes no value", what.name));
            values.emplace_back();
        } else if (what.value) {
            values.emplace_back(*what.value);
        } else if (i + 1 < words.size()) {
            values.push_back(words[++i]);
        } else {
            return usage(fmt::format("{} needs a value: {}", what.name, rule->value));
        }
    }
    return read;
}

bool arguments::flag(std::string_view name) const { return given_.contains(name); }

std::optional<std::string> arguments::value(std::string_view name) const
{
    const auto found = given_.find(name);
    if (found == given_.end())
        return std::nullopt;
    return found->second.back();
}

std::vector<std::string> arguments::values(std::string_view name) const
{
    const auto found = given_.find(name);
    return found == given_.end() ? std::vector<std::string>{} : found->second;
}

result<milliseconds> arguments::duration(std::string_view name, milliseconds otherwise) const
{
    const auto text = value(name);
    if (!text)
        return otherwise;
    const auto length = parse_duration(*text);
    if (!length)
        return usage(
            fmt::format("{}: a duration such as 250ms, 30s, 5m or 2h, not \"{}\"", name, *text));
    return std::chrono::ceil<milliseconds>(*length);
}

result<std::size_t> arguments::number(std::string_view name, std::size_t otherwise) const
{
    const auto text = value(name);
    if (!text)
        return otherwise;
    const auto read = parse_integer<std::size_t>(*text);
    if (!read)
        return usage(fmt::format("{} needs a number, not \"{}\"", name, *text));
    return *read;
}

std::optional<std::string> arguments::word(std::size_t index) const
{
    if (index >= words_.size())
        return std::nullopt;
    return words_[index];
}

}  // namespace cohort::cli
