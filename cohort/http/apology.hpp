#pragma once

#include <cohort/http/response.hpp>
#include <cohort/http/survival.hpp>

namespace cohort::http {

/// What a client hears whose request is not run: it ended processes, or others like it did, or
/// nobody knows how far it came.
[[nodiscard]] response apology(poison_entry::reason why);

}  // namespace cohort::http
