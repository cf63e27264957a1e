#pragma once
// One JSON object a line, for machines that read logs and people who grep them:
//
//     log::info("Worker {} listening on {}", id, where.text());
//     log::warn({{"slot", slot}, {"reason", reason.words()}}, "worker died; its successor is up");
//
//     {"timestamp":"2024-01-26T10:00:00.000Z","level":"info","message":"Worker 1 listening on …",
//      "pid":12345,"workerId":1}

#include <cohort/base/error.hpp>
#include <cohort/observe/log_name.hpp>

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace cohort::log {

/// From "everything" to "nothing". `off` is for configuration only.
enum class level : std::uint8_t { trace, debug, info, warn, error, fatal, off };

/// "info"; and back again; "silent" is "off". Errors: errc::bad_value, naming the levels.
[[nodiscard]] std::string_view name(level of) noexcept;
[[nodiscard]] result<level> parse_level(std::string_view text);

/// In place of a value that nobody may read: {"card", log::redacted}. Fields with names such as
/// "authorization", "cookie", "password" or "token" (docs/manual/logs.md) are redacted anyway.
struct redacted_value {};
inline constexpr redacted_value redacted;

/// One more member of the JSON object. It keeps views: use it in the call, do not store it.
///
/// An exception becomes an object: its type, its message, where it was thrown (observe/thrown.hpp,
/// if it is known), and what it was thrown with, as "cause". A fault becomes one, too.
class field {
public:
    using content = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double,
                                 std::string_view, redacted_value, const std::exception*,
                                 const std::exception_ptr*, const fault*>;

    template <class T>
    field(key called, const T& is) noexcept
        : name{called}, value{convert(is)}
    {}

    key name;
    content value;

private:
    template <class T>
    static content convert(const T& is) noexcept
    {
        if constexpr (std::same_as<T, bool> || std::same_as<T, std::nullptr_t>)
            return is;
        else if constexpr (std::signed_integral<T>)
            return static_cast<std::int64_t>(is);
        else if constexpr (std::unsigned_integral<T>)
            return static_cast<std::uint64_t>(is);
        else if constexpr (std::floating_point<T>)
            return static_cast<double>(is);
        else if constexpr (std::same_as<T, redacted_value>)
            return is;
        else if constexpr (std::derived_from<T, std::exception>)
            return static_cast<const std::exception*>(&is);
        else if constexpr (std::same_as<T, std::exception_ptr> || std::same_as<T, fault>)
            return &is;
        else
            return std::string_view{is};
    }
};

using fields = std::initializer_list<field>;

/// How lines look: `json` as above; `pino` with pino's names and numbers; `text` for people
/// ("10:00:00.000 info  message  slot=3"); `pretty`, the same with colours, for a terminal.
enum class format : std::uint8_t { json, pino, text, pretty };

/// Where lines go and which ones. A value.
struct options {
    level least = level::info;
    format shape = format::json;
    int descriptor = 1;  ///< Borrowed; never made non-blocking, because others may share it.
};

/// Sets the above. Before the first worker, or right after birth; not while lanes are logging.
void configure(const options& wanted);

/// This process was forked from one that logs: lines that wait for a slow reader are the parent's.
void born() noexcept;

/// From now on lines may wait for each other until release(), which writes them with one system
/// call. For who serves many in one turn of a loop; below level::error only. Not nested.
void hold() noexcept;
void release() noexcept;

/// Later lines carry this workerId. A worker says it once it knows; the primary never does.
void set_worker(std::uint32_t id) noexcept;

/// Changes the level alone; any time, any thread.
void set_level(level least) noexcept;

/// Would a line of this level be written?
[[nodiscard]] bool enabled(level at) noexcept;

/// Writes what is held back because the reader was slow, as far as it goes without waiting. The
/// beat calls it.
void flush() noexcept;

/// The same, waiting for the reader up to `timeout_ms` milliseconds. For the last words of a
/// process.
void flush_waiting(int timeout_ms) noexcept;

/// Lines lost since the start because the reader was too slow or gone.
[[nodiscard]] std::uint64_t dropped() noexcept;
/// Lines since the start that were cut because they were too long.
[[nodiscard]] std::uint64_t truncated() noexcept;
/// The least level that is written now.
[[nodiscard]] level least_level() noexcept;

/// Writes one line whose message is ready. Never waits, never throws: a line that cannot be written
/// is held back, and counted as dropped when there is no room for that. What does not fit into a
/// line (16 KiB; 4 KiB into a pipe, of which the kernel tears no more apart) is left out, and the
/// line says so. Of fields with the same name the last one counts. Any thread.
void write(level at, std::string_view message, std::span<const field> more = {}) noexcept;

/// Writes a line that somebody else has made, as it is; `text` has no line end. Any thread.
void pass_on(std::string_view text) noexcept;

namespace detail {

class bindings;

/// `bound`: what a logger (observe/logger.hpp) adds to each of its lines; or nullptr.
void write(level at, const bindings* bound, std::string_view message,
           std::span<const field> more) noexcept;
void say(level at, const bindings* bound, fields more, fmt::string_view words,
         fmt::format_args values) noexcept;

}  // namespace detail

#define COHORT_DETAIL_LOG_LEVEL(called)                                                            \
    template <class... Args>                                                                       \
    void called(fmt::format_string<Args...> words, Args&&... values) noexcept                      \
    {                                                                                              \
        if (enabled(level::called))                                                                \
            detail::say(level::called, nullptr, {}, words, fmt::make_format_args(values...));      \
    }                                                                                              \
    template <class... Args>                                                                       \
    void called(fields more, fmt::format_string<Args...> words, Args&&... values) noexcept         \
    {                                                                                              \
        if (enabled(level::called))                                                                \
            detail::say(level::called, nullptr, more, words, fmt::make_format_args(values...));    \
    }

COHORT_DETAIL_LOG_LEVEL(trace)
COHORT_DETAIL_LOG_LEVEL(debug)
COHORT_DETAIL_LOG_LEVEL(info)
COHORT_DETAIL_LOG_LEVEL(warn)
COHORT_DETAIL_LOG_LEVEL(error)
COHORT_DETAIL_LOG_LEVEL(fatal)

#undef COHORT_DETAIL_LOG_LEVEL

}  // namespace cohort::log
