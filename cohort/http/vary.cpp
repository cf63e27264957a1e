#include <cohort/http/vary.hpp>

#include <cohort/http/grammar.hpp>

#include <string>

namespace cohort::http {

void add_vary(response& answer, std::string_view field_name)
{
    const auto first = answer.header("Vary");
    if (!first) {
        answer.add_header("Vary", field_name);
        return;
    }
    std::string all;
    for (const std::string_view line : answer.fields().find_all("Vary")) {
        if (list_has(line, field_name) || list_has(line, "*"))
            return;
        all.append(line).append(", ");
    }
    answer.header("Vary", all.append(field_name));
}

}  // namespace cohort::http
