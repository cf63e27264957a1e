#include <cohort/http/route_listing.hpp>

#include <cohort/http/auth/permission.hpp>
#include <cohort/http/method.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace cohort::http {

namespace {

using row = std::array<std::string, 6>;

std::string who(const route& of)
{
    if (const permission* needed = of.note<permission>())
        return needed->name;
    return of.note<open_to_all>() != nullptr ? "everybody" : "-";
}

std::string_view how(const route& of) noexcept
{
    switch (of.mode()) {
        case run_mode::in_line:
            return "plain";
        case run_mode::lane:
            return "lane";
        case run_mode::coroutine:
            break;
    }
    return "coroutine";
}

/// "main.cpp:17": folders say nothing that helps to find it.
std::string where(const route& of)
{
    const std::string_view file = of.where().file_name();
    return fmt::format("{}:{}", file.substr(file.rfind('/') + 1), of.where().line());
}

row row_of(const route& of)
{
    const std::vector<std::string> around = of.middleware_names();
    return {std::string{of.verb() ? text(*of.verb()) : "any"},
            of.pattern(),
            who(of),
            std::string{how(of)},
            around.empty() ? "-" : fmt::format("{}", fmt::join(around, ",")),
            where(of)};
}

}  // namespace

std::string route_listing(const router& of)
{
    std::vector<row> rows;
    for (const route* each : of.all())
        rows.push_back(row_of(*each));
    std::array<std::size_t, 6> widths{};
    for (const row& each : rows) {
        for (std::size_t i = 0; i < each.size(); ++i)
            widths[i] = std::max(widths[i], each[i].size());
    }
    std::string out;
    for (const row& each : rows) {
        for (std::size_t i = 0; i + 1 < each.size(); ++i)
            out += fmt::format("{:<{}}  ", each[i], widths[i]);
        out += each.back() + "\n";
    }
    return out;
}

}  // namespace cohort::http
