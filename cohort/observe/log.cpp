#include <cohort/observe/log.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/observe/json_text.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/observe/log_sink.hpp>

#include <unistd.h>

#include <array>
#include <atomic>
#include <cmath>
#include <exception>
#include <utility>

namespace cohort::log {

namespace {

constexpr auto names =
    std::to_array<std::string_view>({"trace", "debug", "info", "warn", "error", "fatal", "off"});

constexpr std::int64_t no_worker = -1;

/// What a process has one of. Read by every thread that logs.
struct state {
    state() noexcept { sink.set_notice(drop_notice); }

    std::atomic<level> least{level::info};
    std::atomic<format> shape{format::json};
    std::atomic<std::int64_t> worker{no_worker};
    observe::log_sink sink{STDOUT_FILENO};
};

state& ours() noexcept
{
    static state& one = *new state;  // never destroyed: destructors of other statics may log
    return one;
}

constexpr std::size_t line_max = observe::log_sink::line_bytes_max;
/// A message may use three quarters of the line; the fields have the rest and what it leaves.
constexpr std::size_t message_max = line_max * 3 / 4;
constexpr std::string_view cut_mark = R"(,"truncated":true)";

void append_value(std::string& out, const field& one)
{
    std::visit(
        [&out](const auto& is) {
            using T = std::decay_t<decltype(is)>;
            if constexpr (std::same_as<T, std::nullptr_t>)
                out += "null";
            else if constexpr (std::same_as<T, std::string_view>)
                observe::append_json_string(out, is);
            else if constexpr (std::same_as<T, double>)
                std::isfinite(is) ? fmt::format_to(std::back_inserter(out), "{}", is)
                                  : fmt::format_to(std::back_inserter(out), "null");
            else
                fmt::format_to(std::back_inserter(out), "{}", is);
        },
        one.value);
}

std::string json_line(level at, std::string_view message, std::span<const field> more)
{
    std::string line;
    line.reserve(256 + message.size());
    fmt::format_to(std::back_inserter(line), R"({{"timestamp":"{}","level":"{}","message":)",
                   timestamp(wall_now()), name(at));
    bool whole = observe::append_json_string(line, message, message_max);
    fmt::format_to(std::back_inserter(line), R"(,"pid":{})", ::getpid());
    if (const auto worker = ours().worker.load(std::memory_order_relaxed); worker != no_worker)
        fmt::format_to(std::back_inserter(line), R"(,"workerId":{})", worker);

    constexpr std::size_t tail = cut_mark.size() + 2;  // and "}\n"
    for (const field& one : more) {
        const std::size_t before = line.size();
        line += ',';
        observe::append_json_string(line, one.name);
        line += ':';
        append_value(line, one);
        if (line.size() + tail > line_max) {
            line.resize(before);
            whole = false;
        }
    }
    if (!whole)
        line += cut_mark;
    line += "}\n";
    return line;
}

/// For a terminal: no dates, no quotes around the message, no control characters either.
std::string text_line(level at, std::string_view message, std::span<const field> more)
{
    std::string line;
    fmt::format_to(std::back_inserter(line), "{} {:<5} ", timestamp(wall_now()).substr(11, 12),
                   name(at));
    std::string safe;
    observe::append_json_string(safe, message, message_max);
    line.append(safe, 1, safe.size() - 2);
    for (const field& one : more) {
        const std::size_t before = line.size();
        fmt::format_to(std::back_inserter(line), "  {}=", one.name);
        append_value(line, one);
        if (line.size() + 1 > line_max)
            line.resize(before);
    }
    line += '\n';
    return line;
}

std::string make_line(level at, std::string_view message, std::span<const field> more)
{
    return ours().shape.load(std::memory_order_relaxed) == format::json
               ? json_line(at, message, more)
               : text_line(at, message, more);
}

}  // namespace

std::string drop_notice(std::uint64_t count)
{
    const field lost{"dropped", count};
    return make_line(level::warn,
                     "log lines were dropped: their reader was too slow, or there was no room; "
                     "going on with new ones",
                     {&lost, 1});
}

std::string line_of(level at, std::string_view message, std::span<const field> more)
{
    return make_line(at, message, more);
}

std::string_view name(level of) noexcept { return names.at(std::to_underlying(of)); }

result<level> parse_level(std::string_view text)
{
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text)
            return static_cast<level>(i);
    }
    return failed(errc::bad_value,
                  "read a log level (trace, debug, info, warn, error, fatal or off) from",
                  fmt::format("\"{}\"", text));
}

void configure(const options& wanted)
{
    state& here = ours();
    here.least = wanted.least;
    here.shape = wanted.shape;
    here.sink.redirect(wanted.descriptor);
}

void born() noexcept { ours().sink.forget(); }

void set_worker(std::uint32_t id) noexcept { ours().worker = id; }

void set_level(level least) noexcept { ours().least = least; }

bool enabled(level at) noexcept
{
    return at >= ours().least.load(std::memory_order_relaxed) && at != level::off;
}

void flush() noexcept { ours().sink.flush(0); }

void flush_waiting(int timeout_ms) noexcept { ours().sink.flush(timeout_ms); }

std::uint64_t dropped() noexcept { return ours().sink.dropped(); }

void write(level at, std::string_view message, std::span<const field> more) noexcept
{
    if (!enabled(at))
        return;
    try {
        ours().sink.line(make_line(at, message, more));
    } catch (const std::exception&) {
        return;  // no memory: what the line was about matters more than the line
    }
}

void pass_on(std::string_view text) noexcept
{
    try {
        std::string line;
        line.reserve(text.size() + 1);
        line += text;
        line += '\n';
        ours().sink.line(line);
    } catch (const std::exception&) {
        return;  // no memory: likewise
    }
}

}  // namespace cohort::log

namespace cohort::observe {

log_sink& process_sink() noexcept { return log::ours().sink; }

}  // namespace cohort::observe
