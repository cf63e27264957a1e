#include <cohort/observe/exposition_format.hpp>

#include <cohort/observe/detail/header_words.hpp>

#include <algorithm>

namespace cohort::observe {

namespace {

using detail::trim;

std::string_view take_until(std::string_view& text, char end) noexcept
{
    return trim(detail::cut(text, end));
}

/// "0.75" in thousandths; what is no weight is none.
unsigned weight_in(std::string_view text) noexcept
{
    unsigned thousandths = 0;
    unsigned unit = 1'000;
    for (const char each : text.substr(0, 5)) {
        if (each == '.')
            continue;
        if (each < '0' || each > '9')
            return 0;
        thousandths += static_cast<unsigned>(each - '0') * unit;
        unit /= 10;
    }
    return std::min(thousandths, 1'000U);
}

}  // namespace

exposition_format preferred_exposition(std::string_view accept)
{
    unsigned openmetrics = 0;
    unsigned text = 0;
    while (!accept.empty()) {
        std::string_view element = take_until(accept, ',');
        const std::string_view type = take_until(element, ';');
        unsigned weight = 1'000;
        bool ours = true;
        while (!element.empty()) {
            std::string_view value = take_until(element, ';');
            const std::string_view name = take_until(value, '=');
            if (name == "q")
                weight = weight_in(trim(value));
            else if (name == "version")
                ours = trim(value) == "1.0.0";
        }
        if (type == "application/openmetrics-text" && ours)
            openmetrics = std::max(openmetrics, weight);
        else if (type == "text/plain" || type == "text/*" || type == "*/*")
            text = std::max(text, weight);
    }
    return openmetrics != 0 && openmetrics >= text ? exposition_format::openmetrics
                                                   : exposition_format::text;
}

std::string_view content_type(exposition_format of) noexcept
{
    return of == exposition_format::openmetrics
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace cohort::observe
