#pragma once

#include <cohort/schema/list.hpp>
#include <cohort/schema/nullable.hpp>
#include <cohort/schema/number.hpp>
#include <cohort/schema/text.hpp>

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cohort::schema {

namespace detail {

template <class T>
struct inference {
    static_assert(sizeof(T) == 0, "this type needs a description: schema::choice for an enum, "
                                  "the schema of a struct, schema::any_of for a variant");
};
template <>
struct inference<std::string> {
    static auto make() { return text{}; }
};
template <>
struct inference<bool> {
    static auto make() { return boolean{}; }
};
template <std::integral T>
struct inference<T> {
    static auto make() { return integer{}; }
};
template <std::floating_point T>
struct inference<T> {
    static auto make() { return number{}; }
};
template <class T>
struct inference<std::vector<T>> {
    static auto make() { return list(inference<T>::make()); }
};
template <class T>
struct inference<std::map<std::string, T>> {
    static auto make() { return map(inference<T>::make()); }
};
template <class T>
struct inference<std::optional<T>> {
    static auto make() { return nullable(inference<T>::make()); }
};

}  // namespace detail

/// What a type says of itself, without further rules: texts, numbers, booleans, and lists, maps and
/// optionals of them.
template <class T>
[[nodiscard]] auto inferred()
{
    return detail::inference<T>::make();
}

}  // namespace cohort::schema
