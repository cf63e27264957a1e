#pragma once

#include <cohort/dashboard/detail/embedded.hpp>
#include <cohort/http/router.hpp>

#include <span>

namespace cohort::dashboard {

/// Adds the page of the dashboard: `index.html` at "/", the others under their names. Whoever comes
/// gets them, also without a token, since the page itself asks for it: there is nothing in them
/// that is not in every copy of this program.
void add_pages(http::routes& to, std::span<const detail::embedded_file> files);

/// What the page may do: use what comes from here, and nothing else.
[[nodiscard]] http::hooks page_rules();

}  // namespace cohort::dashboard
