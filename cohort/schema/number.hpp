#pragma once

#include <cohort/schema/node.hpp>
#include <cohort/schema/whole.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>

namespace cohort::schema {

/// Integers from least to most, and multiples of `step` alone if it is not 0. A value.
struct integer_rule {
    whole least;
    whole most;
    std::uint64_t step = 0;
};

namespace detail {

[[nodiscard]] bool read_whole(reader& in, const integer_rule& rule, whole& into);
[[nodiscard]] bool read_whole_words(reader& in, const integer_rule& rule, std::string_view words,
                                    whole& into);
[[nodiscard]] boost::json::object describe_whole(const integer_rule& rule, std::string_view format);
void write_whole(std::string& out, const whole& value);

/// Throws std::logic_error if the rule allows what its type cannot hold.
[[nodiscard]] integer_rule narrowed(std::optional<whole> least, std::optional<whole> most,
                                    whole type_least, whole type_most);

template <class T>
[[nodiscard]] constexpr std::string_view format_of() noexcept
{
    if (sizeof(T) == 8)
        return std::signed_integral<T> ? "int64" : "uint64";
    return sizeof(T) == 4 && std::signed_integral<T> ? "int32" : "";
}

/// See number.hpp.
template <class T>
class integer_node final : public node<T> {
public:
    explicit integer_node(integer_rule rule)
        : rule_{rule}
    {}
    bool read(reader& in, T& into) const override
    {
        whole value;
        if (!read_whole(in, rule_, value))
            return false;
        into = as<T>(value);
        return true;
    }
    bool takes_words() const noexcept override { return true; }
    bool read_words(reader& in, std::string_view words, T& into) const override
    {
        whole value;
        if (!read_whole_words(in, rule_, words, value))
            return false;
        into = as<T>(value);
        return true;
    }
    void write(std::string& out, const T& value) const override
    {
        write_whole(out, make_whole(value));
    }
    boost::json::object describe(describer&) const override
    {
        return describe_whole(rule_, format_of<T>());
    }

private:
    integer_rule rule_;
};

}  // namespace detail

/// Describes an integer of any type but bool: `integer().range(1, 100)`; without a range, that of
/// the type. 1.0 and 1e2 are integers, as JSON Schema has it. A value.
class integer {
public:
    /// Both included.
    template <std::integral A, std::integral B>
    [[nodiscard]] integer range(A least, B most) const
    {
        return at_least(least).at_most(most);
    }
    template <std::integral A>
    [[nodiscard]] integer at_least(A least) const
    {
        integer copy = *this;
        copy.least_ = make_whole(least);
        return copy;
    }
    template <std::integral A>
    [[nodiscard]] integer at_most(A most) const
    {
        integer copy = *this;
        copy.most_ = make_whole(most);
        return copy;
    }
    /// Above 0.
    [[nodiscard]] integer multiple_of(std::uint64_t step) const
    {
        integer copy = *this;
        copy.step_ = step;
        return copy;
    }

    template <std::integral T>
        requires(!std::same_as<T, bool>)
    [[nodiscard]] node_ptr<T> bind() const
    {
        integer_rule rule = detail::narrowed(least_, most_, least_of<T>, most_of<T>);
        rule.step = step_;
        return std::make_shared<const detail::integer_node<T>>(rule);
    }

private:
    std::optional<whole> least_;
    std::optional<whole> most_;
    std::uint64_t step_ = 0;
};

/// Describes a double or float: `number().range(0, 1)`. Always finite. A value.
class number {
public:
    /// Both included.
    [[nodiscard]] number range(double least, double most) const
    {
        return at_least(least).at_most(most);
    }
    [[nodiscard]] number at_least(double least) const;
    [[nodiscard]] number at_most(double most) const;
    [[nodiscard]] number above(double bound) const;
    [[nodiscard]] number below(double bound) const;

    template <class T>
        requires(std::same_as<T, double> || std::same_as<T, float>)
    [[nodiscard]] node_ptr<T> bind() const
    {
        if constexpr (std::same_as<T, double>)
            return bound();
        else
            return bound_float();
    }

    /// A limit and whether it is allowed itself. A value.
    struct limit {
        double at;
        bool included;
    };

private:
    [[nodiscard]] node_ptr<double> bound() const;
    [[nodiscard]] node_ptr<float> bound_float() const;
    std::optional<limit> least_;
    std::optional<limit> most_;
};

/// Describes a bool. A value.
class boolean {
public:
    template <std::same_as<bool> T>
    [[nodiscard]] node_ptr<T> bind() const
    {
        return bound();
    }

private:
    [[nodiscard]] static node_ptr<bool> bound();
};

}  // namespace cohort::schema
