#include <cohort/config/parts.hpp>

#include <cohort/config/detail/names.hpp>

#include <cstdlib>

namespace cohort::config {

namespace {

using namespace std::chrono_literals;
using detail::parse_name;
using detail::plain;
using detail::within;

constexpr std::array<std::string_view, 3> checks{"off", "optional", "required"};
constexpr std::array<std::string_view, 2> accesses{"token", "open"};
constexpr std::array<std::string_view, 3> profiles{"off", "server", "strict"};
constexpr std::array<std::string_view, 7> levels{"trace", "debug", "info",  "warn",
                                                 "error", "fatal", "silent"};
constexpr std::array<std::string_view, 4> formats{"auto", "json", "pino", "text"};

/// capabilities(7), in the order of their numbers.
constexpr auto capabilities = std::to_array<std::string_view>({
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
});

bool is_place(std::string_view path) noexcept { return path.starts_with('/') && plain(path); }

bool is_capability(std::string_view name) noexcept
{
    return std::ranges::find(capabilities, name) != capabilities.end();
}

constexpr std::uint64_t mebibyte = 1ULL << 20;
constexpr std::uint64_t tebibyte = 1ULL << 40;

/// What is off has no jitter, and what is on stays within the range.
template <class T>
bool fine(const spread<T>& of, T low, T high) noexcept
{
    if (!of.on())
        return of.jitter_percent == 0;
    return within(of.value, low, high) && of.jitter_percent <= 50;
}

bool fine(const abort_rule& rule) noexcept
{
    switch (rule.what) {
        case abort_rule::kind::crash:
            return rule.over == 0;
        case abort_rule::kind::errors:
            return within(rule.over, 0.0, 100.0);
        case abort_rule::kind::latency:
        case abort_rule::kind::memory:
            return within(rule.over, 1.0, 1000.0);
    }
    return false;
}

}  // namespace

result<client_check> parse_client_check(std::string_view text)
{
    return parse_name<client_check>(text, checks, "read whether clients are checked, one of");
}

std::string_view name_of(client_check check) noexcept { return checks[std::to_underlying(check)]; }

result<metrics_access> parse_metrics_access(std::string_view text)
{
    return parse_name<metrics_access>(text, accesses, "read who may read metrics, one of");
}

std::string_view name_of(metrics_access access) noexcept
{
    return accesses[std::to_underlying(access)];
}

result<sandbox_profile> parse_sandbox_profile(std::string_view text)
{
    return parse_name<sandbox_profile>(text, profiles, "read a profile, one of");
}

std::string_view name_of(sandbox_profile profile) noexcept
{
    return profiles[std::to_underlying(profile)];
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

milliseconds stop::drain_time() const
{
    if (drain)
        return *drain;
    // Kubernetes takes an endpoint out of its lists only some time after it sends TERM.
    return std::getenv("KUBERNETES_SERVICE_HOST") ? milliseconds{5s} : 0ms;
}

std::vector<problem> problems(const ready& r)
{
    complaints list{"ready"};
    list.unless(ready_sign::parse(r.on.text()) == r.on, "on", "auto, notify, listen or http:/PATH");
    list.unless(within<milliseconds>(r.timeout, 100ms, 1h), "timeout", "100ms to 1h");
    return std::move(list).take();
}

std::vector<problem> problems(const health& h)
{
    complaints list{"health"};
    list.unless(h.heartbeat == 0ms || within<milliseconds>(h.heartbeat, 100ms, 1h), "heartbeat",
                "off, or 100ms to 1h");
    list.unless(h.request == 0ms || within<milliseconds>(h.request, 100ms, 24h), "request",
                "off, or 100ms to 1d");
    list.unless(http_probe::parse(h.http.text()) == h.http &&
                    within<milliseconds>(h.http.every, 100ms, 1h) && within(h.http.fails, 1U, 100U),
                "http", "off, or a path that is asked every 100ms to 1h, with 1 to 100 fails");
    list.unless(within(h.at_once, 1U, worker_count::most), "at_once", "1 to 256");
    return std::move(list).take();
}

std::vector<problem> problems(const crash& c)
{
    complaints list{"crash"};
    list.unless(c.folder == "auto" || c.folder == "off" || is_place(c.folder), "folder",
                "auto, off, or an absolute path");
    list.unless(within(c.reports, 1U, 10'000U), "reports", "1 to 10,000");
    list.unless(within<std::uint64_t>(c.bytes, 64ULL << 10, 1ULL << 40), "bytes", "64K to 1T");
    return std::move(list).take();
}

std::vector<problem> problems(const restart& r)
{
    constexpr std::size_t codes_max = 32;
    complaints list{"restart"};
    list.unless(within<milliseconds>(r.backoff_first, 1ms, 1h) &&
                    within<milliseconds>(r.backoff_ceiling, r.backoff_first, 1h),
                "backoff", "1ms to 1h, the shorter pause first: \"100ms..30s\"");
    list.unless(r.give_up_deaths <= 1000 && within<milliseconds>(r.give_up_window, 1s, 24h),
                "give_up", "never, or 1 to 1000 deaths in 1s to 1d: \"5 in 30s\"");
    list.unless(r.stop_codes.size() <= codes_max &&
                    std::ranges::all_of(r.stop_codes, [](unsigned code) { return code <= 255; }),
                "stop_codes", "at most 32 exit codes, each 0 to 255");
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

std::vector<problem> problems(const reload& r)
{
    constexpr std::size_t rules_max = 16;
    complaints list{"reload"};
    list.unless(r.canary <= worker_count::most, "canary", "0 to 256");
    list.unless(within<milliseconds>(r.soak, 0ms, 1h), "soak", "0 to 1h");
    list.unless(r.abort_if.size() <= rules_max &&
                    std::ranges::all_of(r.abort_if, [](const abort_rule& a) { return fine(a); }),
                "abort_if", "at most 16 of crash, 5xx > 0% to 100%, p99 or memory > 1x to 1000x");
    list.unless(within<milliseconds>(r.timeout, 1s, 24h), "timeout", "1s to 1d");
    return std::move(list).take();
}

std::vector<problem> problems(const recycle& r)
{
    complaints list{"recycle"};
    list.unless(fine(r.memory_bytes, mebibyte, 1024 * tebibyte), "memory",
                "off, or 1M to 1024T, with at most 50% of jitter");
    list.unless(fine<std::uint64_t>(r.requests, 1, 1'000'000'000'000'000), "requests",
                "off, or 1 to 10^15, with at most 50% of jitter");
    list.unless(fine<milliseconds>(r.age, 1s, 24h * 365), "age",
                "off, or 1s to 365d, with at most 50% of jitter");
    return std::move(list).take();
}

std::vector<problem> problems(const scaling& s)
{
    complaints list{"scale"};
    list.unless(within(s.target_percent, 10U, 95U), "target", "10% to 95%");
    list.unless(within<milliseconds>(s.up_after, 100ms, 1h), "up_after", "100ms to 1h");
    list.unless(within<milliseconds>(s.down_after, 1s, 24h), "down_after", "1s to 1d");
    return std::move(list).take();
}

std::vector<problem> problems(const limit& l)
{
    complaints list{"limit"};
    list.unless(within(l.connections, 1U, 1'000'000U), "connections", "1 to 1000000");
    list.unless(l.connections_per_client <= 1'000'000U, "connections_per_client",
                "off, or 1 to 1000000");
    list.unless(l.uncounted_clients.size() <= 64, "uncounted_clients", "at most 64 networks");
    list.unless(l.streams <= 10'000U, "streams", "auto, or 1 to 10000");
    list.unless(l.body_bytes <= tebibyte, "body", "0 to 1T");
    list.unless(within(l.bodies_bytes, mebibyte, tebibyte), "bodies", "1M to 1T");
    list.unless(within<std::uint64_t>(l.head_bytes, 1ULL << 10, mebibyte), "head", "1K to 1M");
    list.unless(within<milliseconds>(l.idle, 1s, 24h), "idle", "1s to 1d");
    list.unless(within<milliseconds>(l.request, 1s, 1h), "request", "1s to 1h");
    list.unless(l.memory_bytes == 0 || within(l.memory_bytes, mebibyte, 1024 * tebibyte), "memory",
                "off, or 1M to 1024T");
    list.unless(within(l.files, 64U, 1U << 20), "files", "64 to 1048576");
    return std::move(list).take();
}

std::vector<problem> problems(const tls& t)
{
    constexpr std::size_t certificates_max = 64;
    complaints list{"tls"};
    const auto file = [](const std::string& path) { return !path.empty() && plain(path); };
    list.unless(t.certificate.size() <= certificates_max &&
                    std::ranges::all_of(t.certificate, file),
                "certificate", "at most 64 paths of PEM files");
    list.unless(t.key.size() == t.certificate.size() && std::ranges::all_of(t.key, file), "key",
                "one path of a PEM file for each `tls.certificate`, in the same order");
    list.unless(plain(t.client_ca) && (t.client == client_check::off || !t.client_ca.empty()),
                "client_ca", "the path of a PEM file, when clients show certificates");
    return std::move(list).take();
}

std::vector<problem> problems(const sandbox& s)
{
    constexpr std::size_t places_max = 64;
    complaints list{"sandbox"};
    const auto places = [](const std::vector<std::string>& all) {
        return all.size() <= places_max && std::ranges::all_of(all, is_place);
    };
    list.unless(places(s.read), "read", "at most 64 absolute paths");
    list.unless(places(s.write), "write", "at most 64 absolute paths");
    list.unless(s.capabilities.size() <= capabilities.size() &&
                    std::ranges::all_of(s.capabilities, is_capability),
                "capabilities", "names of capabilities(7), such as \"CAP_NET_BIND_SERVICE\"");
    return std::move(list).take();
}

namespace {

/// In braces there is nothing but what is replaced.
bool has_known_marks(std::string_view path)
{
    for (auto at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
        const std::string_view from = path.substr(at);
        if (!from.starts_with("{app}") && !from.starts_with("{slot}"))
            return false;
    }
    return true;
}

}  // namespace

std::vector<problem> problems(const log& l)
{
    complaints list{"log"};
    list.unless(log_target::parse(l.to.text()) == l.to && has_known_marks(l.to.path), "to",
                "stdout, journal or file:PATH, in which {app} and {slot} are replaced");
    list.unless(rotation::parse(l.rotate.text()) == l.rotate &&
                    (!l.rotate.on() || (within(l.rotate.bytes, 4096UL, tebibyte) &&
                                        within(l.rotate.files, 1U, 1000U))),
                "rotate", "off, or 4K to 1T and 1 to 1000 files: \"100M x 10\"");
    list.unless(!l.rotate.on() || l.to.what == log_target::kind::file, "rotate",
                "off unless log.to is a file");
    return std::move(list).take();
}

namespace {

/// What can stand in a header field as it is, and cannot be guessed.
bool is_token(std::string_view text) noexcept
{
    return within(text.size(), std::size_t{16}, std::size_t{512}) &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::vector<problem> problems(const admin& a)
{
    constexpr std::size_t socket_path_max = 107;  // unix(7), without the final NUL
    constexpr std::size_t hosts_max = 64;
    complaints list{"admin"};
    list.unless(a.socket == "auto" || a.socket == "off" ||
                    (is_place(a.socket) && a.socket.size() <= socket_path_max),
                "socket", "auto, off, or an absolute path of at most 107 bytes");
    list.unless(plain(a.http) && a.http != "off", "http", "off or an address");
    list.unless(a.http.empty() || a.socket != "off", "http",
                "off while admin.socket is off: it is there that the dashboard asks the primary");
    list.unless(a.token.empty() || is_token(a.token), "token",
                "16 to 512 visible characters of ASCII");
    list.unless(plain(a.token_file), "token_file", "the path of a file");
    list.unless(a.view_token.empty() || is_token(a.view_token), "view_token",
                "16 to 512 visible characters of ASCII");
    list.unless(a.view_token.empty() || a.view_token != a.token, "view_token",
                "another one than admin.token");
    list.unless(plain(a.view_token_file), "view_token_file", "the path of a file");
    list.unless(a.hosts.size() <= hosts_max && std::ranges::all_of(a.hosts,
                                                                   [](const std::string& each) {
                                                                       return !each.empty() &&
                                                                              each.size() < 256 &&
                                                                              plain(each) &&
                                                                              !each.contains(' ');
                                                                   }),
                "hosts", "at most 64 names of hosts");
    return std::move(list).take();
}

}  // namespace cohort::config
