#include <cohort/config/values.hpp>

#include <cohort/base/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace cohort::config {

namespace {

constexpr std::string_view file_prefix = "file:";
constexpr std::string_view http_prefix = "http:";

/// The two sides of a separator; nothing without one.
struct halves {
    std::string_view before;
    std::string_view after;
};

std::optional<halves> split(std::string_view text, std::string_view separator)
{
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos)
        return std::nullopt;
    return halves{text.substr(0, at), text.substr(at + separator.size())};
}

bool plain(std::string_view text) noexcept { return text.find('\0') == std::string_view::npos; }

/// A path on a server: from '/', printable, without spaces.
bool is_target(std::string_view text) noexcept
{
    return text.starts_with('/') && text.size() <= 1024 &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

}  // namespace

result<worker_count> worker_count::parse(std::string_view text)
{
    if (text == "auto")
        return automatic();
    const std::size_t dots = text.find("..");
    const auto low = parse_integer<unsigned>(text.substr(0, dots));
    const auto high =
        dots == std::string_view::npos ? low : parse_integer<unsigned>(text.substr(dots + 2));
    if (!low || !high || *low < 1 || *high > most || *low > *high)
        return failed(errc::bad_value, "read a number of workers (auto, 1 to 256, or 2..16) from",
                      quoted(text));
    return between(*low, *high);
}

unsigned worker_count::resolve(unsigned available) const noexcept
{
    if (is_automatic())
        return std::clamp(available, 1U, most);
    return std::clamp(available, low_, high_);
}

std::string worker_count::text() const
{
    if (is_automatic())
        return "auto";
    if (low_ == high_)
        return std::to_string(low_);
    return fmt::format("{}..{}", low_, high_);
}

result<stream_target> stream_target::parse(std::string_view text)
{
    if (text.starts_with(file_prefix) && text.size() > file_prefix.size() && plain(text))
        return stream_target{kind::file, std::string{text.substr(file_prefix.size())}};
    if (text == "inherit")
        return stream_target{kind::inherit, {}};
    if (text == "pipe")
        return stream_target{kind::pipe, {}};
    if (text == "null")
        return stream_target{kind::null, {}};
    return failed(errc::bad_value, "read inherit, pipe, null or file:PATH from", quoted(text));
}

std::string stream_target::text() const
{
    switch (what) {
        case kind::inherit:
            return "inherit";
        case kind::pipe:
            return "pipe";
        case kind::null:
            return "null";
        case kind::file:
            break;
    }
    return fmt::format("{}{}", file_prefix, path);
}

result<ready_sign> ready_sign::parse(std::string_view text)
{
    if (text == "auto")
        return ready_sign{};
    if (text == "notify")
        return ready_sign{kind::notify, {}};
    if (text == "listen")
        return ready_sign{kind::listen, {}};
    if (text.starts_with(http_prefix) && is_target(text.substr(http_prefix.size())))
        return ready_sign{kind::http, std::string{text.substr(http_prefix.size())}};
    return failed(errc::bad_value, "read auto, notify, listen or http:/PATH from", quoted(text));
}

std::string ready_sign::text() const
{
    switch (what) {
        case kind::automatic:
            return "auto";
        case kind::notify:
            return "notify";
        case kind::listen:
            return "listen";
        case kind::http:
            break;
    }
    return fmt::format("{}{}", http_prefix, path);
}

result<http_probe> http_probe::parse(std::string_view text)
{
    const auto refused = [text] {
        return failed(errc::bad_value, "read off, /PATH, or \"/PATH every 10s, 3 fails\" from",
                      quoted(text));
    };
    http_probe read;
    if (text == "off")
        return read;
    std::string_view path = text;
    if (const auto sides = split(text, " every ")) {
        path = sides->before;
        const auto rest = split(sides->after, ", ");
        const auto every = parse_time(rest ? rest->before : sides->after);
        if (!every)
            return std::unexpected(every.error());
        read.every = *every;
        if (rest) {
            const auto number = split(rest->after, " fail");
            const auto fails = number ? parse_integer<unsigned>(number->before) : std::nullopt;
            if (!fails || (number->after != "s" && !number->after.empty()))
                return refused();
            read.fails = *fails;
        }
    }
    if (!is_target(path))
        return refused();
    read.path = path;
    return read;
}

std::string http_probe::text() const
{
    if (!on())
        return "off";
    return fmt::format("{} every {}, {} fail{}", path, text_of(every), fails,
                       fails == 1 ? "" : "s");
}

namespace {

/// How each kind begins and ends; "crash" has neither.
struct rule_words {
    abort_rule::kind what;
    std::string_view begins;
    std::string_view ends;
};
constexpr auto rules = std::to_array<rule_words>({
    {abort_rule::kind::errors, "5xx > ", "%"},
    {abort_rule::kind::latency, "p99 > ", "x"},
    {abort_rule::kind::memory, "memory > ", "x"},
});

}  // namespace

result<abort_rule> abort_rule::parse(std::string_view text)
{
    if (text == "crash")
        return abort_rule{};
    for (const rule_words& rule : rules) {
        if (!text.starts_with(rule.begins) || !text.ends_with(rule.ends))
            continue;
        const std::string_view number =
            text.substr(rule.begins.size(), text.size() - rule.begins.size() - rule.ends.size());
        if (const auto over = parse_number(number))
            return abort_rule{rule.what, *over};
    }
    return failed(errc::bad_value,
                  "read \"crash\", \"5xx > 1%\", \"p99 > 3x\" or \"memory > 2x\" from",
                  quoted(text));
}

std::string abort_rule::text() const
{
    for (const rule_words& rule : rules) {
        if (rule.what == what)
            return fmt::format("{}{}{}", rule.begins, over, rule.ends);
    }
    return "crash";
}

result<log_target> log_target::parse(std::string_view text)
{
    if (text == "stdout")
        return log_target{};
    if (text == "journal")
        return log_target{kind::journal, {}};
    if (text.starts_with(file_prefix) && text.size() > file_prefix.size() && plain(text))
        return log_target{kind::file, std::string{text.substr(file_prefix.size())}};
    return failed(errc::bad_value, "read stdout, journal or file:PATH from", quoted(text));
}

std::string log_target::text() const
{
    if (what == kind::file)
        return fmt::format("{}{}", file_prefix, path);
    return what == kind::journal ? "journal" : "stdout";
}

result<rotation> rotation::parse(std::string_view text)
{
    if (text == "off")
        return rotation{};
    const auto sides = split(text, " x ");
    const auto files = sides ? parse_integer<unsigned>(sides->after) : std::nullopt;
    if (!files)
        return failed(errc::bad_value, "read off, or a size and a number like \"100M x 10\", from",
                      quoted(text));
    const auto bytes = parse_bytes(sides->before);
    if (!bytes)
        return std::unexpected(bytes.error());
    return rotation{*bytes, *files};
}

std::string rotation::text() const
{
    return on() ? fmt::format("{} x {}", text_of_bytes(bytes), files) : "off";
}

}  // namespace cohort::config
