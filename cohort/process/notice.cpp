#include <cohort/process/notice.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/process/detail/text.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

namespace cohort::process {

namespace {

constexpr std::size_t status_bytes_max = 512;
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t oddity_bytes_max = 80;

bool is_printable(char c) noexcept { return c >= ' ' && c != '\x7f'; }

/// At most `most` bytes, without tearing a character of UTF-8, and nothing that moves a terminal.
std::string printable_part(std::string_view text, std::size_t most)
{
    return printable(cut_to(text, most));
}

using value_reader = bool (*)(std::string_view value, notice& into);

/// "1" says yes; anything else makes no sense (sd_notify(3) knows no "0").
template <bool notice::* Claim>
bool read_claim(std::string_view value, notice& into)
{
    into.*Claim = into.*Claim || value == "1";
    return value == "1";
}

template <std::optional<std::chrono::microseconds> notice::* Span>
bool read_span(std::string_view value, notice& into)
{
    const auto count = parse_integer<std::uint64_t>(value);
    // So that whoever adds it to a clock does not overflow.
    constexpr auto most = std::numeric_limits<std::int64_t>::max() / 10'000;
    if (!count || *count > static_cast<std::uint64_t>(most))
        return false;
    into.*Span = std::chrono::microseconds{*count};
    return true;
}

template <std::optional<int> notice::* Number, int Most>
bool read_number(std::string_view value, notice& into)
{
    const auto number = parse_integer<int>(value);
    if (!number || *number < 0 || *number > Most)
        return false;
    into.*Number = number;
    return true;
}

bool read_status(std::string_view value, notice& into)
{
    into.status = printable_part(value, status_bytes_max);
    return true;
}

bool read_watchdog(std::string_view value, notice& into)
{
    into.watchdog_alive = into.watchdog_alive || value == "1";
    into.watchdog_trigger = into.watchdog_trigger || value == "trigger";
    return value == "1" || value == "trigger";
}

bool read_main_pid(std::string_view value, notice& into)
{
    const auto pid = parse_integer<pid_t>(value);
    if (!pid || *pid < 1)
        return false;
    into.main_pid = pid;
    return true;
}

bool read_store_name(std::string_view value, notice& into)
{
    const bool fits = !value.empty() && value.size() <= name_bytes_max;
    if (!fits || !std::ranges::all_of(value, [](char c) { return is_printable(c) && c != ':'; }))
        return false;
    into.store_name = std::string{value};
    return true;
}

struct rule {
    std::string_view name;
    value_reader read;
};

constexpr int errno_most = 4095;  // MAX_ERRNO of the kernel

constexpr auto rules = std::to_array<rule>({
    {"READY", read_claim<&notice::ready>},
    {"RELOADING", read_claim<&notice::reloading>},
    {"STOPPING", read_claim<&notice::stopping>},
    {"BARRIER", read_claim<&notice::barrier>},
    {"FDSTORE", read_claim<&notice::store>},
    {"FDSTOREREMOVE", read_claim<&notice::unstore>},
    {"FDNAME", read_store_name},
    {"STATUS", read_status},
    {"WATCHDOG", read_watchdog},
    {"WATCHDOG_USEC", read_span<&notice::watchdog>},
    {"EXTEND_TIMEOUT_USEC", read_span<&notice::extension>},
    {"MONOTONIC_USEC", read_span<&notice::moment>},
    {"MAINPID", read_main_pid},
    {"ERRNO", read_number<&notice::error, errno_most>},
    {"EXIT_STATUS", read_number<&notice::exit_status, 255>},
});

bool read_line(std::string_view line, notice& into)
{
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos || sign == 0)
        return false;
    const auto known = std::ranges::find(rules, line.substr(0, sign), &rule::name);
    return known == rules.end() || known->read(line.substr(sign + 1), into);
}

}  // namespace

result<notice> parse_notice(std::string_view text)
{
    if (text.size() > notice_bytes_max)
        return failed(errc::too_large, "read a notice of", std::to_string(text.size()) + " bytes");
    if (text.find('\0') != std::string_view::npos)
        return failed(errc::malformed, "read a notice with a NUL in it");
    notice all;
    bool any = false;
    while (!text.empty()) {
        const std::string_view line = detail::cut(text, '\n');
        if (line.empty())
            continue;
        any = true;
        if (!read_line(line, all) && all.oddity.empty())
            all.oddity = printable_part(line, oddity_bytes_max);
    }
    if (!any)
        return failed(errc::malformed, "read a notice with nothing in it");
    return all;
}

}  // namespace cohort::process
