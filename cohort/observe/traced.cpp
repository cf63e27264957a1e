#include <cohort/observe/traced.hpp>

#include <cohort/observe/thrown.hpp>

#include <cstdint>
#include <vector>

#include <execinfo.h>

namespace cohort::log {

trace_mark::trace_mark() noexcept
    : count_{static_cast<std::size_t>(::backtrace(calls_.data(), static_cast<int>(calls_.size())))}
{}

std::string trace_mark::stack() const
{
    std::vector<std::uintptr_t> calls;
    calls.reserve(count_);
    for (std::size_t i = 1; i < count_; ++i)  // the first one is ours
        // A return address may be the first byte of the next function: the call is before it.
        calls.push_back(reinterpret_cast<std::uintptr_t>(calls_[i]) - 1);
    return words_of_calls(calls);
}

}  // namespace cohort::log
