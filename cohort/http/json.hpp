#pragma once
// JSON in and out: Boost.JSON, with bounds and without surprises.

#include <cohort/http/problem.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <concepts>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohort::http {

/// Arrays and objects inside each other.
inline constexpr std::size_t json_depth_max = 32;

/// Where a document went wrong. A value.
struct json_mistake {
    std::string what;    ///< "object key `a` is there twice", "syntax error"
    std::size_t offset;  ///< Bytes before it.
    std::size_t line;    ///< From 1.
    std::size_t column;  ///< In bytes, from 1.
};

/// Reads one whole JSON text (RFC 8259), strictly: UTF-8, no comments, no trailing commas, nothing
/// after it, at most json_depth_max levels, no key twice in one object. Its size is bounded by
/// whoever has `text`.
[[nodiscard]] std::expected<boost::json::value, json_mistake> parse_json(std::string_view text);

/// "application/json" or a type that ends in "+json", with any parameters but a charset other than
/// UTF-8.
[[nodiscard]] bool is_json_type(std::string_view content_type) noexcept;

/// Throws a refusal with 415 unless the body says that it is JSON.
void require_json(const request& of);

/// Anything that boost::json::value_from converts: structs by their tag_invoke, maps, vectors,
/// optionals; 200 unless you say.
template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, boost::json::value> &&
             boost::json::has_value_from<std::remove_cvref_t<T>>::value)
[[nodiscard]] response json(T&& from, unsigned status = 200)
{
    return json(boost::json::value_from(std::forward<T>(from)), status);
}

/// The request's body as T, by boost::json::value_to. Throws what request::json() throws, and a
/// refusal with 422 if the document does not fit T.
template <class T>
[[nodiscard]] T json_as(const request& of)
{
    const boost::json::value document = of.json();
    auto converted = boost::json::try_value_to<T>(document);
    if (!converted)
        throw refusal{422}.detail("the document does not have the expected shape");
    return std::move(*converted);
}

}  // namespace cohort::http
