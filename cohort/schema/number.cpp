#include <cohort/schema/number.hpp>

#include <cohort/schema/writer.hpp>

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace cohort::schema {

namespace {

/// The text as a number of JSON's grammar; nothing if it is something else.
std::optional<number_text> number_in(std::string_view words)
{
    reader in{words};
    number_text number;
    if (words.empty() || (words[0] != '-' && (words[0] < '0' || words[0] > '9')) ||
        !in.take_number(number) || number.all.size() != words.size())
        return std::nullopt;
    return number;
}

/// The nearest double, infinite beyond the greatest.
double nearest(const number_text& number)
{
    // Both are exact in a double, so that their quotient is rounded once (Clinger, 1990).
    static constexpr std::array powers{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    constexpr std::uint64_t exact = 1ULL << 53;
    const std::string_view all = number.all;
    if (number.short_enough && number.digits <= exact && number.behind_point < powers.size()) {
        const double size = static_cast<double>(number.digits) / powers[number.behind_point];
        return all[0] == '-' ? -size : size;
    }
    double value = 0;
    const auto [end, ec] = std::from_chars(all.data(), all.data() + all.size(), value);
    if (ec != std::errc::result_out_of_range)
        return value;
    // from_chars does not say which end of the range it was. A number of a thousand digits can
    // still be small, so the digits that count are looked for.
    const std::size_t mark = std::min(all.find_first_of("eE"), all.size());
    const std::size_t first = all.find_first_of("123456789");
    if (first >= mark)
        return 0;
    const std::size_t point = std::min(all.find('.'), mark);
    const double places = static_cast<double>(point) - static_cast<double>(first);
    double exponent = 0;
    if (mark < all.size()) {
        std::string_view power = all.substr(mark + 1);
        const bool negative = power.starts_with('-');
        power.remove_prefix(negative || power.starts_with('+') ? 1 : 0);
        for (const char c : power)
            exponent = std::min(1e15, exponent * 10 + (c - '0'));
        exponent = negative ? -exponent : exponent;
    }
    if (places + exponent < 0)
        return 0;
    const double beyond = std::numeric_limits<double>::infinity();
    return all[0] == '-' ? -beyond : beyond;
}

bool complain_bound(reader& in, std::string_view keyword, std::string limit, std::string_view words)
{
    std::string message = fmt::format("must be {} {}", words, limit);
    return in.complain(keyword, std::move(limit), std::move(message));
}

std::string text_of(double value)
{
    std::string out;
    append_number(out, value);
    return out;
}

/// What whole_of() says of most integers, without a call.
std::optional<whole> plain_whole(const number_text& number)
{
    return whole{.magnitude = number.digits,
                 .negative = number.all[0] == '-' && number.digits != 0};
}

bool check_whole(reader& in, const integer_rule& rule, const number_text& number, whole& into)
{
    bool beyond = false;
    const auto value =
        number.plain && number.short_enough ? plain_whole(number) : whole_of(number, beyond);
    if (!value)
        return refuse_words(in, "integer");
    if (beyond ? value->negative : *value < rule.least)
        return complain_bound(in, "minimum", digits_of(rule.least), "at least");
    if (*value > rule.most || beyond)
        return complain_bound(in, "maximum", digits_of(rule.most), "at most");
    if (rule.step > 1 && value->magnitude % rule.step != 0)
        return complain_bound(in, "multipleOf", std::to_string(rule.step), "a multiple of");
    into = *value;
    return true;
}

boost::json::value json_of(const whole& value)
{
    if (value.negative)
        return as<std::int64_t>(value);
    return value.magnitude;
}

template <class T>
class number_node final : public node<T> {
public:
    number_node(std::optional<number::limit> least, std::optional<number::limit> most)
        : least_{least}, most_{most}
    {}

    bool read(reader& in, T& into) const override
    {
        if (const kind is = in.next(); is != kind::number)
            return refuse_type(in, is, "number");
        number_text number;
        return in.take_number(number) && check(in, number, into);
    }
    bool takes_words() const noexcept override { return true; }
    bool read_words(reader& in, std::string_view words, T& into) const override
    {
        const auto number = number_in(words);
        return number ? check(in, *number, into) : refuse_words(in, "number");
    }
    void write(std::string& out, const T& value) const override { append_number(out, value); }

    boost::json::object describe(describer&) const override
    {
        boost::json::object out;
        out["type"] = "number";
        out["format"] = std::same_as<T, double> ? "double" : "float";
        if (least_)
            out[least_->included ? "minimum" : "exclusiveMinimum"] = least_->at;
        if (most_)
            out[most_->included ? "maximum" : "exclusiveMaximum"] = most_->at;
        return out;
    }

private:
    bool check(reader& in, const number_text& number, T& into) const
    {
        const double value = nearest(number);
        if (least_ && !(least_->included ? value >= least_->at : value > least_->at))
            return complain_bound(in, least_->included ? "minimum" : "exclusiveMinimum",
                                  text_of(least_->at), least_->included ? "at least" : "above");
        if (most_ && !(most_->included ? value <= most_->at : value < most_->at))
            return complain_bound(in, most_->included ? "maximum" : "exclusiveMaximum",
                                  text_of(most_->at), most_->included ? "at most" : "below");
        constexpr double greatest = std::numeric_limits<T>::max();
        if (value > greatest)
            return complain_bound(in, "maximum", text_of(greatest), "at most");
        if (value < -greatest)
            return complain_bound(in, "minimum", text_of(-greatest), "at least");
        into = static_cast<T>(value);
        return true;
    }

    std::optional<number::limit> least_;
    std::optional<number::limit> most_;
};

class boolean_node final : public node<bool> {
public:
    bool read(reader& in, bool& into) const override
    {
        const kind is = in.next();
        return is == kind::boolean ? in.take_boolean(into) : refuse_type(in, is, "boolean");
    }
    bool takes_words() const noexcept override { return true; }
    bool read_words(reader& in, std::string_view words, bool& into) const override
    {
        into = words == "true" || words == "1";
        return into || words == "false" || words == "0" || refuse_words(in, "boolean");
    }
    void write(std::string& out, const bool& value) const override
    {
        out += value ? "true" : "false";
    }
    boost::json::object describe(describer&) const override
    {
        boost::json::object out;
        out["type"] = "boolean";
        return out;
    }
};

number::limit finite(number::limit bound)
{
    if (!std::isfinite(bound.at))
        throw std::logic_error{"schema: a limit of a number must be finite"};
    return bound;
}

}  // namespace

namespace detail {

bool read_whole(reader& in, const integer_rule& rule, whole& into)
{
    if (const kind is = in.next(); is != kind::number)
        return refuse_type(in, is, "integer");
    number_text number;
    return in.take_number(number) && check_whole(in, rule, number, into);
}

bool read_whole_words(reader& in, const integer_rule& rule, std::string_view words, whole& into)
{
    const auto number = number_in(words);
    return number ? check_whole(in, rule, *number, into) : refuse_words(in, "integer");
}

boost::json::object describe_whole(const integer_rule& rule, std::string_view format)
{
    boost::json::object out;
    out["type"] = "integer";
    if (!format.empty())
        out["format"] = format;
    out["minimum"] = json_of(rule.least);
    out["maximum"] = json_of(rule.most);
    if (rule.step > 1)
        out["multipleOf"] = rule.step;
    return out;
}

void write_whole(std::string& out, const whole& value)
{
    if (value.negative)
        out.push_back('-');
    append_integer(out, value.magnitude);
}

integer_rule narrowed(std::optional<whole> least, std::optional<whole> most, whole type_least,
                      whole type_most)
{
    const integer_rule rule{.least = least.value_or(type_least), .most = most.value_or(type_most)};
    if (rule.least < type_least || rule.most > type_most || rule.least > rule.most)
        throw std::logic_error{
            fmt::format("schema: the range {} to {} is empty, or wider than its type",
                        digits_of(rule.least), digits_of(rule.most))};
    return rule;
}

}  // namespace detail

number number::at_least(double least) const
{
    number copy = *this;
    copy.least_ = finite({least, true});
    return copy;
}

number number::at_most(double most) const
{
    number copy = *this;
    copy.most_ = finite({most, true});
    return copy;
}

number number::above(double bound) const
{
    number copy = *this;
    copy.least_ = finite({bound, false});
    return copy;
}

number number::below(double bound) const
{
    number copy = *this;
    copy.most_ = finite({bound, false});
    return copy;
}

node_ptr<double> number::bound() const
{
    return std::make_shared<const number_node<double>>(least_, most_);
}

node_ptr<float> number::bound_float() const
{
    return std::make_shared<const number_node<float>>(least_, most_);
}

node_ptr<bool> boolean::bound() { return std::make_shared<const boolean_node>(); }

}  // namespace cohort::schema
