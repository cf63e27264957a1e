#include <cohort/http/host_name.hpp>

namespace cohort::http {

std::string_view host_without_port(std::string_view host_and_port) noexcept
{
    const std::size_t bracket = host_and_port.find(']');
    const std::size_t from = bracket == host_and_port.npos ? 0 : bracket;
    return host_and_port.substr(0, host_and_port.find(':', from));
}

}  // namespace cohort::http
