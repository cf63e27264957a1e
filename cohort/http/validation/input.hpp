#pragma once
// Where a handler's input comes from, and by which description it is read.

#include <cohort/http/json.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/validation/complaints.hpp>
#include <cohort/schema/object.hpp>
#include <cohort/schema/type.hpp>

#include <utility>

namespace cohort::http {

namespace detail {

[[nodiscard]] schema::detail::words_source path_words(const request& of);
[[nodiscard]] schema::detail::words_source query_words(const request& of);
[[nodiscard]] schema::detail::words_source header_words(const request& of,
                                                        const schema::detail::shape& shape);
/// Names in the query that the shape does not have, if it refuses them.
[[nodiscard]] schema::mistakes strangers_in_query(const request& of,
                                                  const schema::detail::shape& shape);

/// Throws std::logic_error if it has members that cannot be said without quotes.
void require_words(const schema::detail::shape& shape);

/// What is wrong between a route and a description of its path's parameters, or of its body.
[[nodiscard]] route_check path_rule(const schema::detail::shape& shape);
[[nodiscard]] route_check body_rule();

}  // namespace detail

/// The body as JSON. Made by in_body(). A value.
template <class T>
class body_input {
public:
    using value_type = T;

    explicit body_input(schema::type<T> what)
        : what_{std::move(what)}
    {}
    /// `fresh` is as its initialisers leave it, and good for nothing after a complaint.
    void read(const request& of, complaints& found, T& fresh) const
    {
        require_json(of);
        if (const auto read = what_.parse_into(of.body(), fresh); !read)
            found.add(place::body, read.error());
    }
    void note(route_notes& on) const
    {
        on.add(expects{place::body, [what = what_](auto& by) { return what.describe(by); }});
        on.add(detail::body_rule());
    }

private:
    schema::type<T> what_;
};

/// Parameters of the path, of the query, or header fields. Made by in_path() and its like. A value.
template <class T, place Where>
class words_input {
public:
    using value_type = T;

    explicit words_input(schema::object<T> what)
        : what_{std::move(what)}
    {
        detail::require_words(what_.shape());
    }
    void read(const request& of, complaints& found, T& fresh) const
    {
        if constexpr (Where == place::query)
            found.add(Where, detail::strangers_in_query(of, what_.shape()));
        if (const auto read = what_.parse_words_into(words(of), fresh); !read)
            found.add(Where, read.error());
    }
    void note(route_notes& on) const
    {
        on.add(expects{Where, [what = what_](auto& by) { return what.describe_in_place(by); }});
        if constexpr (Where == place::path)
            on.add(detail::path_rule(what_.shape()));
    }

private:
    [[nodiscard]] schema::detail::words_source words(const request& of) const
    {
        if constexpr (Where == place::path)
            return detail::path_words(of);
        else if constexpr (Where == place::query)
            return detail::query_words(of);
        else
            return detail::header_words(of, what_.shape());
    }
    schema::object<T> what_;
};

/// The body: a schema::object or schema::type.
template <class Schema>
[[nodiscard]] body_input<typename Schema::value_type> in_body(const Schema& what)
{
    return body_input<typename Schema::value_type>{schema::type<typename Schema::value_type>{what}};
}

/// The path's parameters; all names of the description must stand in the route's pattern.
template <class T>
[[nodiscard]] words_input<T, place::path> in_path(const schema::object<T>& what)
{
    return words_input<T, place::path>{what};
}

/// The query. A list takes a name that is there several times; others must be there once.
template <class T>
[[nodiscard]] words_input<T, place::query> in_query(const schema::object<T>& what)
{
    return words_input<T, place::query>{what};
}

/// Header fields, their names compared without case; other fields are passed over. A list takes
/// values with commas between them, and a field that is there several times.
template <class T>
[[nodiscard]] words_input<T, place::header> in_headers(const schema::object<T>& what)
{
    return words_input<T, place::header>{what};
}

}  // namespace cohort::http
