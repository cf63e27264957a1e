#include <cohort/process/processor_time.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

namespace cohort::process {

std::optional<nanoseconds> processor_time(pid_t pid, whose_time which)
{
    const std::string path = which == whose_time::all
                                 ? fmt::format("/proc/{}/stat", pid)
                                 : fmt::format("/proc/{}/task/{}/stat", pid, pid);
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.valid())
        return std::nullopt;
    std::array<char, 1024> text{};
    const ssize_t got = ::read(file.borrow(), text.data(), text.size());
    if (got <= 0)
        return std::nullopt;
    return parse_processor_time({text.data(), static_cast<std::size_t>(got)});
}

std::optional<nanoseconds> parse_processor_time(std::string_view stat)
{
    // The name of a program may contain anything, also blanks and parentheses.
    const std::size_t end_of_name = stat.rfind(") ");
    if (end_of_name == std::string_view::npos)
        return std::nullopt;
    std::string_view rest = stat.substr(end_of_name + 2);
    constexpr int words_before = 11;  // from the state to what children caused
    constexpr int words = 2;          // in user mode, in the kernel
    std::uint64_t ticks = 0;
    for (int i = 0; i < words_before + words; ++i) {
        const std::size_t blank = rest.find(' ');
        if (blank == std::string_view::npos)
            return std::nullopt;
        if (i >= words_before) {
            const auto some = parse_integer<std::uint64_t>(rest.substr(0, blank));
            if (!some)
                return std::nullopt;
            ticks += *some;
        }
        rest.remove_prefix(blank + 1);
    }
    const auto a_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    return nanoseconds{static_cast<std::int64_t>(ticks * (1'000'000'000 / a_second))};
}

}  // namespace cohort::process
