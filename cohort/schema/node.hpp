#pragma once
// How a description is kept once it knows its C++ type.

#include <cohort/schema/describer.hpp>
#include <cohort/schema/reader.hpp>

#include <boost/json/object.hpp>

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cohort::schema {

/// Everything that can be done with values of type T by their description. Immutable: any thread.
template <class T>
class node {
public:
    node() = default;
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    virtual ~node() = default;

    /// Takes one value. What does not fit is complained about and passed over; false: stop.
    [[nodiscard]] virtual bool read(reader& in, T& into) const = 0;

    /// Can values stand in a query, a path, a header: texts without quotes?
    [[nodiscard]] virtual bool takes_words() const noexcept { return false; }

    /// Reads such a text, if so.
    [[nodiscard]] virtual bool read_words(reader& in, std::string_view words, T& into) const;

    /// Are several such texts one value? Then they are read together.
    [[nodiscard]] virtual bool repeats() const noexcept { return false; }
    [[nodiscard]] virtual bool read_all_words(reader& in, std::span<const std::string_view> words,
                                              T& into) const
    {
        return read_words(in, words.front(), into);
    }

    /// Appends JSON text.
    virtual void write(std::string& out, const T& value) const = 0;

    [[nodiscard]] virtual boost::json::object describe(describer& by) const = 0;
};

template <class T>
using node_ptr = std::shared_ptr<const node<T>>;

/// Can a rule describe values of T?
template <class Rule, class T>
concept describes = requires(const Rule& rule) {
    {
        rule.template bind<T>()
    } -> std::convertible_to<node_ptr<T>>;
};

/// Complains about a value of another type, and passes over it. `type` is JSON Schema's word.
[[nodiscard]] bool refuse_type(reader& in, kind is, std::string_view type);

/// Complains about a text that is none of `type`.
[[nodiscard]] bool refuse_words(reader& in, std::string_view type);

template <class T>
bool node<T>::read_words(reader& in, std::string_view, T&) const
{
    return refuse_words(in, "value");
}

}  // namespace cohort::schema
