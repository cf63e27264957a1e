#pragma once

#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>

#include <initializer_list>
#include <optional>
#include <string_view>

namespace cohort::http {

/// Which of these types the client would rather have, by its Accept fields; of those that it likes
/// equally the first. Without Accept: the first. Nothing: it takes none of them.
///
///     const auto type = http::preferred(request, {"application/json", "text/html"});
///     if (!type)
///         return http::not_acceptable({"application/json", "text/html"});
///     return (type == "text/html" ? page(user) : http::json(user)).header("Vary", "Accept");
///
/// Source: RFC 9110 section 12.5.1.
[[nodiscard]] std::optional<std::string_view>
preferred(const request& of, std::initializer_list<std::string_view> types);

/// The same for languages, by Accept-Language: "de" is taken for "de-CH", and for "de-CH" there is
/// "de". Source: RFC 9110 section 12.5.4, RFC 4647 sections 3.3.1 and 3.4.
[[nodiscard]] std::optional<std::string_view>
preferred_language(const request& of, std::initializer_list<std::string_view> tags);

/// 406, with the types that there are.
[[nodiscard]] response not_acceptable(std::initializer_list<std::string_view> types);

}  // namespace cohort::http
