#include <cohort/schema/reader.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/schema/detail/text_scan.hpp>

#include <fmt/format.h>

#include <set>

namespace cohort::schema {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Their end; `sum` goes on with them, modulo 2^64.
inline const char* take_digits(const char* at, const char* end, std::uint64_t& sum) noexcept
{
    std::uint64_t so_far = sum;
    for (; at != end; ++at) {
        const unsigned digit = static_cast<unsigned char>(*at) - unsigned{'0'};
        if (digit > 9)
            break;
        so_far = so_far * 10 + digit;
    }
    sum = so_far;
    return at;
}

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

void reader::white_run() noexcept
{
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
        ++at_;
}

kind reader::no_value()
{
    fail(at_ == end_ ? "the text ends where a value should be" : "a value should be here");
    return kind::nothing;
}

reader::found reader::stop(const char* why)
{
    fail(why);
    return found::stop;
}

bool reader::take_decoded(const char* from, std::string_view& into)
{
    bool ascii = true;
    at_ = detail::plain_text_end(at_, end_, ascii);
    if (at_ == end_ || *at_ != '"')
        return unescape(from, into);
    into = {from, static_cast<std::size_t>(at_ - from)};
    ++at_;
    return ascii || is_utf8(into) || fail("a string is no UTF-8");
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
    // Copies, because a compiler cannot know that nothing else changes the members meanwhile.
    const char* at = at_;
    const char* const end = end_;
    std::uint64_t sum = 0;
    const auto refuse = [&](const char* why) {
        at_ = at;
        return fail(why);
    };
    const auto is_next = [&at, end](char c) { return at != end && *at == c; };

    at += *at == '-' ? 1 : 0;
    const char* first = at;
    if (is_next('0'))
        ++at;
    else
        at = take_digits(at, end, sum);
    std::size_t count = static_cast<std::size_t>(at - first);
    if (count == 0)
        return refuse("a number has no digits");
    into.plain = true;
    into.behind_point = 0;
    if (is_next('.')) {
        into.plain = false;
        ++at;
        first = at;
        at = take_digits(at, end, sum);
        into.behind_point = static_cast<std::size_t>(at - first);
        count += into.behind_point;
        if (into.behind_point == 0)
            return refuse("a number has no digits after its point");
    }
    constexpr std::size_t digits_that_fit = 19;
    into.digits = sum;
    into.short_enough = count <= digits_that_fit;
    if (is_next('e') || is_next('E')) {
        into.plain = false;
        into.short_enough = false;
        ++at;
        at += is_next('+') || is_next('-') ? 1 : 0;
        first = at;
        at = take_digits(at, end, sum);
        if (at == first)
            return refuse("a number has no digits in its exponent");
    }
    into.all = {at_, static_cast<std::size_t>(at - at_)};
    at_ = at;
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

bool reader::too_deep()
{
    --at_;  // the bracket that is too many is not behind us
    return fail(fmt::format("more than {} levels", depth_max));
}

reader::found reader::member(bool first, std::string_view& name)
{
    if (object_ends())
        return found::ended;
    if (!first) {
        if (at_ == end_ || *at_ != ',')
            return stop("a comma or the end of the object should be here");
        ++at_;
        white();
    }
    if (at_ == end_ || *at_ != '"')
        return stop("a name in quotes should be here");
    if (!take_text(name))
        return found::stop;
    white();
    if (at_ == end_ || *at_ != ':')
        return stop("a colon should be here");
    ++at_;
    return found::one;
}

bool reader::skip()
{
    std::string_view text;
    number_text number;
    bool truth = false;
    switch (const kind which = next()) {
        case kind::text:
            return take_text(text);
        case kind::number:
            return take_number(number);
        case kind::boolean:
            return take_boolean(truth);
        case kind::null:
            return take_null();
        case kind::object:
        case kind::array:
            return looking_ ? skip_noted(which) : skip_inside(which);
        case kind::nothing:
            break;
    }
    return false;
}

bool reader::skip_noted(kind which)
{
    if (const char* const end = skipped_.end_of(at_); end != nullptr) {
        at_ = end;
        return true;
    }
    detail::extents::span mine{skipped_, at_};
    if (!skip_inside(which))
        return false;
    mine.end(at_);
    return true;
}

bool reader::skip_inside(kind which)
{
    if (!enter())
        return false;
    if (which == kind::object)
        return skip_inside_object();
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
