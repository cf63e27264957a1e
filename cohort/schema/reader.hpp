#pragma once

#include <cohort/schema/detail/extents.hpp>
#include <cohort/schema/detail/quoted_name.hpp>
#include <cohort/schema/detail/text_scan.hpp>
#include <cohort/schema/mistake.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::schema {

/// What a JSON value is. nothing: there is none, the text ended or is malformed.
enum class kind : std::uint8_t { nothing, object, array, text, number, boolean, null };

/// "an object", for messages.
[[nodiscard]] std::string_view described(kind which) noexcept;

/// A number as it was written, which follows JSON's grammar. A value.
struct number_text {
    std::string_view all;
    bool plain = true;  ///< Neither fraction nor exponent.

    /// The digits before the exponent as one number, and how many of them stand behind the point;
    /// if `short_enough`, which is when they are 19 at most and there is no exponent.
    std::uint64_t digits = 0;
    std::size_t behind_point = 0;
    bool short_enough = false;
};

/// Walks through one JSON text (RFC 8259) from front to back without building a document, strictly:
/// UTF-8, no comments, no trailing commas, depth_max levels, no name twice in one object. Knows
/// where it is, and collects what schemas complain about. A resource, one for each text, which must
/// outlive it.
///
/// What returns bool says whether to go on: false means that the text is malformed or that there
/// are too many mistakes; all that is left to do then is to return.
class reader {
public:
    explicit reader(std::string_view text) noexcept
        : begin_{text.data()}, end_{text.data() + text.size()}, at_{text.data()}
    {}
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    /// What the next value is, without taking it.
    [[nodiscard]] kind next();

    // Taking the next value, of the kind that next() said.

    /// Decoded; valid until the next text is taken.
    [[nodiscard]] bool take_text(std::string_view& into);
    [[nodiscard]] bool take_number(number_text& into);
    [[nodiscard]] bool take_boolean(bool& into);
    [[nodiscard]] bool take_null();
    /// Any value, with all that is in it.
    [[nodiscard]] bool skip();

    // Objects and arrays: enter(), then member() or element() until it says `ended`.

    enum class found : std::uint8_t { one, ended, stop };
    [[nodiscard]] bool enter();
    /// Takes a member's name; its value is next. `name` is valid until the next text is taken.
    [[nodiscard]] found member(bool first, std::string_view& name);
    /// Takes a member's name if it is this one, or the object's end if it is there. If not, nothing
    /// is taken, and member() says what there is.
    [[nodiscard]] bool member_is(bool first, const detail::quoted_name& name) noexcept;
    [[nodiscard]] bool object_ends() noexcept;
    [[nodiscard]] found element(bool first);

    /// Nothing but white space is left.
    [[nodiscard]] bool finish();

    /// The text is refused because of what stands before this place. Always false.
    bool fail(std::string what);
    /// The same, because an object has a member twice.
    bool fail_twice(std::string_view name);

    /// Notes a mistake at the place where we are.
    bool complain(std::string_view keyword, std::string limit, std::string message);
    /// The same somewhere inside it; `below` is a JSON Pointer from here.
    bool complain_at(std::string_view below, std::string_view keyword, std::string limit,
                     std::string message);

    [[nodiscard]] std::size_t complaints() const noexcept { return found_.all.size(); }
    /// Members and elements that we are in.
    [[nodiscard]] std::size_t levels() const noexcept;
    [[nodiscard]] bool malformed() const noexcept { return found_.syntax.has_value(); }
    [[nodiscard]] mistakes take_mistakes();

    /// While it lives, the reader is in a member or an element. A resource.
    class inside {
    public:
        inside(reader& of, std::string_view name) noexcept
            : of_{of}, up_{of.here_}, name_{name}
        {
            of.here_ = this;
        }
        inside(reader& of, std::size_t index) noexcept
            : of_{of}, up_{of.here_}, index_{index}, indexed_{true}
        {
            of.here_ = this;
        }
        ~inside() { of_.here_ = up_; }
        inside(const inside&) = delete;
        inside& operator=(const inside&) = delete;

    private:
        friend class reader;
        reader& of_;
        const inside* up_;
        std::string_view name_;
        std::size_t index_ = 0;
        bool indexed_ = false;
    };

    /// Reads the next value as an experiment. Another one may follow from the same place, with
    /// `again()`, which is false when the text was read again too often. A resource.
    class trial {
    public:
        explicit trial(reader& of) noexcept;
        ~trial();
        trial(const trial&) = delete;
        trial& operator=(const trial&) = delete;

        [[nodiscard]] bool again();
        /// Mistakes since the beginning, or since again(): taken.
        [[nodiscard]] mistakes take() { return of_.take_mistakes(); }
        /// Makes these our mistakes after all.
        [[nodiscard]] bool keep(mistakes these);

    private:
        reader& of_;
        const char* from_;
        std::size_t depth_;
        mistakes outer_;
    };

    /// Looks ahead: the reader is back afterwards where it was. Objects and arrays that a look has
    /// skipped are not walked through by later ones, so looks inside of looks stay linear; they
    /// complain about nothing. A resource.
    class look {
    public:
        explicit look(reader& of) noexcept
            : of_{of}, from_{of.at_}, depth_{of.depth_}
        {
            of.looking_ = true;
        }
        ~look();
        look(const look&) = delete;
        look& operator=(const look&) = delete;

    private:
        reader& of_;
        const char* from_;
        std::size_t depth_;
    };

private:
    void white() noexcept;
    void white_run() noexcept;
    [[nodiscard]] kind no_value();
    [[nodiscard]] bool ends_with(char bracket) noexcept;
    bool too_deep();
    found stop(const char* why);
    [[nodiscard]] bool literal(std::string_view word);
    [[nodiscard]] bool take_decoded(const char* from, std::string_view& into);
    [[nodiscard]] bool unescape(const char* from, std::string_view& into);
    [[nodiscard]] bool escape(const char*& at);
    [[nodiscard]] bool hex4(const char*& at, std::uint32_t& unit);
    [[nodiscard]] bool skip_noted(kind which);
    [[nodiscard]] bool skip_inside(kind which);
    [[nodiscard]] bool skip_inside_object();
    [[nodiscard]] std::string pointer() const;

    const char* begin_;
    const char* end_;
    const char* at_;
    std::size_t depth_ = 0;
    std::size_t reread_ = 0;  // bytes read more than once, by trials
    bool looking_ = false;
    detail::extents skipped_;  // by looks
    const inside* here_ = nullptr;
    std::string scratch_;
    mistakes found_;
};

// What is asked for every value stands here, to become a part of who asks: a call would cost more
// than what it does.

namespace detail {

/// What a value is that begins with this byte.
inline constexpr auto kind_by_first = [] {
    std::array<kind, 256> all{};
    all['{'] = kind::object;
    all['['] = kind::array;
    all['"'] = kind::text;
    all['t'] = all['f'] = kind::boolean;
    all['n'] = kind::null;
    all['-'] = kind::number;
    for (unsigned char digit = '0'; digit <= '9'; ++digit)
        all[digit] = kind::number;
    return all;
}();

}  // namespace detail

inline void reader::white() noexcept
{
    // Programs write none, mostly.
    if (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ')
        white_run();
}

inline kind reader::next()
{
    white();
    if (at_ == end_)  // as it is in a malformed text, too
        return no_value();
    const kind is = detail::kind_by_first[static_cast<unsigned char>(*at_)];
    return is != kind::nothing ? is : no_value();
}

inline bool reader::member_is(bool first, const detail::quoted_name& name) noexcept
{
    const char* const from = at_;
    white();
    if (!first && at_ != end_ && *at_ == ',') {
        ++at_;
        white();
    } else if (!first) {
        return false;
    }
    if (name.stands_at(at_, end_)) {
        at_ += name.size();
        white();
        if (at_ != end_ && *at_ == ':') {
            ++at_;
            return true;
        }
    }
    at_ = from;
    return false;
}

inline bool reader::object_ends() noexcept { return ends_with('}'); }

inline bool reader::ends_with(char bracket) noexcept
{
    white();
    if (at_ == end_ || *at_ != bracket)
        return false;
    ++at_;
    --depth_;
    return true;
}

inline bool reader::enter()
{
    ++at_;
    return ++depth_ <= depth_max || too_deep();
}

inline bool reader::take_text(std::string_view& into)
{
    const char* const from = ++at_;  // behind the quote
    at_ = detail::plain_ascii_end(from, end_);
    if (at_ == end_ || *at_ != '"')
        return take_decoded(from, into);
    into = {from, static_cast<std::size_t>(at_ - from)};
    ++at_;
    return true;
}

inline reader::found reader::element(bool first)
{
    if (ends_with(']'))
        return found::ended;
    if (first)
        return found::one;
    if (at_ == end_ || *at_ != ',')
        return stop("a comma or the end of the array should be here");
    ++at_;
    return found::one;
}

}  // namespace cohort::schema
