#include <cohort/http/openapi/notes.hpp>

#include <cohort/base/assert.hpp>

#include <algorithm>

namespace cohort::http {

form_fields&& form_fields::text(std::string name, std::string about) &&
{
    all_.push_back({.name = std::move(name), .about = std::move(about), .file_type = {}});
    return std::move(*this);
}

form_fields&& form_fields::file(std::string name, std::string type, std::string about) &&
{
    all_.push_back(
        {.name = std::move(name), .about = std::move(about), .file_type = std::move(type)});
    return std::move(*this);
}

form_fields&& form_fields::optional() &&
{
    COHORT_ASSERT(!all_.empty());
    all_.back().needed = false;
    return std::move(*this);
}

bool form_fields::has_files() const noexcept
{
    return std::ranges::any_of(all_, [](const field& each) { return !each.file_type.empty(); });
}

takes::takes(form_fields fields)
    : type{fields.has_files() ? "multipart/form-data" : "application/x-www-form-urlencoded"},
      form{std::move(fields)}
{}

}  // namespace cohort::http
