// What parse() accepts it also prints, and reading that back gives the same endpoint.

#include <cohort/base/assert.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/socket_address.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sys/socket.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using cohort::net::endpoint;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto where = endpoint::parse(text);
    if (!where) {
        COHORT_ASSERT(!where.error().text().empty());
        return 0;
    }
    const auto again = endpoint::parse(where->text());
    COHORT_ASSERT(again && *again == *where);
    COHORT_ASSERT(again->text() == where->text());

    const auto address = cohort::net::to_socket_address(*where);
    if (address && where->host() != "*" && where->host().find('%') == std::string::npos &&
        !where->host().starts_with("::ffff:"))
    {
        const bool datagrams = where->kind() == endpoint::family::udp;
        const int type = datagrams ? SOCK_DGRAM : SOCK_STREAM;
        COHORT_ASSERT(cohort::net::to_endpoint(*address, type) == *where);
    }
    return 0;
}
