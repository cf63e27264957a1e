#include <cohort/config/settings.hpp>

#include <cohort/base/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace cohort::config {

namespace {

using namespace std::chrono_literals;

/// The names of an enumeration, in its order; `what` is for the complaint.
template <class Enum, std::size_t N>
result<Enum> parse_name(std::string_view text, const std::array<std::string_view, N>& names,
                        literal doing)
{
    const auto found = std::ranges::find(names, text);
    if (found == names.end())
        return failed(errc::bad_value, doing,
                      fmt::format("{} from \"{}\"", fmt::join(names, ", "), text));
    return static_cast<Enum>(found - names.begin());
}

constexpr std::array<std::string_view, 5> policies{"balanced", "round_robin", "least_connections",
                                                   "reuseport", "sticky"};
constexpr std::array<std::string_view, 7> levels{"trace", "debug", "info",  "warn",
                                                 "error", "fatal", "silent"};
constexpr std::array<std::string_view, 2> formats{"json", "text"};
constexpr auto switch_words = std::to_array<std::pair<std::string_view, bool>>({
    {"on", true},
    {"off", false},
    {"true", true},
    {"false", false},
    {"1", true},
    {"0", false},
});
constexpr std::array<std::string_view, 3> streams{"inherit", "pipe", "null"};

bool is_name(std::string_view text) noexcept
{
    const auto fine = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    };
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, fine);
}

/// TOML can write a NUL; the kernel would cut there.
bool plain(std::string_view text) noexcept { return text.find('\0') == std::string_view::npos; }

bool is_variable(std::string_view name) noexcept
{
    return !name.empty() && plain(name) && name.find('=') == std::string_view::npos;
}

template <class T>
bool within(T value, T low, T high) noexcept
{
    return value >= low && value <= high;
}

std::vector<problem> problems(const ready& r)
{
    complaints list{"ready"};
    list.unless(within<milliseconds>(r.timeout, 100ms, 1h), "timeout", "100ms to 1h");
    return std::move(list).take();
}

std::vector<problem> problems(const health& h)
{
    complaints list{"health"};
    list.unless(h.heartbeat == 0ms || within<milliseconds>(h.heartbeat, 100ms, 1h), "heartbeat",
                "off, or 100ms to 1h");
    return std::move(list).take();
}

std::vector<problem> problems(const restart& r)
{
    complaints list{"restart"};
    list.unless(within<milliseconds>(r.backoff_first, 1ms, 1h) &&
                    within<milliseconds>(r.backoff_ceiling, r.backoff_first, 1h),
                "backoff", "1ms to 1h, the shorter pause first: \"100ms..30s\"");
    list.unless(r.give_up_deaths <= 1000 && within<milliseconds>(r.give_up_window, 1s, 24h),
                "give_up", "never, or 1 to 1000 deaths in 1s to 1d: \"5 in 30s\"");
    return std::move(list).take();
}

std::vector<problem> problems(const stop& s)
{
    complaints list{"stop"};
    list.unless(!s.drain || within<milliseconds>(*s.drain, 0ms, 10min), "drain",
                "auto, or 0 to 10m");
    list.unless(within<milliseconds>(s.timeout, 0ms, 1h), "timeout", "0 to 1h");
    return std::move(list).take();
}

std::vector<problem> problems(const limit& l)
{
    complaints list{"limit"};
    list.unless(within(l.connections, 1U, 1'000'000U), "connections", "1 to 1000000");
    list.unless(l.body_bytes <= 1ULL << 40, "body", "0 to 1T");
    list.unless(within<std::uint64_t>(l.head_bytes, 1ULL << 10, 1ULL << 20), "head", "1K to 1M");
    list.unless(within<milliseconds>(l.idle, 1s, 24h), "idle", "1s to 1d");
    list.unless(within<milliseconds>(l.request, 1s, 1h), "request", "1s to 1h");
    return std::move(list).take();
}

std::vector<problem> own_problems(const settings& s)
{
    constexpr std::size_t endpoints_max = 64;
    complaints list{""};
    list.unless(is_name(s.name), "name", "1 to 64 letters, digits, '_', '-' or '.'");
    list.unless(plain(s.exec), "exec", "without NUL");
    list.unless(std::ranges::all_of(s.args, plain), "args", "without NUL");
    list.unless(s.args.empty() || !s.exec.empty(), "args", "empty without `exec`");
    list.unless(plain(s.cwd), "cwd", "without NUL");
    for (const auto& [name, value] : s.env)
        list.unless(is_variable(name) && plain(value), "env",
                    "names without '=', and texts without NUL");
    list.unless(plain(s.user), "user", "without NUL");
    list.unless(plain(s.group), "group", "without NUL");
    list.unless(s.group.empty() || !s.user.empty(), "group", "empty without `user`");
    const auto address = [](const std::string& a) { return !a.empty() && plain(a); };
    list.unless(s.listen.size() <= endpoints_max && std::ranges::all_of(s.listen, address),
                "listen", "at most 64 addresses, none empty");
    list.unless(within(s.backlog, 1U, 65'535U), "backlog", "1 to 65535");
    list.unless(within(s.lanes, 1U, 64U), "lanes", "1 to 64");
    return std::move(list).take();
}

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
                      fmt::format("\"{}\"", text));
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

result<policy> parse_policy(std::string_view text)
{
    return parse_name<policy>(text, policies, "read a way to balance, one of");
}

std::string_view name_of(policy which) noexcept { return policies[std::to_underlying(which)]; }

result<bool> parse_switch(std::string_view text)
{
    for (const auto& [word, meaning] : switch_words) {
        if (word == text)
            return meaning;
    }
    return failed(errc::bad_value, "read a switch, on or off, from", fmt::format("\"{}\"", text));
}

result<log_level> parse_log_level(std::string_view text)
{
    return parse_name<log_level>(text, levels, "read a log level, one of");
}

std::string_view name_of(log_level level) noexcept { return levels[std::to_underlying(level)]; }

result<log_format> parse_log_format(std::string_view text)
{
    return parse_name<log_format>(text, formats, "read a log format, one of");
}

std::string_view name_of(log_format format) noexcept { return formats[std::to_underlying(format)]; }

result<stream_target> stream_target::parse(std::string_view text)
{
    constexpr std::string_view file = "file:";
    if (text.starts_with(file) && text.size() > file.size() && plain(text))
        return stream_target{kind::file, std::string{text.substr(file.size())}};
    const auto found = std::ranges::find(streams, text);
    if (found == streams.end())
        return failed(errc::bad_value, "read inherit, pipe, null or file:PATH from",
                      fmt::format("\"{}\"", text));
    return stream_target{static_cast<kind>(found - streams.begin()), {}};
}

std::string stream_target::text() const
{
    return what == kind::file ? "file:" + path : std::string{streams[std::to_underlying(what)]};
}

milliseconds stop::drain_time() const
{
    if (drain)
        return *drain;
    // Kubernetes takes an endpoint out of its lists only some time after it sends TERM.
    return std::getenv("KUBERNETES_SERVICE_HOST") ? milliseconds{5s} : 0ms;
}

std::vector<problem> problems(const settings& s)
{
    std::vector<problem> all = own_problems(s);
    for (auto&& part : {problems(s.ready), problems(s.health), problems(s.restart),
                        problems(s.stop), problems(s.limit)})
        std::ranges::copy(part, std::back_inserter(all));
    return all;
}

}  // namespace cohort::config
