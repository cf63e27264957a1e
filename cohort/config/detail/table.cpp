#include <cohort/config/detail/table.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/config/detail/kinds.hpp>
#include <cohort/config/detail/pairs.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cohort::config::detail {

namespace {

using enum effect;

using S = settings;
constexpr auto parse_bytes_or_off = [](std::string_view text) -> result<std::uint64_t> {
    return text == "off" ? result<std::uint64_t>{0} : parse_bytes(text);
};
constexpr auto bytes_or_off = [](std::uint64_t bytes) {
    return bytes == 0 ? std::string{"off"} : text_of_bytes(bytes);
};
/// 0 has a word of its own, so that nobody takes it for "none at all".
result<unsigned> number_or(std::string_view word, std::string_view text)
{
    if (text == word)
        return 0U;
    if (const auto number = parse_integer<unsigned>(text); number && *number != 0)
        return *number;
    return failed(errc::bad_value, "read a number, or a word for none, from",
                  fmt::format("\"{}\"", text));
}
std::string text_of_number(std::string_view word, unsigned number)
{
    return number == 0 ? std::string{word} : std::to_string(number);
}
constexpr auto parse_number_or_off = [](std::string_view text) { return number_or("off", text); };
constexpr auto number_or_off = [](unsigned number) { return text_of_number("off", number); };
constexpr auto parse_number_or_auto = [](std::string_view text) { return number_or("auto", text); };
constexpr auto number_or_auto = [](unsigned number) { return text_of_number("auto", number); };
constexpr auto parse_time_or_off = [](std::string_view text) -> result<milliseconds> {
    return text == "off" ? result<milliseconds>{milliseconds{0}} : parse_time(text);
};
constexpr auto time_or_off = [](milliseconds time) {
    return time.count() == 0 ? std::string{"off"} : text_of(time);
};
constexpr auto percent_text = [](unsigned percent) { return std::to_string(percent) + "%"; };
constexpr auto text_of_value = [](const auto& value) { return value.text(); };
constexpr auto name_of_value = [](auto value) { return name_of(value); };
constexpr auto number_literal = [](unsigned number) { return std::to_string(number); };
constexpr auto rule_literal = [](const abort_rule& rule) { return quote(rule.text()); };
constexpr auto parse_code = [](std::string_view text) -> result<unsigned> {
    if (const auto code = parse_integer<unsigned>(text))
        return *code;
    return failed(errc::bad_value, "read an exit code, 0 to 255, from",
                  fmt::format("\"{}\"", text));
};

template <auto... Path>
using time = words<parse_time, [](milliseconds t) { return text_of(t); }, Path...>;
template <auto... Path>
using bytes = words<parse_bytes, text_of_bytes, Path...>;

template <class Kind>
constexpr key row(std::string_view name, std::string_view type, effect when,
                  std::string_view meaning)
{
    return {name, Kind::form, type, when, meaning, Kind::read, Kind::literal};
}

constexpr std::string_view stream_type = "inherit, pipe, null, or file:PATH";

constexpr auto app_keys = std::to_array<key>({
    row<a_text<&S::exec>>("exec", "text", recycle,
                          "the program that workers are; empty: copies of this one"),
    row<texts<&S::args>>("args", "list of texts", recycle, "its arguments"),
    row<a_text<&S::cwd>>("cwd", "text", recycle, "the folder in which workers start; empty: ours"),
    row<variables>("env", "table of texts, {file = PATH} or {fd = N}", recycle,
                   "variables that workers have besides ours"),
    row<words<stream_target::parse, text_of_value, &S::in>>(
        "stdin", stream_type, recycle, "the standard input of an exec'ed program"),
    row<words<stream_target::parse, text_of_value, &S::out>>("stdout", stream_type, recycle,
                                                             "its standard output"),
    row<words<stream_target::parse, text_of_value, &S::err>>("stderr", stream_type, recycle,
                                                             "its standard error"),
    row<a_name<&S::user>>("user", "name or number", recycle,
                          "whom workers become; empty: nobody else"),
    row<a_name<&S::group>>("group", "name or number", recycle,
                           "the group they get; empty: the user's own"),
    row<texts<&S::listen>>("listen", "list of at most 64 addresses", recycle,
                           "where connections arrive: 8080, host:port, tls://host:port, "
                           "unix:/path, fd:3"),
    row<a_number<&S::backlog>>("backlog", "number, 1 to 65535", restart,
                               "connections that may wait in each accept queue"),
    row<words<worker_count::parse, text_of_value, &S::workers>>(
        "workers", "auto, 1 to 256, or a range such as 2..16", live,
        "how many; auto: what the CPU quota gives"),
    row<words<parse_policy, name_of_value, &S::balance>>(
        "balance", "balanced, round_robin, least_connections, reuseport or sticky", restart,
        "who gets a new connection"),
    row<words<parse_protocol, name_of_value, &S::speaks>>(
        "speaks", "auto, cohort, node, sockets or none", recycle,
        "how workers get their sockets and say that they are ready"),
    row<a_number<&S::lanes>>("lanes", "number, 1 to 64", recycle, "compute threads of a worker"),
    row<a_switch<&S::keepers>>("keepers", "true or false", restart,
                               "connections outlive their workers"),
    row<a_switch<&S::standby>>("standby", "true or false", restart,
                               "a successor waits beside every worker"),
});

constexpr auto life_keys = std::to_array<key>({
    row<words<ready_sign::parse, text_of_value, &S::ready, &ready::on>>(
        "ready.on", "auto, notify, listen or http:/PATH", live,
        "what shows that a worker is ready"),
    row<time<&S::ready, &ready::timeout>>("ready.timeout", "duration, 100ms to 1h", live,
                                          "from its birth until it is ready"),
    row<words<parse_time_or_off, time_or_off, &S::health, &health::heartbeat>>(
        "health.heartbeat", "off, or a duration, 100ms to 1h", recycle,
        "longest silence of an event loop before its worker is ended and replaced"),
    row<words<parse_time_or_off, time_or_off, &S::health, &health::request>>(
        "health.request", "off, or a duration, 100ms to 1d", live,
        "oldest request allowed before its worker is ended and replaced"),
    row<words<http_probe::parse, text_of_value, &S::health, &health::http>>(
        "health.http", "off, or a path that is asked every 100ms to 1h, with 1 to 100 fails", live,
        "a question that each worker must answer with 2xx"),
    row<a_number<&S::health, &health::at_once>>(
        "health.at_once", "number, 1 to 256", live,
        "workers that health or recycling may take out at a time"),
    row<a_text<&S::crash, &crash::folder>>("crash.folder", "auto, off, or an absolute path", live,
                                           "where reports of deaths lie"),
    row<a_number<&S::crash, &crash::reports>>("crash.reports", "number, 1 to 10000", live,
                                              "so many are kept, the latest ones"),
    row<bytes<&S::crash, &crash::bytes>>("crash.bytes", "size, 64K to 1T", live,
                                         "and so much of them"),
    row<backoff_pair>("restart.backoff", "two durations, 1ms to 1h", live,
                      "pauses between replacements of one slot, doubling from the first to the "
                      "second"),
    row<give_up_pair>("restart.give_up", "never, or 1 to 1000 deaths in 1s to 1d", live,
                      "deaths of one slot after which it is parked"),
    row<words_list<parse_code, number_literal, &S::restart, &restart::stop_codes>>(
        "restart.stop_codes", "list of at most 32 exit codes, 0 to 255", live,
        "exit codes after which a worker is not replaced"),
    row<drain_words>("stop.drain", "auto, or a duration, 0 to 10m", live,
                     "serve on this long after readiness is off; auto: 0, under Kubernetes 5s"),
    row<time<&S::stop, &stop::timeout>>("stop.timeout", "duration, 0 to 1h", recycle,
                                        "time to finish accepted work before a worker is killed"),
    row<a_number<&S::reload, &reload::canary>>("reload.canary", "number, 0 to 256", live,
                                               "slots that go first"),
    row<time<&S::reload, &reload::soak>>("reload.soak", "duration, 0 to 1h", live,
                                         "how long they are watched before the others follow"),
    row<words_list<abort_rule::parse, rule_literal, &S::reload, &reload::abort_if>>(
        "reload.abort_if",
        "list of at most 16 of crash, 5xx > 0% to 100%, p99 > 1x to 1000x, memory > 1x to 1000x",
        live, "what ends a reload; p99 and memory are compared with the old generation"),
    row<a_switch<&S::reload, &reload::rollback>>(
        "reload.rollback", "true or false", live,
        "a reload that ended brings the old generation back"),
    row<time<&S::reload, &reload::timeout>>("reload.timeout", "duration, 1s to 1d", live,
                                            "how long all of it may take"),
    row<words<parse_spread_bytes, text_of_spread_bytes, &S::recycle, &recycle::memory_bytes>>(
        "recycle.memory", "off, or a size, 1M to 1024T, with a jitter of at most 50%", live,
        "memory (PSS) at which a worker is replaced"),
    row<words<parse_spread_count, text_of_spread_count, &S::recycle, &recycle::requests>>(
        "recycle.requests", "off, or a number such as 100k, with a jitter of at most 50%", live,
        "requests after which a worker is replaced"),
    row<words<parse_spread_time, text_of_spread_time, &S::recycle, &recycle::age>>(
        "recycle.age", "off, or a duration, 1s to 365d, with a jitter of at most 50%", live,
        "age at which a worker is replaced"),
    row<words<parse_percent, percent_text, &S::scaling, &scaling::target_percent>>(
        "scale.target", "share, 10% to 95%", live,
        "how busy workers should be, when `workers` is a range"),
    row<time<&S::scaling, &scaling::up_after>>("scale.up_after", "duration, 100ms to 1h", live,
                                               "how long they must be busier before one is added"),
    row<time<&S::scaling, &scaling::down_after>>(
        "scale.down_after", "duration, 1s to 1d", live,
        "how long one fewer must have been enough before one leaves"),
});

constexpr auto fence_keys = std::to_array<key>({
    row<a_number<&S::limit, &limit::connections>>("limit.connections", "number, 1 to 1000000",
                                                  recycle, "connections open at a time"),
    row<words<parse_number_or_off, number_or_off, &S::limit, &limit::connections_per_client>>(
        "limit.connections_per_client", "off, or a number, 1 to 1000000", recycle,
        "of these, by one client: an IPv4 address, or an IPv6 /56"),
    row<texts<&S::limit, &limit::uncounted_clients>>(
        "limit.uncounted_clients", "list of at most 64 networks, loopback, private", recycle,
        "proxies, each of which is many clients: they are not counted for that"),
    row<words<parse_number_or_auto, number_or_auto, &S::limit, &limit::streams>>(
        "limit.streams", "auto, or a number, 1 to 10000", recycle,
        "requests at a time on one HTTP/2 connection; auto: as the program says, or 100"),
    row<bytes<&S::limit, &limit::body_bytes>>("limit.body", "size, 0 to 1T", recycle,
                                              "largest body of a request"),
    row<bytes<&S::limit, &limit::bodies_bytes>>(
        "limit.bodies", "size, 1M to 1T", recycle,
        "of all bodies of a worker that are buffered at a time"),
    row<bytes<&S::limit, &limit::head_bytes>>("limit.head", "size, 1K to 1M", recycle,
                                              "largest head of a request"),
    row<time<&S::limit, &limit::idle>>("limit.idle", "duration, 1s to 1d", recycle,
                                       "how long a kept-alive connection may be idle"),
    row<time<&S::limit, &limit::request>>("limit.request", "duration, 1s to 1h", recycle,
                                          "time to receive a whole head"),
    row<words<parse_bytes_or_off, bytes_or_off, &S::limit, &limit::memory_bytes>>(
        "limit.memory", "off, or a size, 1M to 1024T", recycle,
        "memory of a worker, by cgroup where that is allowed"),
    row<a_number<&S::limit, &limit::files>>("limit.files", "number, 64 to 1048576", recycle,
                                            "open descriptors of a worker"),
    row<texts<&S::tls, &tls::certificate>>(
        "tls.certificate", "list of at most 64 paths", recycle,
        "PEM files, each with what leads to the root; the first is the default"),
    row<texts<&S::tls, &tls::key>>("tls.key", "list of paths", recycle,
                                   "their keys, in the same order"),
    row<a_text<&S::tls, &tls::client_ca>>("tls.client_ca", "text", recycle,
                                          "a PEM file: who may vouch for clients"),
    row<words<parse_client_check, name_of_value, &S::tls, &tls::client>>(
        "tls.client", "off, optional or required", recycle, "whether clients show certificates"),
    row<words<parse_sandbox_profile, name_of_value, &S::sandbox, &sandbox::profile>>(
        "sandbox.profile", "off, server or strict", recycle, "what workers may do"),
    row<texts<&S::sandbox, &sandbox::read>>("sandbox.read", "list of at most 64 absolute paths",
                                            recycle, "what they may read besides the usual"),
    row<texts<&S::sandbox, &sandbox::write>>("sandbox.write", "list of at most 64 absolute paths",
                                             recycle, "where they may write"),
    row<texts<&S::sandbox, &sandbox::capabilities>>(
        "sandbox.capabilities", "list of names, such as CAP_NET_BIND_SERVICE", recycle,
        "what they keep of the rights of root"),
    row<a_switch<&S::sandbox, &sandbox::no_new_privs>>(
        "sandbox.no_new_privs", "true or false", recycle,
        "no program that they run gets more rights; a profile switches it on by itself"),
    row<a_switch<&S::sandbox, &sandbox::best_effort>>(
        "sandbox.best_effort", "true or false", recycle,
        "strict starts even where the kernel cannot do all of it"),
    row<words<parse_log_level, name_of_value, &S::log, &log::level>>(
        "log.level", "trace, debug, info, warn, error, fatal or silent", recycle,
        "the least important lines that are written"),
    row<words<parse_log_format, name_of_value, &S::log, &log::format>>(
        "log.format", "auto, json, pino or text", recycle,
        "how lines look; auto: text on a terminal, json elsewhere"),
    row<words<log_target::parse, text_of_value, &S::log, &log::to>>(
        "log.to", "stdout, journal, or file:PATH with {app} and {slot}", restart, "where lines go"),
    row<words<rotation::parse, text_of_value, &S::log, &log::rotate>>(
        "log.rotate", "off, or a size and a number, 4K x 1 to 1T x 1000", live,
        "when a log file is put aside, and how many are kept"),
    row<a_text<&S::admin, &admin::socket>>("admin.socket", "auto, off, or an absolute path",
                                           restart, "where `cohort` commands are heard"),
    row<address_or_off>("admin.http", "off, or an address", restart,
                        "where dashboard and metrics are, with a token"),
    row<a_text<&S::admin, &admin::token>>("admin.token", "text", restart,
                                          "that token; empty: that of the file, or one made up"),
    row<a_text<&S::admin, &admin::token_file>>("admin.token_file", "text", restart,
                                               "a file with the token in it"),
    row<a_text<&S::admin, &admin::view_token>>(
        "admin.view_token", "text", restart,
        "another token, to look and order nothing: for Prometheus"),
    row<a_text<&S::admin, &admin::view_token_file>>("admin.view_token_file", "text", restart,
                                                    "a file with that one in it"),
    row<words<parse_metrics_access, name_of_value, &S::admin, &admin::metrics>>(
        "admin.metrics", "token or open", restart, "who may read metrics over TCP"),
    row<texts<&S::admin, &admin::hosts>>(
        "admin.hosts", "list of at most 64 names", restart,
        "by which browsers reach the dashboard, besides addresses and localhost"),
});

constexpr auto all = [] {
    std::array<key, app_keys.size() + life_keys.size() + fence_keys.size()> joined{};
    auto end = std::ranges::copy(app_keys, joined.begin()).out;
    end = std::ranges::copy(life_keys, end).out;
    std::ranges::copy(fence_keys, end);
    return joined;
}();

}  // namespace

std::span<const key> table() noexcept { return all; }

}  // namespace cohort::config::detail
