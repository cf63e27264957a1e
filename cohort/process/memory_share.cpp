#include <cohort/process/memory_share.hpp>

#include <cohort/base/parse.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace cohort::process {

namespace {

constexpr std::size_t text_max = 4096;

/// Empty: it could not be read.
std::string text_in(const unique_fd& opened)
{
    if (!opened.valid())
        return {};
    std::string text(text_max, '\0');
    const ssize_t got = ::pread(opened.borrow(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
}

std::string text_of(pid_t pid, std::string_view file)
{
    const std::string path = fmt::format("/proc/{}/{}", pid, file);
    return text_in(unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)});
}

}  // namespace

std::optional<std::uint64_t> memory_share(pid_t pid)
{
    return parse_memory_share(text_of(pid, "smaps_rollup"));
}

std::optional<std::uint64_t> memory_share_in(const unique_fd& smaps_rollup)
{
    return parse_memory_share(text_in(smaps_rollup));
}

std::optional<std::uint64_t> memory_resident(pid_t pid)
{
    const std::string text = text_of(pid, "statm");
    const std::size_t first = text.find(' ');
    const std::size_t second = text.find(' ', first + 1);
    if (first == std::string::npos || second == std::string::npos)
        return std::nullopt;
    const auto pages =
        parse_integer<std::uint64_t>(std::string_view{text}.substr(first + 1, second - first - 1));
    if (!pages)
        return std::nullopt;
    return *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
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
