#include <cohort/config/detail/read_all.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>

namespace cohort::config::detail {

result<std::string> read_all(int fd, std::size_t most, const std::string& name)
{
    std::string text;
    std::array<char, 16384> piece{};
    while (text.size() <= most) {
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            return failed("read", name);
        if (got == 0)
            return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return failed(errc::too_large, "read", name);
}

}  // namespace cohort::config::detail
