#pragma once

#include <cohort/schema/node.hpp>
#include <cohort/schema/writer.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohort::schema {

/// How many elements or members there may be. A value.
struct count_rule {
    /// What is allowed if nothing else is said: elements can be much longer in memory than in text.
    static constexpr std::size_t most_by_default = 10'000;

    std::size_t least = 0;
    std::size_t most = most_by_default;
    bool unique = false;
};

namespace detail {

/// Complaints about the number of elements.
[[nodiscard]] bool complain_too_many(reader& in, const count_rule& rule);
[[nodiscard]] bool complain_too_few(reader& in, const count_rule& rule);

/// Calls `one` for each element, within the rule.
template <class One>
[[nodiscard]] bool read_list(reader& in, const count_rule& rule, One one)
{
    if (const kind is = in.next(); is != kind::array)
        return refuse_type(in, is, "array");
    if (!in.enter())
        return false;
    for (std::size_t count = 0;; ++count) {
        const reader::found more = in.element(count == 0);
        if (more == reader::found::ended)
            return count >= rule.least || complain_too_few(in, rule);
        if (more == reader::found::stop)
            return false;
        if (count == rule.most && !complain_too_many(in, rule))
            return false;
        const reader::inside at{in, count};
        if (count >= rule.most ? !in.skip() : !one())
            return false;
    }
}

/// Calls `one` for each text, or each member with its name, within the rule.
[[nodiscard]] bool read_words_list(reader& in, const count_rule& rule, std::size_t count,
                                   const std::function<bool(std::size_t)>& one);
[[nodiscard]] bool read_map(reader& in, const count_rule& rule,
                            const std::function<bool(const std::string&)>& one);
/// Complains about elements that are there before already, by what they are as text.
[[nodiscard]] bool check_unique(reader& in, const std::vector<std::string>& texts);
[[nodiscard]] boost::json::object describe_list(const count_rule& rule, boost::json::object of);
[[nodiscard]] boost::json::object describe_map(const count_rule& rule, boost::json::object of);
/// Throws std::logic_error.
void check_counts(const count_rule& rule);

/// See list.hpp.
template <class T>
class list_node final : public node<std::vector<T>> {
public:
    list_node(count_rule rule, node_ptr<T> inner)
        : rule_{rule}, inner_{std::move(inner)}
    {}
    bool read(reader& in, std::vector<T>& into) const override
    {
        into.clear();
        const std::size_t before = in.complaints();
        const bool on = read_list(in, rule_, [&] {
            if (into.size() == 1)
                into.reserve(second_room);
            if constexpr (std::same_as<T, bool>) {  // whose vectors have no references to hand out
                bool one = false;
                const bool more = inner_->read(in, one);
                into.push_back(one);
                return more;
            } else {
                return inner_->read(in, into.emplace_back());
            }
        });
        return on && (in.complaints() != before || check_repeats(in, into));
    }
    bool takes_words() const noexcept override
    {
        return inner_->takes_words() && !inner_->repeats();
    }
    bool repeats() const noexcept override { return true; }
    bool read_all_words(reader& in, std::span<const std::string_view> words,
                        std::vector<T>& into) const override
    {
        into.clear();
        const std::size_t before = in.complaints();
        const bool on = read_words_list(in, rule_, words.size(), [&](std::size_t index) {
            T one{};
            const bool more = inner_->read_words(in, words[index], one);
            into.push_back(std::move(one));
            return more;
        });
        return on && (in.complaints() != before || check_repeats(in, into));
    }
    void write(std::string& out, const std::vector<T>& value) const override
    {
        out.push_back('[');
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (i > 0)
                out.push_back(',');
            inner_->write(out, value[i]);
        }
        out.push_back(']');
    }
    boost::json::object describe(describer& by) const override
    {
        return describe_list(rule_, inner_->describe(by));
    }

private:
    bool check_repeats(reader& in, const std::vector<T>& all) const
    {
        if (!rule_.unique)
            return true;
        std::vector<std::string> texts(all.size());
        for (std::size_t i = 0; i < all.size(); ++i)
            inner_->write(texts[i], all[i]);
        return check_unique(in, texts);
    }
    /// Where there are two elements there are often more, and room for them at once saves steps
    /// from 2 to 4 to 8. Not more: short texts must not become large in memory.
    static constexpr std::size_t second_room = 8;
    count_rule rule_;
    node_ptr<T> inner_;
};

/// See list.hpp.
template <class T>
class map_node final : public node<std::map<std::string, T>> {
public:
    map_node(count_rule rule, node_ptr<T> inner)
        : rule_{rule}, inner_{std::move(inner)}
    {}
    bool read(reader& in, std::map<std::string, T>& into) const override
    {
        into.clear();
        return read_map(in, rule_, [&](const std::string& name) {
            const auto [place, is_new] = into.try_emplace(name);
            return is_new ? inner_->read(in, place->second) : in.fail_twice(name);
        });
    }
    void write(std::string& out, const std::map<std::string, T>& value) const override
    {
        out.push_back('{');
        bool first = true;
        for (const auto& [name, each] : value) {
            if (!std::exchange(first, false))
                out.push_back(',');
            append_text(out, name);
            out.push_back(':');
            inner_->write(out, each);
        }
        out.push_back('}');
    }
    boost::json::object describe(describer& by) const override
    {
        return describe_map(rule_, inner_->describe(by));
    }

private:
    count_rule rule_;
    node_ptr<T> inner_;
};

template <class T>
struct element_of;
template <class T>
struct element_of<std::vector<T>> {
    using type = T;
};
template <class T>
struct element_of<std::map<std::string, T>> {
    using type = T;
};

}  // namespace detail

/// What list() makes. A value.
template <class Inner>
class list_rule {
public:
    explicit list_rule(Inner inner)
        : inner_{std::move(inner)}
    {}

    /// Elements, both included.
    [[nodiscard]] list_rule length(std::size_t least, std::size_t most) const
    {
        list_rule copy = *this;
        copy.rule_.least = least;
        copy.rule_.most = most;
        detail::check_counts(copy.rule_);
        return copy;
    }
    /// No two are equal.
    [[nodiscard]] list_rule unique() const
    {
        list_rule copy = *this;
        copy.rule_.unique = true;
        return copy;
    }

    template <class T>
        requires(std::same_as<T, std::vector<typename detail::element_of<T>::type>> &&
                 describes<Inner, typename detail::element_of<T>::type>)
    [[nodiscard]] node_ptr<T> bind() const
    {
        using element = typename detail::element_of<T>::type;
        return std::make_shared<const detail::list_node<element>>(rule_,
                                                                  inner_.template bind<element>());
    }

private:
    Inner inner_;
    count_rule rule_;
};

/// What map() makes. A value.
template <class Inner>
class map_rule {
public:
    explicit map_rule(Inner inner)
        : inner_{std::move(inner)}
    {}

    /// Members, both included.
    [[nodiscard]] map_rule length(std::size_t least, std::size_t most) const
    {
        map_rule copy = *this;
        copy.rule_.least = least;
        copy.rule_.most = most;
        detail::check_counts(copy.rule_);
        return copy;
    }

    template <class T>
        requires(std::same_as<T, std::map<std::string, typename detail::element_of<T>::type>> &&
                 describes<Inner, typename detail::element_of<T>::type>)
    [[nodiscard]] node_ptr<T> bind() const
    {
        using element = typename detail::element_of<T>::type;
        return std::make_shared<const detail::map_node<element>>(rule_,
                                                                 inner_.template bind<element>());
    }

private:
    Inner inner_;
    count_rule rule_;
};

/// Describes a std::vector: `list(text()).length(1, 5).unique()`; 10,000 elements at most if
/// nothing is said.
template <class Inner>
[[nodiscard]] list_rule<Inner> list(Inner inner)
{
    return list_rule<Inner>{std::move(inner)};
}

/// Describes a std::map<std::string, T>: an object with any names.
template <class Inner>
[[nodiscard]] map_rule<Inner> map(Inner inner)
{
    return map_rule<Inner>{std::move(inner)};
}

}  // namespace cohort::schema
