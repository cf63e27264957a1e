#pragma once

#include <cohort/net/endpoint.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cohort::net {

/// Does it stand for every address of this machine?
[[nodiscard]] bool is_every_address(std::string_view host) noexcept;

/// Is it, as far as one can tell without asking for names, reached from this machine alone?
[[nodiscard]] bool is_own_address(std::string_view host) noexcept;

/// "http://localhost:9464/": where a browser on this machine finds what listens there. Nothing: the
/// kernel chooses the port, or it is no TCP address.
[[nodiscard]] std::optional<std::string> browser_address(const endpoint& of);

}  // namespace cohort::net
