#include <cohort/process/process_name.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace cohort::process {

std::size_t name_of_process(pid_t process, std::span<char> name) noexcept
{
    std::array<char, 32> path{};
    char* end = std::ranges::copy(std::string_view{"/proc/"}, path.begin()).out;
    end = std::to_chars(end, path.data() + path.size(), process).ptr;
    std::ranges::copy(std::string_view{"/comm"}, end);
    const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
    if (file == -1)
        return 0;
    const ssize_t got = ::read(file, name.data(), name.size());
    ::close(file);
    if (got <= 0)
        return 0;
    const auto bytes = static_cast<std::size_t>(got);
    return name[bytes - 1] == '\n' ? bytes - 1 : bytes;
}

}  // namespace cohort::process
