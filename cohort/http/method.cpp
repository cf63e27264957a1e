#include <cohort/http/method.hpp>

#include <array>

namespace cohort::http {

namespace {

constexpr std::array<std::string_view, methods_count> names{
    "", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

method only(method candidate, std::string_view token) noexcept
{
    return token == text(candidate) ? candidate : method::other;
}

}  // namespace

std::string_view text(method verb) noexcept { return names[static_cast<std::size_t>(verb)]; }

method parse_method(std::string_view token) noexcept
{
    switch (token.size()) {
        case 3:
            return token[0] == 'G' ? only(method::get, token) : only(method::put, token);
        case 4:
            return token[0] == 'P' ? only(method::post, token) : only(method::head, token);
        case 5:
            return token[0] == 'P' ? only(method::patch, token) : only(method::trace, token);
        case 6:
            return only(method::del, token);
        case 7:
            return token[0] == 'O' ? only(method::options, token) : only(method::connect, token);
        default:
            return method::other;
    }
}

}  // namespace cohort::http
