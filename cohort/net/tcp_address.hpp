#pragma once

#include <cohort/base/error.hpp>
#include <cohort/net/endpoint.hpp>

#include <string_view>

namespace cohort::net {

/// Where something may be heard that speaks no TLS itself and must have a port that others know.
/// Errors: those of endpoint::parse(); errc::bad_value, no TCP, TLS, or port 0.
[[nodiscard]] result<endpoint> tcp_address(std::string_view text);

}  // namespace cohort::net
