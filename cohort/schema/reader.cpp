#include <cohort/schema/reader.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/schema/detail/text_scan.hpp>

#include <fmt/format.h>

#include <set>

namespace cohort::schema {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view described(kind which) noexcept
{
    switch (which) {
        case kind::object:
            return "an object";
        case kind::array:
            return "an array";
        case kind::text:
            return "a string";
        case kind::number:
            return "a number";
        case kind::boolean:
            return "a boolean";
        case kind::null:
            return "null";
        case kind::nothing:
            break;
    }
    return "nothing";
}

void reader::white() noexcept
{
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
        ++at_;
}

kind reader::next()
{
    if (malformed())
        return kind::nothing;
    white();
    if (at_ == end_) {
        fail("the text ends where a value should be");
        return kind::nothing;
    }
    switch (*at_) {
        case '{':
            return kind::object;
        case '[':
            return kind::array;
        case '"':
            return kind::text;
        case 't':
        case 'f':
            return kind::boolean;
        case 'n':
            return kind::null;
        default:
            if (*at_ == '-' || is_digit(*at_))
                return kind::number;
    }
    fail("a value should be here");
    return kind::nothing;
}

bool reader::take_text(std::string_view& into)
{
    const char* const from = ++at_;  // behind the quote
    bool ascii = true;
    at_ = detail::plain_text_end(at_, end_, ascii);
    if (at_ != end_ && *at_ == '"') {
        into = {from, static_cast<std::size_t>(at_ - from)};
        ++at_;
    } else if (!unescape(from, into)) {
        return false;
    }
    if (!ascii && !is_utf8(into))
        return fail("a string is no UTF-8");
    return true;
}

bool reader::unescape(const char* from, std::string_view& into)
{
    scratch_.assign(from, at_);
    for (;;) {
        if (at_ == end_)
            return fail("a string does not end");
        if (*at_ == '"')
            break;
        if (*at_ != '\\')
            return fail("a control character stands in a string");
        const char* place = at_ + 1;
        if (!escape(place))
            return false;
        bool ascii = true;
        at_ = detail::plain_text_end(place, end_, ascii);
        scratch_.append(place, at_);
    }
    ++at_;
    into = scratch_;
    // Part by part would be wrong: a character could be cut by an escape and look whole after it.
    if (!is_utf8(into))
        return fail("a string is no UTF-8");
    return true;
}

bool reader::escape(const char*& at)
{
    if (at == end_)
        return fail("a string does not end");
    constexpr std::string_view from = "\"\\/bfnrt";
    constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    const char c = *at++;
    if (const std::size_t which = from.find(c); which != std::string_view::npos) {
        scratch_.push_back(to[which]);
        return true;
    }
    std::uint32_t code = 0;
    if (c != 'u' || !hex4(at, code))
        return fail("an escape in a string is none of JSON's");
    if (code >= 0xdc00 && code <= 0xdfff)
        return fail("an escape is half a surrogate pair");
    if (code >= 0xd800 && code <= 0xdbff) {
        std::uint32_t low = 0;
        if (end_ - at < 2 || at[0] != '\\' || at[1] != 'u' || !hex4(at += 2, low) || low < 0xdc00 ||
            low > 0xdfff)
            return fail("an escape is half a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    detail::append_utf8(scratch_, code);
    return true;
}

bool reader::hex4(const char*& at, std::uint32_t& unit)
{
    if (end_ - at < 4)
        return false;
    for (int i = 0; i < 4; ++i) {
        const char c = *at++;
        const char folded = static_cast<char>(c | 0x20);
        if (is_digit(c))
            unit = unit * 16 + static_cast<std::uint32_t>(c - '0');
        else if (folded >= 'a' && folded <= 'f')
            unit = unit * 16 + static_cast<std::uint32_t>(folded - 'a' + 10);
        else
            return false;
    }
    return true;
}

bool reader::take_number(number_text& into)
{
    const char* const from = at_;
    into = {};
    const auto digits = [&] {
        const char* const first = at_;
        for (; at_ != end_ && is_digit(*at_); ++at_)
            into.digits = into.digits * 10 + static_cast<std::uint64_t>(*at_ - '0');
        return static_cast<std::size_t>(at_ - first);
    };
    if (*at_ == '-')
        ++at_;
    std::size_t count = 1;
    if (at_ != end_ && *at_ == '0')
        ++at_;
    else if ((count = digits()) == 0)
        return fail("a number has no digits");
    if (at_ != end_ && *at_ == '.') {
        into.plain = false;
        ++at_;
        into.behind_point = digits();
        if (into.behind_point == 0)
            return fail("a number has no digits after its point");
    }
    constexpr std::size_t digits_that_fit = 19;
    into.short_enough = count + into.behind_point <= digits_that_fit;
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
        into.plain = false;
        into.short_enough = false;
        ++at_;
        if (at_ != end_ && (*at_ == '+' || *at_ == '-'))
            ++at_;
        if (digits() == 0)
            return fail("a number has no digits in its exponent");
    }
    into.all = {from, static_cast<std::size_t>(at_ - from)};
    return true;
}

bool reader::literal(std::string_view word)
{
    if (!std::string_view{at_, static_cast<std::size_t>(end_ - at_)}.starts_with(word))
        return fail("a value should be here");
    at_ += word.size();
    return true;
}

bool reader::take_boolean(bool& into)
{
    into = *at_ == 't';
    return literal(into ? "true" : "false");
}

bool reader::take_null() { return literal("null"); }

bool reader::enter()
{
    if (++depth_ > depth_max)
        return fail(fmt::format("more than {} levels", depth_max));
    ++at_;
    return true;
}

reader::found reader::element(bool first)
{
    white();
    if (at_ != end_ && *at_ == ']') {
        ++at_;
        --depth_;
        return found::ended;
    }
    if (first)
        return found::one;
    if (at_ == end_ || *at_ != ',') {
        fail("a comma or the end of the array should be here");
        return found::stop;
    }
    ++at_;
    return found::one;
}

reader::found reader::member(bool first, std::string_view& name)
{
    white();
    if (at_ != end_ && *at_ == '}') {
        ++at_;
        --depth_;
        return found::ended;
    }
    if (!first) {
        if (at_ == end_ || *at_ != ',') {
            fail("a comma or the end of the object should be here");
            return found::stop;
        }
        ++at_;
        white();
    }
    if (at_ == end_ || *at_ != '"') {
        fail("a name in quotes should be here");
        return found::stop;
    }
    if (!take_text(name))
        return found::stop;
    white();
    if (at_ == end_ || *at_ != ':') {
        fail("a colon should be here");
        return found::stop;
    }
    ++at_;
    return found::one;
}

bool reader::skip()
{
    std::string_view text;
    number_text number;
    bool truth = false;
    switch (next()) {
        case kind::text:
            return take_text(text);
        case kind::number:
            return take_number(number);
        case kind::boolean:
            return take_boolean(truth);
        case kind::null:
            return take_null();
        case kind::object:
            return enter() && skip_inside_object();
        case kind::array:
            break;
        case kind::nothing:
            return false;
    }
    if (!enter())
        return false;
    for (bool first = true;; first = false) {
        const found more = element(first);
        if (more != found::one)
            return more == found::ended;
        if (!skip())
            return false;
    }
}

bool reader::skip_inside_object()
{
    std::set<std::string> names;
    for (bool first = true;; first = false) {
        std::string_view name;
        const found more = member(first, name);
        if (more != found::one)
            return more == found::ended;
        if (!names.emplace(name).second)
            return fail_twice(name);
        if (!skip())
            return false;
    }
}

}  // namespace cohort::schema
