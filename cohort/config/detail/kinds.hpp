#pragma once
// How values of each kind are read into a member of the settings, and written again. A key of the
// catalogue names one of these kinds and the path of its member. Closed to other rooms.

#include <cohort/config/catalogue.hpp>
#include <cohort/config/detail/entry.hpp>
#include <cohort/config/detail/literal.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::config::detail {

/// `s.first.rest…`, by pointers to members.
template <auto First, auto... Rest>
decltype(auto) member(auto& s)
{
    if constexpr (sizeof...(Rest) == 0)
        return (s.*First);
    else
        return member<Rest...>(s.*First);
}

/// Puts what was read where it belongs, if it could be read.
template <class T, class U>
void put(std::optional<T> value, U& into)
{
    if (value)
        into = std::move(*value);
}

/// What one of our own parsers makes of a text; its fault becomes the complaint.
template <class Parse>
auto parsed(const entry& value, const std::optional<std::string>& text, Parse parse)
    -> std::optional<typename decltype(parse(std::string_view{}))::value_type>
{
    if (!text)
        return std::nullopt;
    auto read = parse(*text);
    if (read)
        return std::move(*read);
    value.complain("cannot " + read.error().text());
    return std::nullopt;
}

template <auto... Path>
struct a_text {
    static constexpr shape form = shape::text;
    static void read(const entry& v, settings& s) { put(v.text(), member<Path...>(s)); }
    static std::string literal(const settings& s) { return quote(member<Path...>(s)); }
};

/// A name or a number, kept as text.
template <auto... Path>
struct a_name {
    static constexpr shape form = shape::text_or_number;
    static void read(const entry& v, settings& s) { put(v.text_or_number(), member<Path...>(s)); }
    static std::string literal(const settings& s) { return quote(member<Path...>(s)); }
};

template <auto... Path>
struct a_number {
    static constexpr shape form = shape::number;
    static void read(const entry& v, settings& s) { put(v.count(), member<Path...>(s)); }
    static std::string literal(const settings& s) { return std::to_string(member<Path...>(s)); }
};

template <auto... Path>
struct a_switch {
    static constexpr shape form = shape::choice;
    static void read(const entry& v, settings& s) { put(v.on_or_off(), member<Path...>(s)); }
    static std::string literal(const settings& s) { return member<Path...>(s) ? "true" : "false"; }
};

template <auto... Path>
struct texts {
    static constexpr shape form = shape::list;
    static void read(const entry& v, settings& s) { put(v.texts(), member<Path...>(s)); }
    static std::string literal(const settings& s)
    {
        return list_of(member<Path...>(s), [](const std::string& one) { return quote(one); });
    }
};

/// A text that `Parse` reads and `Show` writes.
template <auto Parse, auto Show, auto... Path>
struct words {
    static constexpr shape form = shape::text_or_number;
    static void read(const entry& v, settings& s)
    {
        put(parsed(v, v.text_or_number(), Parse), member<Path...>(s));
    }
    static std::string literal(const settings& s)
    {
        return quote(std::string{Show(member<Path...>(s))});
    }
};

/// A list of texts that `Parse` reads one by one; `Show` gives TOML.
template <auto Parse, auto Show, auto... Path>
struct words_list {
    static constexpr shape form = shape::list;
    static void read(const entry& v, settings& s)
    {
        const auto all = v.texts();
        if (!all)
            return;
        std::remove_reference_t<decltype(member<Path...>(s))> read;
        for (const std::string& one : *all) {
            auto value = parsed(v, std::optional{one}, Parse);
            if (!value)
                return;
            read.push_back(std::move(*value));
        }
        member<Path...>(s) = std::move(read);
    }
    static std::string literal(const settings& s) { return list_of(member<Path...>(s), Show); }
};

}  // namespace cohort::config::detail
