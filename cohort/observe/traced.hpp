#pragma once
// Exceptions that know where they were thrown, also where the C++ library does not tell us
// (observe/thrown.hpp), and however often they are.

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace cohort::log {

/// Where its owner was made: return addresses of the calls that led there. A value. Making one
/// costs some microseconds; words are looked for when they are asked for.
class trace_mark {
public:
    trace_mark() noexcept;
    trace_mark(const trace_mark&) noexcept = default;
    trace_mark& operator=(const trace_mark&) noexcept = default;
    virtual ~trace_mark() = default;

    /// A line for each call, the innermost first: words_of_calls() of observe/thrown.hpp.
    [[nodiscard]] std::string stack() const;

private:
    static constexpr std::size_t calls_max = 32;
    std::array<void*, calls_max> calls_{};
    std::size_t count_ = 0;
};

/// `throw log::traced{std::runtime_error{"no such account"}};` is caught as the exception that it
/// is made of; a line of the log shows its stack as well.
template <class Exception>
class traced : public Exception, public trace_mark {
public:
    explicit traced(Exception from)
        : Exception{std::move(from)}
    {}
};

}  // namespace cohort::log
