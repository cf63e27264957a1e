#pragma once

#include <cohort/schema/detail/shape.hpp>
#include <cohort/schema/inferred.hpp>
#include <cohort/schema/type.hpp>

#include <concepts>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohort::schema {

namespace detail {

template <class M>
struct present_value {
    using type = M;
};
template <class M>
struct present_value<std::optional<M>> {
    using type = M;
};
/// What a member is when it is there.
template <class M>
using present = typename present_value<M>::type;

/// See object.hpp.
template <class T>
class object_node final : public node<T> {
public:
    object_node(std::shared_ptr<const detail::shape> shape, std::string_view tag_name,
                std::string_view tag_value)
        : shape_{std::move(shape)}, tag_name_{tag_name}, tag_value_{tag_value}
    {}
    bool read(reader& in, T& into) const override { return shape_->read(in, &into, tag_name_); }
    void write(std::string& out, const T& value) const override
    {
        shape_->write(out, &value, {tag_name_, tag_value_});
    }
    boost::json::object describe(describer& by) const override
    {
        const auto make = [this](describer& each) {
            const T fresh{};
            return shape_->describe(each, &fresh, {tag_name_, tag_value_});
        };
        if (shape_->name.empty())
            return make(by);
        std::string tag = tag_name_.empty() ? "" : tag_name_ + "=" + tag_value_;
        return by.refer({shape_.get(), std::move(tag)}, shape_->name, make);
    }

private:
    std::shared_ptr<const detail::shape> shape_;
    std::string tag_name_;
    std::string tag_value_;
};

}  // namespace detail

/// Describes a struct, once and for all: how it is read, checked, written and documented.
///
///     inline const auto payment_schema = schema::object<payment>("Payment")
///         .field("to", &payment::to, schema::text().length(1, 80))
///         .field("cents", &payment::cents, schema::integer().range(1, 1'000'000));
///
/// Members that are no std::optional must be there; members that are not described must not. A
/// mistake in a description throws std::logic_error where it is made: at the program's start.
/// A value: copies share what they have; any thread.
template <class T>
class object {
public:
    using value_type = T;

    /// Documents call it `name`; without one it is described wherever it is used.
    explicit object(std::string_view name = {})
        : shape_{std::make_shared<detail::shape>()}
    {
        if (!name.empty())
            detail::check_name(name);
        shape_->name = name;
    }

    template <class M, class Owner, class Rule>
    [[nodiscard]] object field(std::string_view name, M Owner::* where, const Rule& rule) &&
    {
        return std::move(*this).template add<M>(name, where, rule, detail::presence::required);
    }
    /// Without rules but those of its type.
    template <class M, class Owner>
    [[nodiscard]] object field(std::string_view name, M Owner::* where) &&
    {
        return std::move(*this).field(name, where, inferred<detail::present<M>>());
    }

    /// May be absent, and stays then as the struct's own initialiser has it, which has to fit.
    template <class M, class Owner, class Rule>
    [[nodiscard]] object defaulted(std::string_view name, M Owner::* where, const Rule& rule) &&
    {
        return std::move(*this).template add<M>(name, where, rule, detail::presence::defaulted);
    }
    template <class M, class Owner>
    [[nodiscard]] object defaulted(std::string_view name, M Owner::* where) &&
    {
        return std::move(*this).defaulted(name, where, inferred<detail::present<M>>());
    }

    /// A rule about the whole, asked once all members are right. `pointer` is a JSON Pointer from
    /// here to what it is about ("/note").
    template <class F>
        requires std::is_invocable_r_v<bool, const F&, const T&>
    [[nodiscard]] object check(std::string_view message, F holds, std::string_view pointer = {}) &&
    {
        own().rules.push_back({.message = std::string{message},
                               .pointer = std::string{pointer},
                               .holds = [holds = std::move(holds)](const void* value) {
                                   return static_cast<bool>(holds(*static_cast<const T*>(value)));
                               }});
        return std::move(*this);
    }

    /// Members that are not described are passed over.
    [[nodiscard]] object allow_unknown() &&
    {
        own().others = detail::strangers::passed_over;
        return std::move(*this);
    }

    /// Words for the documentation.
    [[nodiscard]] object about(std::string_view words) &&
    {
        own().about = words;
        return std::move(*this);
    }

    /// Reads a whole JSON text.
    [[nodiscard]] std::expected<T, mistakes> parse(std::string_view text) const
    {
        T value{};
        if (auto read = detail::read_document(
                text, [&](reader& in) { return shape_->read(in, &value, {}); });
            !read)
            return std::unexpected(std::move(read.error()));
        return value;
    }

    /// Reads members from texts without quotes, as queries and header fields have them. Only if
    /// takes_words(): no member is an object, a map or a union.
    [[nodiscard]] std::expected<T, mistakes> parse_words(const detail::words_source& from) const
    {
        T value{};
        if (auto read = parse_words_into(from, value); !read)
            return std::unexpected(std::move(read.error()));
        return value;
    }
    /// The same into a fresh value, which is good for nothing after a mistake.
    [[nodiscard]] std::expected<void, mistakes> parse_words_into(const detail::words_source& from,
                                                                 T& fresh) const
    {
        return detail::read_document(
            {}, [&](reader& in) { return shape_->read_words(in, from, &fresh); });
    }
    [[nodiscard]] bool takes_words() const noexcept { return shape_->takes_words(); }

    /// The value as JSON text. It is not checked.
    [[nodiscard]] std::string write(const T& value) const
    {
        return detail::write_document(room_,
                                      [&](std::string& out) { shape_->write(out, &value, {}); });
    }

    /// JSON Schema 2020-12, complete.
    [[nodiscard]] boost::json::object json_schema() const { return type<T>{*this}.json_schema(); }

    /// The members alone, without a reference to the name.
    [[nodiscard]] boost::json::object describe_in_place(describer& by) const
    {
        const T fresh{};
        return shape_->describe(by, &fresh, {});
    }

    /// As a part of a larger document.
    [[nodiscard]] boost::json::object describe(describer& by) const
    {
        return bind<T>()->describe(by);
    }

    template <std::same_as<T> U>
    [[nodiscard]] node_ptr<U> bind() const
    {
        return tagged({}, {});
    }

    /// The same object with one more member, which says which alternative of a union it is.
    [[nodiscard]] node_ptr<T> tagged(std::string_view name, std::string_view value) const
    {
        return std::make_shared<const detail::object_node<T>>(shape_, name, value);
    }

    [[nodiscard]] const detail::shape& shape() const noexcept { return *shape_; }

private:
    template <class M, class Owner, class Rule>
    [[nodiscard]] object add(std::string_view name, M Owner::* where, const Rule& rule,
                             detail::presence need) &&
    {
        static_assert(std::derived_from<T, Owner>, "a member of another struct");
        using inner = detail::present<M>;
        constexpr bool unwraps = detail::is_optional<M> && describes<Rule, inner>;
        using described = std::conditional_t<unwraps, inner, M>;
        static_assert(describes<Rule, described>,
                      "this description is for another type than the member has");
        own().add(std::make_shared<const detail::member_of<T, M, described>>(
            std::string{name}, detail::is_optional<M> ? detail::presence::optional : need, where,
            rule.template bind<described>()));
        if (need == detail::presence::defaulted) {
            T fresh{};
            detail::check_default(*shape_->members.back(), &fresh);
        }
        return std::move(*this);
    }

    /// Ours alone, before it is changed.
    detail::shape& own()
    {
        if (shape_.use_count() > 1)
            shape_ = std::make_shared<detail::shape>(*shape_);
        return *shape_;
    }

    std::shared_ptr<detail::shape> shape_;
    mutable room_hint room_;
};

}  // namespace cohort::schema
