#include <cohort/schema/text.hpp>

#include <cohort/schema/writer.hpp>

#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cohort::schema {

/// A pattern, compiled once and shared. RE2 is safe to use from several threads.
class pattern_program {
public:
    explicit pattern_program(std::string_view expression)
        : re2_{re2::StringPiece{expression.data(), expression.size()}, RE2::Quiet}
    {
        if (!re2_.ok())
            throw std::logic_error{
                fmt::format("schema pattern `{}`: {}", expression, re2_.error())};
    }
    [[nodiscard]] bool found_in(std::string_view text) const
    {
        return RE2::PartialMatch(re2::StringPiece{text.data(), text.size()}, re2_);
    }

private:
    RE2 re2_;
};

namespace {

std::size_t characters(std::string_view text) noexcept
{
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string_view plural(std::size_t count) noexcept { return count == 1 ? "" : "s"; }

class text_node final : public node<std::string> {
public:
    explicit text_node(text_rule rule)
        : rule_{std::move(rule)}
    {}

    bool read(reader& in, std::string& into) const override
    {
        if (const kind is = in.next(); is != kind::text)
            return refuse_type(in, is, "string");
        std::string_view words;
        if (!in.take_text(words))
            return false;
        into.assign(words);
        return check(in, words);
    }
    bool takes_words() const noexcept override { return true; }
    bool read_words(reader& in, std::string_view words, std::string& into) const override
    {
        into.assign(words);
        return check(in, words);
    }
    void write(std::string& out, const std::string& value) const override
    {
        append_text(out, value);
    }

    boost::json::object describe(describer&) const override
    {
        boost::json::object out;
        out["type"] = "string";
        if (rule_.least > 0)
            out["minLength"] = rule_.least;
        if (rule_.most != std::numeric_limits<std::size_t>::max())
            out["maxLength"] = rule_.most;
        if (rule_.compiled)
            out["pattern"] = rule_.pattern;
        if (rule_.looks != format::any)
            out["format"] = name_of(rule_.looks);
        return out;
    }

private:
    bool check(reader& in, std::string_view words) const
    {
        // As many bytes as characters, at least: a text that has too few of them is short.
        const bool bounded = words.size() < rule_.least || words.size() > rule_.most ||
                             (rule_.least > 1 && words.size() < rule_.least * 4);
        if (bounded && !check_length(in, characters(words)))
            return false;
        if (rule_.compiled && !rule_.compiled->found_in(words) && !complain_pattern(in))
            return false;
        if (rule_.looks != format::any && !has_format(words, rule_.looks))
            return in.complain("format", fmt::format("\"{}\"", name_of(rule_.looks)),
                               fmt::format("must be {}", described(rule_.looks)));
        return true;
    }
    bool check_length(reader& in, std::size_t count) const
    {
        if (count < rule_.least)
            return in.complain(
                "minLength", std::to_string(rule_.least),
                fmt::format("must have at least {} character{}", rule_.least, plural(rule_.least)));
        if (count > rule_.most)
            return in.complain(
                "maxLength", std::to_string(rule_.most),
                fmt::format("must have at most {} character{}", rule_.most, plural(rule_.most)));
        return true;
    }
    bool complain_pattern(reader& in) const
    {
        std::string quoted;
        append_text(quoted, rule_.pattern);
        return in.complain("pattern", std::move(quoted),
                           fmt::format("must match {}", rule_.pattern));
    }

    text_rule rule_;
};

}  // namespace

text text::length(std::size_t least, std::size_t most) const
{
    if (least > most)
        throw std::logic_error{"schema: a text's least length is above its greatest"};
    return at_least(least).at_most(most);
}

text text::at_least(std::size_t least) const
{
    text copy = *this;
    copy.rule_.least = least;
    return copy;
}

text text::at_most(std::size_t most) const
{
    text copy = *this;
    copy.rule_.most = most;
    return copy;
}

text text::pattern(std::string_view expression) const
{
    text copy = *this;
    copy.rule_.pattern = expression;
    copy.rule_.compiled = std::make_shared<const pattern_program>(expression);
    return copy;
}

text text::format(schema::format which) const
{
    text copy = *this;
    copy.rule_.looks = which;
    return copy;
}

node_ptr<std::string> text::bound() const { return std::make_shared<const text_node>(rule_); }

}  // namespace cohort::schema
