#include <cohort/http/date.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/parse.hpp>

#include <chrono>

namespace cohort::http {

namespace {

constexpr std::array<std::string_view, 7> days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct broken_down {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
};

/// Reads along a text, remembering whether all fitted so far.
class reader {
public:
    explicit reader(std::string_view text) noexcept
        : rest_{text}
    {}

    reader& word(std::string_view expected) noexcept
    {
        ok_ = ok_ && rest_.starts_with(expected);
        rest_.remove_prefix(ok_ ? expected.size() : 0);
        return *this;
    }

    template <class Number>
    reader& digits(std::size_t count, Number& into) noexcept
    {
        const auto number = parse_integer<unsigned>(rest_.substr(0, count));
        ok_ = ok_ && rest_.size() >= count && number.has_value();
        into = static_cast<Number>(ok_ ? *number : 0);
        rest_.remove_prefix(ok_ ? count : 0);
        return *this;
    }

    template <std::size_t N>
    reader& one_of(const std::array<std::string_view, N>& words, std::size_t length,
                   unsigned& index) noexcept
    {
        for (index = 0; index < N; ++index) {
            const auto word = words[index].substr(0, length);
            if (rest_.starts_with(word)) {
                rest_.remove_prefix(word.size());
                return *this;
            }
        }
        ok_ = false;
        return *this;
    }

    [[nodiscard]] bool finished() const noexcept { return ok_ && rest_.empty(); }
    [[nodiscard]] bool next_is(char c) const noexcept { return ok_ && rest_.starts_with(c); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

void read_time(reader& in, broken_down& at) noexcept
{
    in.digits(2, at.hour).word(":").digits(2, at.minute).word(":").digits(2, at.second);
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
bool read_fixed(std::string_view text, broken_down& at) noexcept
{
    reader in{text};
    unsigned weekday = 0;
    in.one_of(days, 3, weekday).word(", ").digits(2, at.day).word(" ");
    in.one_of(months, 3, at.month).word(" ").digits(4, at.year).word(" ");
    read_time(in, at);
    return in.word(" GMT").finished();
}

/// "Sunday, 06-Nov-94 08:49:37 GMT"
bool read_rfc850(std::string_view text, broken_down& at) noexcept
{
    reader in{text};
    unsigned weekday = 0;
    in.one_of(days, 9, weekday).word(", ").digits(2, at.day).word("-");
    in.one_of(months, 3, at.month).word("-").digits(2, at.year).word(" ");
    read_time(in, at);
    // RFC 9110 section 5.6.7: a year that seems more than 50 years ahead is in the past.
    const std::int64_t this_year = 1970 + wall_seconds_coarse() / 31'556'952;
    at.year += static_cast<int>(this_year / 100 * 100);
    if (at.year > this_year + 50)
        at.year -= 100;
    return in.word(" GMT").finished();
}

/// "Sun Nov  6 08:49:37 1994"
bool read_asctime(std::string_view text, broken_down& at) noexcept
{
    reader in{text};
    unsigned weekday = 0;
    in.one_of(days, 3, weekday).word(" ").one_of(months, 3, at.month).word(" ");
    if (in.next_is(' '))
        in.word(" ").digits(1, at.day);
    else
        in.digits(2, at.day);
    in.word(" ");
    read_time(in, at);
    return in.word(" ").digits(4, at.year).finished();
}

void put2(char* to, unsigned value) noexcept
{
    to[0] = static_cast<char>('0' + value / 10 % 10);
    to[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::array<char, 29> format_date(std::int64_t seconds) noexcept
{
    using namespace std::chrono;
    const sys_time<std::chrono::seconds> when{std::chrono::seconds{seconds}};
    const auto midnight = floor<std::chrono::days>(when);
    const year_month_day date{midnight};
    const auto of_day = static_cast<unsigned>((when - midnight).count());
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

    constexpr std::string_view pattern = "Ddd, 00 Mmm 0000 00:00:00 GMT";
    std::array<char, 29> out{};
    pattern.copy(out.data(), out.size());
    http::days[weekday{midnight}.c_encoding()].copy(&out[0], 3);
    put2(&out[5], static_cast<unsigned>(date.day()));
    months[static_cast<unsigned>(date.month()) - 1].copy(&out[8], 3);
    put2(&out[12], year / 100);
    put2(&out[14], year);
    put2(&out[17], of_day / 3600);
    put2(&out[20], of_day / 60 % 60);
    put2(&out[23], of_day % 60);
    return out;
}

std::string_view date_now() noexcept
{
    thread_local std::int64_t made_at = -1;
    thread_local std::array<char, 29> made{};
    const std::int64_t second = wall_seconds_coarse();
    if (second != made_at) {
        made = format_date(second);
        made_at = second;
    }
    return {made.data(), made.size()};
}

std::optional<std::int64_t> parse_date(std::string_view text) noexcept
{
    using namespace std::chrono;
    broken_down at;
    if (!read_fixed(text, at) && !read_rfc850(text, at) && !read_asctime(text, at))
        return std::nullopt;
    const year_month_day date{year{at.year}, month{at.month + 1}, day{at.day}};
    // A leap second is legal; it counts as the second after.
    if (!date.ok() || at.hour > 23 || at.minute > 59 || at.second > 60)
        return std::nullopt;
    const sys_time<std::chrono::seconds> midnight = sys_days{date};
    return (midnight + hours{at.hour} + minutes{at.minute}).time_since_epoch().count() + at.second;
}

}  // namespace cohort::http
