#include <cohort/observe/log.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/decimal.hpp>
#include <cohort/base/process_id.hpp>
#include <cohort/observe/json_text.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/observe/log_sink.hpp>

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
            else if constexpr (std::same_as<T, bool>)
                out += is ? "true" : "false";
            else if constexpr (std::same_as<T, double>)
                std::isfinite(is) ? fmt::format_to(std::back_inserter(out), "{}", is)
                                  : fmt::format_to(std::back_inserter(out), "null");
            else
                out += decimal{is}.view();
        },
        one.value);
}

// Lines are put together piece by piece: this is on the way of every request that is logged, and
// format strings would be half of what it costs.
void append_json_line(std::string& line, level at, std::string_view message,
                      std::span<const field> more)
{
    std::array<char, 24> when;
    const std::size_t start = line.size();
    line.append(R"({"timestamp":")").append(timestamp(wall_now(), when));
    line.append(R"(","level":")").append(name(at)).append(R"(","message":)");
    bool whole = observe::append_json_string(line, message, message_max);
    line.append(R"(,"pid":)");
    line += decimal{process_id()}.view();
    if (const auto worker = ours().worker.load(std::memory_order_relaxed); worker != no_worker) {
        line.append(R"(,"workerId":)");
        line += decimal{worker}.view();
    }

    constexpr std::size_t tail = cut_mark.size() + 2;  // and "}\n"
    for (const field& one : more) {
        const std::size_t before = line.size();
        line += ',';
        observe::append_json_string(line, one.name);
        line += ':';
        append_value(line, one);
        if (line.size() - start + tail > line_max) {
            line.resize(before);
            whole = false;
        }
    }
    if (!whole)
        line += cut_mark;
    line += "}\n";
}

/// For a terminal: no dates, no quotes around the message, no control characters either.
void append_text_line(std::string& line, level at, std::string_view message,
                      std::span<const field> more)
{
    const std::size_t start = line.size();
    fmt::format_to(std::back_inserter(line), "{} {:<5} ", timestamp(wall_now()).substr(11, 12),
                   name(at));
    std::string safe;
    observe::append_json_string(safe, message, message_max);
    line.append(safe, 1, safe.size() - 2);
    for (const field& one : more) {
        const std::size_t before = line.size();
        fmt::format_to(std::back_inserter(line), "  {}=", one.name);
        append_value(line, one);
        if (line.size() - start + 1 > line_max)
            line.resize(before);
    }
    line += '\n';
}

void append_line(std::string& line, level at, std::string_view message, std::span<const field> more)
{
    if (ours().shape.load(std::memory_order_relaxed) == format::json)
        append_json_line(line, at, message, more);
    else
        append_text_line(line, at, message, more);
}

std::string make_line(level at, std::string_view message, std::span<const field> more)
{
    std::string line;
    append_line(line, at, message, more);
    return line;
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

void hold() noexcept { ours().sink.hold(); }

void release() noexcept { ours().sink.release(); }

void flush() noexcept { ours().sink.flush(0); }

void flush_waiting(int timeout_ms) noexcept { ours().sink.flush(timeout_ms); }

std::uint64_t dropped() noexcept { return ours().sink.dropped(); }

void write(level at, std::string_view message, std::span<const field> more) noexcept
{
    if (!enabled(at))
        return;
    try {
        thread_local std::string line;  // keeps its memory: at most line_max
        line.clear();
        append_line(line, at, message, more);
        using haste = observe::log_sink::haste;
        ours().sink.line(line, at >= level::error ? haste::at_once : haste::with_others);
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
