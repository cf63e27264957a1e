#pragma once
// What the verbs of a desk have in common.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/control/server.hpp>

#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::primary::detail {

using control::answer;
using control::asker;
using control::exit_code;
using control::progress;
using control::request;

[[nodiscard]] inline steady_time end_of(const control::request& what)
{
    return what.budget == milliseconds{0} ? steady_time::max() : now() + what.budget;
}

[[nodiscard]] inline control::answer wrong(std::string words)
{
    return {control::exit_code::usage, std::move(words)};
}

[[nodiscard]] inline control::answer refusal(const fault& why)
{
    auto code = control::exit_code::refused;
    if (why.why() == errc::no_such_worker)
        code = control::exit_code::no_such_cohort;
    else if (why.why() == errc::bad_value || why.why().value() == EINVAL)
        code = control::exit_code::usage;
    return {code, why.text()};
}

/// A number that is there, or `otherwise`; nothing if it makes no sense.
[[nodiscard]] inline std::optional<std::int64_t>
number(const control::request& of, std::string_view key, std::int64_t otherwise)
{
    const boost::json::value* const found = of.arguments.if_contains({key.data(), key.size()});
    if (found == nullptr || found->is_null())
        return otherwise;
    return found->is_int64() ? std::optional{found->as_int64()} : std::nullopt;
}

[[nodiscard]] inline bool flag(const control::request& of, std::string_view key)
{
    const boost::json::value* const found = of.arguments.if_contains({key.data(), key.size()});
    return found != nullptr && found->is_bool() && found->as_bool();
}

[[nodiscard]] inline std::string plural(std::size_t count, std::string_view noun)
{
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace cohort::primary::detail
