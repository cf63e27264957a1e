#include <cohort/process/memory_share.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

namespace cohort::process {

std::optional<std::uint64_t> memory_share(pid_t pid)
{
    const std::string path = fmt::format("/proc/{}/smaps_rollup", pid);
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.valid())
        return std::nullopt;
    std::array<char, 4096> text{};
    const ssize_t got = ::read(file.borrow(), text.data(), text.size());
    if (got <= 0)
        return std::nullopt;
    return parse_memory_share({text.data(), static_cast<std::size_t>(got)});
}

std::optional<std::uint64_t> parse_memory_share(std::string_view smaps_rollup)
{
    constexpr std::string_view key = "\nPss:";
    const std::size_t at = smaps_rollup.find(key);
    if (at == std::string_view::npos)
        return std::nullopt;
    std::string_view rest = smaps_rollup.substr(at + key.size());
    rest = rest.substr(0, rest.find('\n'));
    const std::size_t begin = rest.find_first_not_of(' ');
    const std::size_t end = rest.find(" kB");
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
        return std::nullopt;
    const auto kilobytes = parse_integer<std::uint64_t>(rest.substr(begin, end - begin));
    if (!kilobytes)
        return std::nullopt;
    return *kilobytes * 1024;
}

}  // namespace cohort::process
