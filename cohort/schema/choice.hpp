#pragma once

#include <cohort/schema/node.hpp>
#include <cohort/schema/writer.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::schema {

namespace detail {

/// Which of `words` the next value is; SIZE_MAX after a complaint.
[[nodiscard]] bool read_choice(reader& in, const std::vector<std::string>& words,
                               std::size_t& which);
[[nodiscard]] bool choose(reader& in, const std::vector<std::string>& words, std::string_view word,
                          std::size_t& which);
[[nodiscard]] boost::json::object describe_choice(const std::vector<std::string>& words);
/// Throws std::logic_error if there is none, or one twice.
void check_choice(const std::vector<std::string>& words);

/// See choice.hpp.
template <class E>
class choice_node final : public node<E> {
public:
    choice_node(std::vector<std::string> words, std::vector<E> values)
        : words_{std::move(words)}, values_{std::move(values)}
    {}
    bool read(reader& in, E& into) const override
    {
        std::size_t which = 0;
        return read_choice(in, words_, which) && take(which, into);
    }
    bool takes_words() const noexcept override { return true; }
    bool read_words(reader& in, std::string_view words, E& into) const override
    {
        std::size_t which = 0;
        return choose(in, words_, words, which) && take(which, into);
    }
    void write(std::string& out, const E& value) const override
    {
        for (std::size_t i = 0; i < values_.size(); ++i) {
            if (values_[i] == value) {
                append_text(out, words_[i]);
                return;
            }
        }
        throw std::logic_error{"schema: a value to be written is none of its choices"};
    }
    boost::json::object describe(describer&) const override { return describe_choice(words_); }

private:
    bool take(std::size_t which, E& into) const
    {
        if (which < values_.size())
            into = values_[which];
        return true;
    }
    std::vector<std::string> words_;
    std::vector<E> values_;
};

}  // namespace detail

/// Describes an enum by its words: `choice<currency>({{"EUR", currency::eur}, …})`. Any type that
/// can be compared will do. A value.
template <std::equality_comparable E>
class choice {
public:
    choice(std::initializer_list<std::pair<std::string_view, E>> all)
    {
        for (const auto& [word, value] : all) {
            words_.emplace_back(word);
            values_.push_back(value);
        }
        detail::check_choice(words_);
    }

    template <std::same_as<E> T>
    [[nodiscard]] node_ptr<T> bind() const
    {
        return std::make_shared<const detail::choice_node<E>>(words_, values_);
    }

private:
    std::vector<std::string> words_;
    std::vector<E> values_;
};

}  // namespace cohort::schema
