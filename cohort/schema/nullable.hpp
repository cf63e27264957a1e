#pragma once

#include <cohort/schema/node.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohort::schema {

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// The description of something, or null.
[[nodiscard]] boost::json::object describe_nullable(boost::json::object of);

/// See nullable.hpp.
template <class T>
class nullable_node final : public node<std::optional<T>> {
public:
    explicit nullable_node(node_ptr<T> inner)
        : inner_{std::move(inner)}
    {}
    bool read(reader& in, std::optional<T>& into) const override
    {
        if (in.next() != kind::null)
            return inner_->read(in, into.emplace());
        into.reset();
        return in.take_null();
    }
    void write(std::string& out, const std::optional<T>& value) const override
    {
        if (value)
            inner_->write(out, *value);
        else
            out += "null";
    }
    boost::json::object describe(describer& by) const override
    {
        return describe_nullable(inner_->describe(by));
    }

private:
    node_ptr<T> inner_;
};

/// See checked().
template <class T, class F>
class checked_node final : public node<T> {
public:
    checked_node(node_ptr<T> inner, std::string message, F holds)
        : inner_{std::move(inner)}, message_{std::move(message)}, holds_{std::move(holds)}
    {}
    bool read(reader& in, T& into) const override
    {
        const std::size_t before = in.complaints();
        return inner_->read(in, into) && check(in, into, before);
    }
    bool takes_words() const noexcept override { return inner_->takes_words(); }
    bool read_words(reader& in, std::string_view words, T& into) const override
    {
        const std::size_t before = in.complaints();
        return inner_->read_words(in, words, into) && check(in, into, before);
    }
    void write(std::string& out, const T& value) const override { inner_->write(out, value); }
    boost::json::object describe(describer& by) const override { return inner_->describe(by); }

private:
    bool check(reader& in, const T& value, std::size_t before) const
    {
        return in.complaints() != before || holds_(value) || in.complain("check", {}, message_);
    }
    node_ptr<T> inner_;
    std::string message_;
    F holds_;
};

}  // namespace detail

/// What nullable() makes. A value.
template <class Inner>
class nullable_rule {
public:
    explicit nullable_rule(Inner inner)
        : inner_{std::move(inner)}
    {}

    template <class T>
        requires(detail::is_optional<T> && describes<Inner, typename T::value_type>)
    [[nodiscard]] node_ptr<T> bind() const
    {
        using value = typename T::value_type;
        return std::make_shared<const detail::nullable_node<value>>(inner_.template bind<value>());
    }

private:
    Inner inner_;
};

/// What checked() makes. A value.
template <class Inner, class F>
class checked_rule {
public:
    checked_rule(Inner inner, std::string message, F holds)
        : inner_{std::move(inner)}, message_{std::move(message)}, holds_{std::move(holds)}
    {}

    template <class T>
        requires(describes<Inner, T> && std::is_invocable_r_v<bool, const F&, const T&>)
    [[nodiscard]] node_ptr<T> bind() const
    {
        return std::make_shared<const detail::checked_node<T, F>>(inner_.template bind<T>(),
                                                                  message_, holds_);
    }

private:
    Inner inner_;
    std::string message_;
    F holds_;
};

/// Describes a std::optional that may be null. In an object, an optional member may be absent; this
/// lets it be null, too, and both mean nothing. Who wants to tell them apart has a
/// `std::optional<std::optional<T>>`.
template <class Inner>
[[nodiscard]] nullable_rule<Inner> nullable(Inner inner)
{
    return nullable_rule<Inner>{std::move(inner)};
}

/// Any description, and a rule of your own beside it: `checked(integer(), "must be prime",
/// is_prime)`. The rule sees only what fits the description.
template <class Inner, class F>
[[nodiscard]] checked_rule<Inner, F> checked(Inner inner, std::string message, F holds)
{
    return {std::move(inner), std::move(message), std::move(holds)};
}

}  // namespace cohort::schema
