#pragma once

#include <cohort/schema/node.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::schema {

/// Words for the documentation of one member. A value.
struct words {
    std::string about = {};                         ///< Markdown.
    std::vector<boost::json::value> examples = {};  ///< They must fit.
};

namespace detail {

void add_words(boost::json::object& to, const words& from);

/// Throws std::logic_error: an example does not fit.
[[noreturn]] void refuse_example(const boost::json::value& example, const mistakes& why);

/// See documented().
template <class T>
class documented_node final : public node<T> {
public:
    documented_node(node_ptr<T> inner, words more)
        : inner_{std::move(inner)}, words_{std::move(more)}
    {
        for (const boost::json::value& each : words_.examples)
            try_out(each);
    }
    bool read(reader& in, T& into) const override { return inner_->read(in, into); }
    bool takes_words() const noexcept override { return inner_->takes_words(); }
    bool repeats() const noexcept override { return inner_->repeats(); }
    bool read_words(reader& in, std::string_view text, T& into) const override
    {
        return inner_->read_words(in, text, into);
    }
    bool read_all_words(reader& in, std::span<const std::string_view> all, T& into) const override
    {
        return inner_->read_all_words(in, all, into);
    }
    void write(std::string& out, const T& value) const override { inner_->write(out, value); }
    boost::json::object describe(describer& by) const override
    {
        boost::json::object out = inner_->describe(by);
        add_words(out, words_);
        return out;
    }

private:
    void try_out(const boost::json::value& example) const
    {
        const std::string text = boost::json::serialize(example);
        reader in{text};
        T value{};
        if (!inner_->read(in, value) || in.complaints() != 0)
            refuse_example(example, in.take_mistakes());
    }
    node_ptr<T> inner_;
    words words_;
};

}  // namespace detail

/// What documented() makes. A value.
template <class Inner>
class documented_rule {
public:
    documented_rule(Inner inner, words more)
        : inner_{std::move(inner)}, words_{std::move(more)}
    {}

    template <class T>
        requires describes<Inner, T>
    [[nodiscard]] node_ptr<T> bind() const
    {
        return std::make_shared<const detail::documented_node<T>>(inner_.template bind<T>(),
                                                                  words_);
    }

private:
    Inner inner_;
    words words_;
};

/// Any description, with words and examples for those who read the documentation:
/// `documented(text().length(3, 3), {.about = "ISO 4217", .examples = {"EUR"}})`.
template <class Inner>
[[nodiscard]] documented_rule<Inner> documented(Inner inner, words more)
{
    return {std::move(inner), std::move(more)};
}

}  // namespace cohort::schema
