#include <cohort/observe/traced.hpp>

#include <cohort/observe/detail/error_object.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

#include <dlfcn.h>
#include <execinfo.h>

namespace cohort::log {

trace_mark::trace_mark() noexcept
    : count_{static_cast<std::size_t>(::backtrace(calls_.data(), static_cast<int>(calls_.size())))}
{}

std::string trace_mark::stack() const
{
    std::string text;
    for (std::size_t i = 1; i < count_; ++i) {  // the first one is ours
        // A return address may be the first byte of the next function: the call is before it.
        const auto call = reinterpret_cast<std::uintptr_t>(calls_[i]) - 1;
        if (!text.empty())
            text += '\n';
        Dl_info known{};
        if (::dladdr(reinterpret_cast<void*>(call), &known) == 0 || known.dli_fname == nullptr) {
            fmt::format_to(std::back_inserter(text), "{:#x}", call);
            continue;
        }
        fmt::format_to(std::back_inserter(text), "{}(+{:#x})", known.dli_fname,
                       call - reinterpret_cast<std::uintptr_t>(known.dli_fbase));
        if (known.dli_sname != nullptr)
            text.append(" ").append(detail::readable_name(known.dli_sname));
    }
    return text;
}

}  // namespace cohort::log
