#pragma once

#include <string>
#include <string_view>

namespace cohort::http::detail {

/// The page that shows an OpenAPI document: one file, cut where its policy has to name parts of it.
/// Its script makes elements and texts, never markup: what a document says cannot become code.
struct openapi_page {
    std::string_view top;
    std::string_view style;
    std::string_view middle;
    std::string script;
    std::string_view bottom;
};

[[nodiscard]] openapi_page openapi_page_parts();

// Its script is one scope, in this order.
[[nodiscard]] std::string_view page_script_of_schemas() noexcept;
[[nodiscard]] std::string_view page_script_of_requests() noexcept;
[[nodiscard]] std::string_view page_script_of_operations() noexcept;

}  // namespace cohort::http::detail
