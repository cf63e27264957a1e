#pragma once

#include <cohort/schema/inferred.hpp>
#include <cohort/schema/mistake.hpp>
#include <cohort/schema/node.hpp>
#include <cohort/schema/writer.hpp>

#include <boost/json/object.hpp>

#include <concepts>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohort::schema {

/// A document that describes itself: "$schema", and what `by` was referred to under "$defs".
[[nodiscard]] boost::json::object whole_schema(boost::json::object root, const describer& by);

namespace detail {

/// A whole text, of which `read` takes the value.
template <class Read>
[[nodiscard]] std::expected<void, mistakes> read_document(std::string_view text, Read read)
{
    reader in{text};
    if (read(in) && in.finish() && in.complaints() == 0)
        return {};
    return std::unexpected(in.take_mistakes());
}

/// The text that `append` makes, by what is known of the last one.
template <class Append>
[[nodiscard]] std::string write_document(room_hint& room, Append append)
{
    std::string out;
    out.reserve(room.bytes());
    append(out);
    room.note(out.size());
    return out;
}

}  // namespace detail

/// What values of T may be, whatever it was described by: `const schema::type<std::vector<payment>>
/// payments = schema::list(payment_schema);`. Immutable; copies share it; any thread.
template <class T>
class type {
public:
    using value_type = T;

    /// Only what T says of itself.
    type()
        : type{inferred<T>()}
    {}

    template <class Rule>
        requires(!std::same_as<Rule, type> && describes<Rule, T>)
    type(const Rule& rule)
        : node_{rule.template bind<T>()}
    {}

    /// Reads a whole JSON text.
    [[nodiscard]] std::expected<T, mistakes> parse(std::string_view text) const
    {
        T value{};
        if (auto read = parse_into(text, value); !read)
            return std::unexpected(std::move(read.error()));
        return value;
    }
    /// The same into a fresh value, which is good for nothing after a mistake.
    [[nodiscard]] std::expected<void, mistakes> parse_into(std::string_view text, T& fresh) const
    {
        return detail::read_document(text, [&](reader& in) { return node_->read(in, fresh); });
    }

    /// The value as JSON text. It is not checked: what a program answers is its own affair.
    [[nodiscard]] std::string write(const T& value) const
    {
        return detail::write_document(room_, [&](std::string& out) { node_->write(out, value); });
    }

    /// JSON Schema 2020-12, complete.
    [[nodiscard]] boost::json::object json_schema() const
    {
        describer by;
        boost::json::object root = node_->describe(by);
        return whole_schema(std::move(root), by);
    }

    /// As a part of a larger document.
    [[nodiscard]] boost::json::object describe(describer& by) const { return node_->describe(by); }

    template <std::same_as<T> U>
    [[nodiscard]] node_ptr<U> bind() const
    {
        return node_;
    }

private:
    node_ptr<T> node_;
    mutable room_hint room_;
};

}  // namespace cohort::schema
