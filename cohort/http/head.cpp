#include <cohort/http/head.hpp>

#include <cohort/http/grammar.hpp>

namespace cohort::http {

std::optional<std::string_view> head_view::find(std::string_view name) const noexcept
{
    for (std::size_t i = 0; i < fields_count(); ++i) {
        const field_view f = field(i);
        if (equal_ignoring_case(f.name, name))
            return f.value;
    }
    return std::nullopt;
}

}  // namespace cohort::http
