#include <cohort/net/tcp_address.hpp>

#include <cohort/base/try.hpp>

#include <fmt/format.h>

#include <utility>

namespace cohort::net {

result<endpoint> tcp_address(std::string_view text)
{
    COHORT_TRY(endpoint at, endpoint::parse(text));
    if (endpoint::speaks_tls(text))
        return failed(errc::bad_value, "listen at",
                      fmt::format("{}: it does not speak TLS; put something in front of it that "
                                  "does",
                                  text));
    if (at.kind() != endpoint::family::tcp || at.port() == 0)
        return failed(
            errc::bad_value, "listen at",
            fmt::format("{}: it needs a TCP address with a port, like 127.0.0.1:9000", text));
    return at;
}

}  // namespace cohort::net
