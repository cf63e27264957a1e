#pragma once

#include <cohort/schema/inferred.hpp>
#include <cohort/schema/mistake.hpp>
#include <cohort/schema/node.hpp>

#include <boost/json/object.hpp>

#include <concepts>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohort::schema {

/// A document that describes itself: "$schema", and what `by` was referred to under "$defs".
[[nodiscard]] boost::json::object whole_schema(boost::json::object root, const describer& by);

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
        reader in{text};
        T value{};
        const bool on = node_->read(in, value) && in.finish();
        if (on && in.complaints() == 0)
            return value;
        return std::unexpected(in.take_mistakes());
    }

    /// The value as JSON text. It is not checked: what a program answers is its own affair.
    [[nodiscard]] std::string write(const T& value) const
    {
        std::string out;
        out.reserve(write_room);
        node_->write(out, value);
        return out;
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
    static constexpr std::size_t write_room = 512;  // so that most texts need no second block
    node_ptr<T> node_;
};

}  // namespace cohort::schema
