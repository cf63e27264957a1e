#include <cohort/config/detail/sections.hpp>

#include <cohort/base/parse.hpp>

#include <array>
#include <utility>

namespace cohort::config::detail {

namespace {

using std::chrono::ceil;

/// Puts what was read where it belongs, if it could be read.
template <class T, class U>
void put(std::optional<T> value, U& into)
{
    if (value)
        into = std::move(*value);
}

/// A text that one of our own parsers reads; its fault becomes the complaint.
template <class T>
void put_parsed(const entry& value, const std::optional<std::string>& text,
                result<T> (*parse)(std::string_view), T& into)
{
    if (!text)
        return;
    auto read = parse(*text);
    if (read)
        into = std::move(*read);
    else
        value.complain("cannot " + read.error().text());
}

/// "100ms..30s".
void put_backoff(const entry& value, settings& s)
{
    const auto text = value.text();
    if (!text)
        return;
    const std::string_view all = *text;
    const std::size_t dots = all.find("..");
    if (dots != std::string_view::npos) {
        const auto first = parse_duration(all.substr(0, dots));
        const auto ceiling = parse_duration(all.substr(dots + 2));
        if (first && ceiling) {
            s.restart.backoff_first = ceil<milliseconds>(*first);
            s.restart.backoff_ceiling = ceil<milliseconds>(*ceiling);
            return;
        }
    }
    value.complain("must be two durations, such as \"100ms..30s\"");
}

/// "5 in 30s", "never".
void put_give_up(const entry& value, settings& s)
{
    const auto text = value.text();
    if (!text)
        return;
    if (*text == "never") {
        s.restart.give_up_deaths = 0;
        return;
    }
    const std::string_view all = *text;
    const std::size_t in = all.find(" in ");
    if (in != std::string_view::npos) {
        const auto deaths = parse_integer<unsigned>(all.substr(0, in));
        const auto window = parse_duration(all.substr(in + 4));
        if (deaths && *deaths > 0 && window) {
            s.restart.give_up_deaths = *deaths;
            s.restart.give_up_window = ceil<milliseconds>(*window);
            return;
        }
    }
    value.complain("must be a number and a duration, such as \"5 in 30s\", or \"never\"");
}

/// A duration, or a word for one.
void put_duration_or(const entry& value, std::string_view word, milliseconds meaning,
                     milliseconds& into)
{
    const auto text = value.text();
    if (text && *text == word)
        into = meaning;
    else if (text)
        put(value.duration(), into);
}

/// A key of which only one value works so far.
void only(const entry& value, std::string_view works)
{
    const auto text = value.text();
    if (text && *text != works)
        value.complain("only \"" + std::string{works} + "\" is supported so far");
}

void put_drain(const entry& value, settings& s)
{
    const auto text = value.text();
    if (text && *text == "auto")
        s.stop.drain.reset();
    else if (text)
        put(value.duration(), s.stop.drain);
}

constexpr auto app_keys = std::to_array<key>({
    {"exec", [](const entry& v, settings& s) { put(v.text(), s.exec); }},
    {"args", [](const entry& v, settings& s) { put(v.texts(), s.args); }},
    {"cwd", [](const entry& v, settings& s) { put(v.text(), s.cwd); }},
    {"env",
     [](const entry& v, settings& s) {
         // Adds to what the program's own code asked for, and overrules it name by name.
         if (auto changes = v.variables()) {
             changes->merge(s.env);
             s.env = std::move(*changes);
         }
     }},
    {"stdin",
     [](const entry& v, settings& s) { put_parsed(v, v.text(), stream_target::parse, s.in); }},
    {"stdout",
     [](const entry& v, settings& s) { put_parsed(v, v.text(), stream_target::parse, s.out); }},
    {"stderr",
     [](const entry& v, settings& s) { put_parsed(v, v.text(), stream_target::parse, s.err); }},
    {"user", [](const entry& v, settings& s) { put(v.text_or_number(), s.user); }},
    {"group", [](const entry& v, settings& s) { put(v.text_or_number(), s.group); }},
    {"listen", [](const entry& v, settings& s) { put(v.texts(), s.listen); }},
    {"backlog", [](const entry& v, settings& s) { put(v.count(), s.backlog); }},
    {"workers",
     [](const entry& v, settings& s) {
         put_parsed(v, v.text_or_number(), worker_count::parse, s.workers);
     }},
    {"balance",
     [](const entry& v, settings& s) { put_parsed(v, v.text(), parse_policy, s.balance); }},
    {"lanes", [](const entry& v, settings& s) { put(v.count(), s.lanes); }},
    {"keepers", [](const entry& v, settings& s) { put(v.on_or_off(), s.keepers); }},
    {"standby", [](const entry& v, settings& s) { put(v.on_or_off(), s.standby); }},
});
constexpr std::array<std::string_view, 4> app_later{"speaks", "reload", "recycle", "sandbox"};

constexpr auto ready_keys = std::to_array<key>({
    {"on", [](const entry& v, settings&) { only(v, "notify"); }},
    {"timeout", [](const entry& v, settings& s) { put(v.duration(), s.ready.timeout); }},
});
constexpr auto health_keys = std::to_array<key>({
    {"heartbeat",
     [](const entry& v, settings& s) {
         put_duration_or(v, "off", milliseconds{0}, s.health.heartbeat);
     }},
});
constexpr std::array<std::string_view, 2> health_later{"request", "http"};
constexpr auto restart_keys =
    std::to_array<key>({{"backoff", put_backoff}, {"give_up", put_give_up}});
constexpr auto stop_keys = std::to_array<key>({
    {"drain", put_drain},
    {"timeout", [](const entry& v, settings& s) { put(v.duration(), s.stop.timeout); }},
});
constexpr auto limit_keys = std::to_array<key>({
    {"connections", [](const entry& v, settings& s) { put(v.count(), s.limit.connections); }},
    {"body", [](const entry& v, settings& s) { put(v.size(), s.limit.body_bytes); }},
    {"head", [](const entry& v, settings& s) { put(v.size(), s.limit.head_bytes); }},
    {"idle", [](const entry& v, settings& s) { put(v.duration(), s.limit.idle); }},
    {"request", [](const entry& v, settings& s) { put(v.duration(), s.limit.request); }},
});
constexpr std::array<std::string_view, 2> limit_later{"memory", "files"};
constexpr auto log_keys = std::to_array<key>({
    {"to", [](const entry& v, settings&) { only(v, "stdout"); }},
    {"level",
     [](const entry& v, settings& s) { put_parsed(v, v.text(), parse_log_level, s.log.level); }},
    {"format",
     [](const entry& v, settings& s) { put_parsed(v, v.text(), parse_log_format, s.log.format); }},
});
constexpr std::array<std::string_view, 1> log_later{"rotate"};

constexpr section app{"app", app_keys, app_later};
constexpr section log_part{"log", log_keys, log_later};
constexpr auto parts = std::to_array<section>({
    {"ready", ready_keys, {}},
    {"health", health_keys, health_later},
    {"restart", restart_keys, {}},
    {"stop", stop_keys, {}},
    {"limit", limit_keys, limit_later},
});

}  // namespace

const section& app_section() noexcept { return app; }
std::span<const section> app_parts() noexcept { return parts; }
const section& log_section() noexcept { return log_part; }

}  // namespace cohort::config::detail
