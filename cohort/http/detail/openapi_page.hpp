#pragma once

#include <string_view>

namespace cohort::http::detail {

/// The page that shows an OpenAPI document: one file, cut where its policy has to name parts of it.
struct openapi_page {
    std::string_view top;
    std::string_view style;
    std::string_view middle;
    std::string_view script;
    std::string_view bottom;
};

[[nodiscard]] openapi_page openapi_page_parts() noexcept;

}  // namespace cohort::http::detail
