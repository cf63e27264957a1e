#pragma once
// Loggers that say more than the line: what is true of a whole module, or of one request.
//
//     const log::logger payments = log::with({{"module", "payments"}});
//     payments.info({{"cents", 500}}, "paid");
//
//     {"timestamp":"…","level":"info","message":"paid","pid":12,"workerId":1,"module":"payments",
//      "cents":500}

#include <cohort/observe/log.hpp>

#include <memory>
#include <span>
#include <string_view>

namespace cohort::log {

#define COHORT_DETAIL_LOG_LEVEL(called)                                                            \
    template <class... Args>                                                                       \
    void called(fmt::format_string<Args...> words, Args&&... values) const noexcept                \
    {                                                                                              \
        if (enabled(level::called))                                                                \
            detail::say(level::called, bound_.get(), {}, words, fmt::make_format_args(values...)); \
    }                                                                                              \
    template <class... Args>                                                                       \
    void called(fields more, fmt::format_string<Args...> words, Args&&... values) const noexcept   \
    {                                                                                              \
        if (enabled(level::called))                                                                \
            detail::say(level::called, bound_.get(), more, words,                                  \
                        fmt::make_format_args(values...));                                         \
    }

/// Writes lines as log:: does, with fields of its own in each of them. They are written out once,
/// when it is made. A value, cheap to copy; keeps no views. Any thread.
class logger {
public:
    /// Without fields of its own.
    logger() noexcept = default;
    explicit logger(std::span<const field> bound);

    /// One that has these as well.
    [[nodiscard]] logger with(fields more) const;

    COHORT_DETAIL_LOG_LEVEL(trace)
    COHORT_DETAIL_LOG_LEVEL(debug)
    COHORT_DETAIL_LOG_LEVEL(info)
    COHORT_DETAIL_LOG_LEVEL(warn)
    COHORT_DETAIL_LOG_LEVEL(error)
    COHORT_DETAIL_LOG_LEVEL(fatal)

    /// One line whose message is ready.
    void write(level at, std::string_view message, std::span<const field> more = {}) const noexcept
    {
        detail::write(at, bound_.get(), message, more);
    }

private:
    std::shared_ptr<const detail::bindings> bound_;  // or nullptr
};

#undef COHORT_DETAIL_LOG_LEVEL

/// A logger with these fields.
[[nodiscard]] inline logger with(fields bound)
{
    return logger{std::span<const field>{bound.begin(), bound.size()}};
}

}  // namespace cohort::log
