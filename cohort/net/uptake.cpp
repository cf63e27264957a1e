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

}  // namespace cohort::net
