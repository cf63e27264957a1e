#pragma once

#include <cohort/http/response.hpp>

#include <string_view>

namespace cohort::http {

/// Notes that an answer depends on a request field, so that caches keep the others apart. One Vary
/// field, each name once; "*" stays as it is.
void add_vary(response& answer, std::string_view field_name);

}  // namespace cohort::http
