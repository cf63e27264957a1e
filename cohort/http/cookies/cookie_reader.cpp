#include <cohort/http/cookies/cookie_reader.hpp>

#include <cohort/http/grammar.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

/// Calls `visit` with each pair until it returns true or cookies_max have been seen.
template <class F>
void each_cookie(const request& of, F visit)
{
    std::size_t count = 0;
    // One field in HTTP/1.1; HTTP/2 may cut it into several (RFC 9113, 8.2.3).
    for (std::string_view field : of.headers("Cookie")) {
        while (const auto pair = next_cookie(field)) {
            if (++count > cookies_max || visit(*pair))
                return;
        }
    }
}

}  // namespace

std::optional<cookie_pair> next_cookie(std::string_view& rest) noexcept
{
    while (!rest.empty()) {
        const auto end = std::min(rest.find(';'), rest.size());
        const auto text = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto equals = text.find('=');
        if (equals == std::string_view::npos)
            continue;
        const cookie_pair pair{.name = trim(text.substr(0, equals)),
                               .value = trim(text.substr(equals + 1))};
        if (is_token(pair.name) && is_field_value(pair.value))
            return pair;
    }
    return std::nullopt;
}

std::vector<cookie_pair> cookies(const request& of)
{
    std::vector<cookie_pair> all;
    each_cookie(of, [&all](const cookie_pair& pair) {
        all.push_back(pair);
        return false;
    });
    return all;
}

std::optional<std::string_view> cookie(const request& of, std::string_view name)
{
    std::optional<std::string_view> found;
    each_cookie(of, [&found, name](const cookie_pair& pair) {
        if (pair.name == name)
            found = pair.value;
        return found.has_value();
    });
    return found;
}

}  // namespace cohort::http
