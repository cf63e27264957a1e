#pragma once

#include <string_view>

namespace cohort::http {

/// "a.example" of "a.example:8080", "[::1]" of "[::1]:80". For hosts and ports as
/// is_host_and_port() knows them.
[[nodiscard]] std::string_view host_without_port(std::string_view host_and_port) noexcept;

}  // namespace cohort::http
