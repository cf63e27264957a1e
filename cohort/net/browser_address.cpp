#include <cohort/net/browser_address.hpp>

#include <fmt/format.h>

namespace cohort::net {

bool is_every_address(std::string_view host) noexcept
{
    return host == "*" || host == "::" || host == "0.0.0.0";
}

bool is_own_address(std::string_view host) noexcept
{
    return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

std::optional<std::string> browser_address(const endpoint& of)
{
    if (of.kind() != endpoint::family::tcp || of.port() == 0)
        return std::nullopt;
    std::string host = is_every_address(of.host()) ? std::string{"localhost"} : of.host();
    if (host.contains(':'))
        host = fmt::format("[{}]", host);
    return fmt::format("http://{}:{}/", host, of.port());
}

}  // namespace cohort::net
