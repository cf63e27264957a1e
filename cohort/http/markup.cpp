#include <cohort/http/markup.hpp>

namespace cohort::http {

response html(markup page, unsigned status) { return html(page.take(), status); }

}  // namespace cohort::http
