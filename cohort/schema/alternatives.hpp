#pragma once

#include <cohort/schema/node.hpp>
#include <cohort/schema/object.hpp>

#include <boost/json/object.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cohort::schema {

namespace detail {

/// Reads each alternative in turn, by its index, until one fits; the complaints of the best one
/// are kept if none does. `fitting`: which one; untouched if none does.
[[nodiscard]] bool read_first_that_fits(reader& in, std::size_t count, std::size_t& fitting,
                                        const std::function<bool(std::size_t)>& one);

/// Which of `values` the object's member `name` has, without taking the object; values.size() if
/// that was complained about and the object passed over.
[[nodiscard]] bool read_tag(reader& in, const std::string& name,
                            const std::vector<std::string>& values, std::size_t& which);

[[nodiscard]] boost::json::object describe_union(std::string_view keyword,
                                                 std::vector<boost::json::object> all);

/// Says in a union which member tells its alternatives apart, and how, if `by` has words for that
/// and all of them have names.
void add_discriminator(boost::json::object& to, const describer& by, const std::string& name,
                       const std::vector<std::string>& values);

/// Throws std::logic_error if one is there twice.
void check_tags(const std::vector<std::string>& values);

template <class... Ts>
using nodes_of = std::tuple<node_ptr<Ts>...>;

/// Calls `f` with the alternative at `which`, a constant then.
template <std::size_t Count, class F>
bool at_index(std::size_t which, F&& f)
{
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        bool answer = true;
        static_cast<void>(
            ((which == I && (answer = f(std::integral_constant<std::size_t, I>{}), true)) || ...));
        return answer;
    }(std::make_index_sequence<Count>{});
}

template <class... Ts>
[[nodiscard]] std::vector<boost::json::object> describe_all(const nodes_of<Ts...>& all,
                                                            describer& by)
{
    std::vector<boost::json::object> out;
    std::apply([&](const auto&... each) { (out.push_back(each->describe(by)), ...); }, all);
    return out;
}

/// What both unions have: they differ in how they find the alternative to read.
template <class... Ts>
class union_node : public node<std::variant<Ts...>> {
public:
    explicit union_node(nodes_of<Ts...> all)
        : all_{std::move(all)}
    {}
    void write(std::string& out, const std::variant<Ts...>& value) const override
    {
        at_index<sizeof...(Ts)>(value.index(), [&](auto index) {
            std::get<index>(all_)->write(out, std::get<index>(value));
            return true;
        });
    }

protected:
    bool read_one(reader& in, std::size_t which, std::variant<Ts...>& into) const
    {
        return at_index<sizeof...(Ts)>(which, [&](auto index) {
            return std::get<index>(all_)->read(in, into.template emplace<index>());
        });
    }
    [[nodiscard]] boost::json::object describe_by(std::string_view keyword, describer& by) const
    {
        return describe_union(keyword, describe_all<Ts...>(all_, by));
    }

private:
    nodes_of<Ts...> all_;
};

/// See any_of().
template <class... Ts>
class any_of_node final : public union_node<Ts...> {
public:
    using union_node<Ts...>::union_node;

    bool read(reader& in, std::variant<Ts...>& into) const override
    {
        std::size_t fitting = 0;
        return read_first_that_fits(in, sizeof...(Ts), fitting, [&](std::size_t which) {
            return this->read_one(in, which, into);
        });
    }
    boost::json::object describe(describer& by) const override
    {
        return this->describe_by("anyOf", by);
    }
};

/// See by().
template <class... Ts>
class tagged_node final : public union_node<Ts...> {
public:
    tagged_node(std::string name, std::vector<std::string> values, nodes_of<Ts...> all)
        : union_node<Ts...>{std::move(all)}, name_{std::move(name)}, values_{std::move(values)}
    {}
    bool read(reader& in, std::variant<Ts...>& into) const override
    {
        std::size_t which = 0;
        return read_tag(in, name_, values_, which) && this->read_one(in, which, into);
    }
    boost::json::object describe(describer& by) const override
    {
        boost::json::object out = this->describe_by("oneOf", by);
        add_discriminator(out, by, name_, values_);
        return out;
    }

private:
    std::string name_;
    std::vector<std::string> values_;
};

/// See later().
template <class T>
class later_node final : public node<T> {
public:
    explicit later_node(const object<T>& (*get)())
        : get_{get}
    {}
    bool read(reader& in, T& into) const override { return get_().shape().read(in, &into, {}); }
    void write(std::string& out, const T& value) const override
    {
        get_().shape().write(out, &value, {});
    }
    boost::json::object describe(describer& by) const override { return get_().describe(by); }

private:
    const object<T>& (*get_)();
};

}  // namespace detail

/// What any_of() makes. A value.
template <class... Rules>
class any_of_rule {
public:
    explicit any_of_rule(Rules... rules)
        : rules_{std::move(rules)...}
    {}

    template <class T>
        requires(std::variant_size_v<T> == sizeof...(Rules))
    [[nodiscard]] node_ptr<T> bind() const
    {
        return bound(static_cast<const T*>(nullptr));
    }

private:
    template <class... Ts>
    [[nodiscard]] node_ptr<std::variant<Ts...>> bound(const std::variant<Ts...>*) const
    {
        return std::apply(
            [](const Rules&... each) {
                return std::make_shared<const detail::any_of_node<Ts...>>(
                    detail::nodes_of<Ts...>{each.template bind<Ts>()...});
            },
            rules_);
    }
    std::tuple<Rules...> rules_;
};

/// Describes a std::variant, an alternative for each of its types in their order: the first that
/// fits is taken. If none does, the mistakes are those of the one that came closest.
template <class... Rules>
[[nodiscard]] any_of_rule<Rules...> any_of(Rules... rules)
{
    return any_of_rule<Rules...>{std::move(rules)...};
}

/// What by() and when() make. A value.
template <class... Ts>
class tagged_union {
public:
    tagged_union(std::string name, std::vector<std::string> values, detail::nodes_of<Ts...> nodes)
        : name_{std::move(name)}, values_{std::move(values)}, nodes_{std::move(nodes)}
    {}

    /// Another alternative: the next type of the variant.
    template <class T>
    [[nodiscard]] tagged_union<Ts..., T> when(std::string_view value, const object<T>& what) const
    {
        std::vector<std::string> values = values_;
        values.emplace_back(value);
        detail::check_tags(values);
        return {name_, std::move(values),
                std::tuple_cat(nodes_, std::tuple{what.tagged(name_, value)})};
    }

    template <std::same_as<std::variant<Ts...>> T>
    [[nodiscard]] node_ptr<T> bind() const
    {
        return std::make_shared<const detail::tagged_node<Ts...>>(name_, values_, nodes_);
    }

private:
    std::string name_;
    std::vector<std::string> values_;
    detail::nodes_of<Ts...> nodes_;
};

/// Describes a std::variant of structs by a member that none of them has and that says which one it
/// is: `by("kind").when("card", card_schema).when("iban", iban_schema)`.
[[nodiscard]] inline tagged_union<> by(std::string_view name)
{
    return {std::string{name}, {}, {}};
}

/// What later() makes. A value.
template <class T>
class later_rule {
public:
    explicit later_rule(const object<T>& (*get)())
        : get_{get}
    {}
    template <std::same_as<T> U>
    [[nodiscard]] node_ptr<U> bind() const
    {
        return std::make_shared<const detail::later_node<T>>(get_);
    }

private:
    const object<T>& (*get_)();
};

/// The description that a function returns, asked for when it is used: for structs that contain
/// themselves. It needs a name.
template <class T>
[[nodiscard]] later_rule<T> later(const object<T>& (*get)())
{
    return later_rule<T>{get};
}

}  // namespace cohort::schema
