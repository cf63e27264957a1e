#include <cohort/observe/log.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/board/last_error.hpp>
#include <cohort/observe/detail/log_line.hpp>
#include <cohort/observe/log_export.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/observe/log_sink.hpp>

#include <array>
#include <atomic>
#include <climits>
#include <exception>
#include <utility>

#include <unistd.h>

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
    std::atomic<std::uint64_t> truncated{0};
    std::array<char, HOST_NAME_MAX + 1> hostname{};  // once it was wanted
    observe::log_sink sink{STDOUT_FILENO};
};

state& ours() noexcept
{
    static state& one = *new state;  // never destroyed: destructors of other statics may log
    return one;
}

detail::line_terms terms_now() noexcept
{
    const state& here = ours();
    detail::line_terms how{.shape = here.shape.load(std::memory_order_relaxed),
                           .hostname = here.hostname.data(),
                           .bytes_max = here.sink.line_bytes_max()};
    if (const auto worker = here.worker.load(std::memory_order_relaxed); worker != no_worker)
        how.worker = static_cast<std::uint32_t>(worker);
    return how;
}

/// Fields stay fields on their way to a collector, whatever people see.
void export_words(std::string_view written, const detail::line_words& words)
{
    if (!is_exported())
        return;
    const format shape = ours().shape.load(std::memory_order_relaxed);
    if (shape == format::json || shape == format::pino) {
        export_line(written);
        return;
    }
    thread_local std::string line;
    line.clear();
    detail::line_terms how = terms_now();
    how.shape = format::json;
    detail::append_line(line, how, words);
    export_line(line);
}

void put_together(std::string& line, const detail::line_words& words)
{
    if (!detail::append_line(line, terms_now(), words))
        ours().truncated.fetch_add(1, std::memory_order_relaxed);
}

/// A line whose level was asked about already.
void write_enabled(level at, const detail::bindings* bound, std::string_view message,
                   std::span<const field> more) noexcept
{
    if (at >= level::error)
        board::note_error(message);
    try {
        thread_local std::string line;  // keeps its memory: at most a line
        line.clear();
        const detail::line_words words{
            .at = at, .message = message, .bound = bound, .more = more, .when = wall_now()};
        put_together(line, words);
        board::flight::line({line.data(), line.size() - 1});
        export_words(line, words);
        using haste = observe::log_sink::haste;
        ours().sink.line(line, at >= level::error ? haste::at_once : haste::with_others);
    } catch (const std::exception&) {
        return;  // no memory: what the line was about matters more than the line
    }
}

}  // namespace

std::string drop_notice(std::uint64_t count)
{
    const field lost{"dropped", count};
    return line_of(level::warn,
                   fmt::format("{} log line{} dropped: their reader was too slow, or there was no "
                               "room; going on with new ones",
                               count, count == 1 ? " was" : "s were"),
                   {&lost, 1});
}

std::string line_of(level at, std::string_view message, std::span<const field> more)
{
    std::string line;
    put_together(line, {.at = at, .message = message, .more = more, .when = wall_now()});
    return line;
}

std::string_view name(level of) noexcept { return names.at(std::to_underlying(of)); }

result<level> parse_level(std::string_view text)
{
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text)
            return static_cast<level>(i);
    }
    if (text == "silent")  // pino's word, and the configuration's
        return level::off;
    return failed(errc::bad_value,
                  "read a log level (trace, debug, info, warn, error, fatal or off) from",
                  fmt::format("\"{}\"", text));
}

void configure(const options& wanted)
{
    state& here = ours();
    here.least = wanted.least;
    if (wanted.shape == format::pino)
        static_cast<void>(::gethostname(here.hostname.data(), here.hostname.size() - 1));
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

std::uint64_t truncated() noexcept { return ours().truncated.load(std::memory_order_relaxed); }

level least_level() noexcept { return ours().least.load(std::memory_order_relaxed); }

void write(level at, std::string_view message, std::span<const field> more) noexcept
{
    detail::write(at, nullptr, message, more);
}

void detail::write(level at, const bindings* bound, std::string_view message,
                   std::span<const field> more) noexcept
{
    if (enabled(at))
        write_enabled(at, bound, message, more);
}

void detail::say(level at, const bindings* bound, fields more, fmt::string_view words,
                 fmt::format_args values) noexcept
{
    const std::span<const field> all{more.begin(), more.size()};
    const std::string_view said{words.data(), words.size()};
    if (!said.contains('{') && !said.contains('}')) {  // nothing to format
        write_enabled(at, bound, said, all);
        return;
    }
    try {
        fmt::memory_buffer message;
        fmt::vformat_to(fmt::appender(message), words, values);
        write_enabled(at, bound, {message.data(), message.size()}, all);
    } catch (const std::exception&) {
        // A user type's formatter may throw; a log line is no reason to fail a request.
        write_enabled(at, bound, said, all);
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
