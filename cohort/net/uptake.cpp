#include <cohort/net/uptake.hpp>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <utility>

namespace cohort::net {

bool uptake::went_on(int socket) noexcept
{
    int held = 0;
    return ::ioctl(socket, SIOCOUTQ, &held) == 0 && held < std::exchange(held_, held);
}

std::uint64_t uptake::taken(int socket, std::uint64_t given) noexcept
{
    int held = 0;
    if (::ioctl(socket, SIOCOUTQ, &held) == -1)
        return 0;
    const std::uint64_t before = std::exchange(given_, given);
    const std::int64_t more = static_cast<std::int64_t>(given - before) +
                              (std::int64_t{std::exchange(held_, held)} - held);
    return before != 0 && more > 0 ? static_cast<std::uint64_t>(more) : 0;
}

}  // namespace cohort::net
