#pragma once

#include <cohort/schema/detail/quoted_name.hpp>
#include <cohort/schema/nullable.hpp>
#include <cohort/schema/writer.hpp>

#include <boost/json/object.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::schema::detail {

/// required: its absence is a mistake. optional: the member is a std::optional. defaulted: it stays
/// as the struct's own initialiser has it.
enum class presence : std::uint8_t { required, optional, defaulted };

/// One member of a struct, whose type is not known here. Immutable.
class member {
public:
    member(std::string name, presence need);
    member(const member&) = delete;
    member& operator=(const member&) = delete;
    virtual ~member() = default;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const quoted_name& quoted() const noexcept { return quoted_; }
    [[nodiscard]] presence need() const noexcept { return need_; }

    [[nodiscard]] virtual bool read(reader& in, void* object) const = 0;

    /// Whether it can stand in a query, and whether it can be there several times.
    [[nodiscard]] virtual bool takes_words() const noexcept = 0;
    [[nodiscard]] virtual bool repeats() const noexcept { return false; }
    /// `values`: at least one, and one alone unless it repeats.
    [[nodiscard]] virtual bool read_words(reader& in, std::span<const std::string_view> values,
                                          void* object) const = 0;

    /// Appends `,"name":value` or nothing.
    virtual void write(std::string& out, const void* object) const = 0;

    [[nodiscard]] virtual boost::json::object describe(describer& by) const = 0;
    /// JSON text of what `object` has there; empty if that is nothing.
    [[nodiscard]] virtual std::string value_of(const void* object) const = 0;

protected:
    /// `,"name":`
    [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }

private:
    std::string name_;
    quoted_name quoted_;
    std::string prefix_;
    presence need_;
};

/// A member of type M in a struct T, described as N: the same, or what an optional M holds.
template <class T, class M, class N>
class member_of final : public member {
public:
    member_of(std::string name, presence need, M T::* where, node_ptr<N> what)
        : member{std::move(name), need}, where_{where}, what_{std::move(what)}
    {}

    bool read(reader& in, void* object) const override { return what_->read(in, of(object)); }
    bool takes_words() const noexcept override { return what_->takes_words(); }
    bool repeats() const noexcept override { return what_->repeats(); }
    bool read_words(reader& in, std::span<const std::string_view> values,
                    void* object) const override
    {
        return what_->read_all_words(in, values, of(object));
    }
    void write(std::string& out, const void* object) const override
    {
        const M& value = static_cast<const T*>(object)->*where_;
        if constexpr (is_optional<M>) {
            if (!value)
                return;
        }
        append_plain(out, prefix());
        write_value(out, value);
    }
    boost::json::object describe(describer& by) const override { return what_->describe(by); }
    std::string value_of(const void* object) const override
    {
        std::string out;
        const M& value = static_cast<const T*>(object)->*where_;
        if constexpr (is_optional<M>) {
            if (!value)
                return out;
        }
        write_value(out, value);
        return out;
    }

private:
    N& of(void* object) const
    {
        M& value = static_cast<T*>(object)->*where_;
        if constexpr (std::same_as<M, N>)
            return value;
        else
            return value.emplace();
    }
    void write_value(std::string& out, const M& value) const
    {
        if constexpr (std::same_as<M, N>)
            what_->write(out, value);
        else
            what_->write(out, *value);
    }
    M T::* where_;
    node_ptr<N> what_;
};

}  // namespace cohort::schema::detail
