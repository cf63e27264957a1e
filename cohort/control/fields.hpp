#pragma once
// Fields of what a primary says, which may be missing, or of another type in another version.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::control {

[[nodiscard]] inline const boost::json::value* at(const boost::json::object& in,
                                                  std::string_view key) noexcept
{
    return in.if_contains({key.data(), key.size()});
}

[[nodiscard]] inline std::string_view text_at(const boost::json::object& in,
                                              std::string_view key) noexcept
{
    const auto* const found = at(in, key);
    const auto* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string_view{} : std::string_view{text->data(), text->size()};
}

[[nodiscard]] inline std::optional<std::int64_t> number_at(const boost::json::object& in,
                                                           std::string_view key) noexcept
{
    const auto* const found = at(in, key);
    const auto* const number = found == nullptr ? nullptr : found->if_int64();
    return number == nullptr ? std::nullopt : std::optional{*number};
}

[[nodiscard]] inline bool flag_at(const boost::json::object& in, std::string_view key) noexcept
{
    const auto* const found = at(in, key);
    const auto* const flag = found == nullptr ? nullptr : found->if_bool();
    return flag != nullptr && *flag;
}

/// As it is, or null.
[[nodiscard]] inline boost::json::value value_at(const boost::json::object& in,
                                                 std::string_view key)
{
    const auto* const found = at(in, key);
    return found == nullptr ? boost::json::value{} : *found;
}

/// The objects in a list.
template <class F>
void each_object(const boost::json::object& in, std::string_view key, F&& call)
{
    const auto* const found = at(in, key);
    const auto* const list = found == nullptr ? nullptr : found->if_array();
    if (list == nullptr)
        return;
    for (const boost::json::value& each : *list) {
        if (const auto* const one = each.if_object())
            call(*one);
    }
}

template <class T>
[[nodiscard]] boost::json::value or_null(const std::optional<T>& value)
{
    return value ? boost::json::value(*value) : boost::json::value(nullptr);
}

}  // namespace cohort::control
