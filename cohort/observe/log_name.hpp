#pragma once
// Names of the members of a log line: which are the line's own, and which stand for secrets. Known
// when we compile where the name is.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace cohort::log {

namespace detail {

/// What is known of a name; bits.
enum name_traits : std::uint8_t {
    ordinary = 0,
    secret = 1,    ///< its value is written as "[redacted]"
    reserved = 2,  ///< the line has a member of that name itself
    plain = 4,     ///< nothing in it needs escaping
};

inline constexpr auto reserved_names = std::to_array<std::string_view>(
    {"timestamp", "level", "message", "pid", "workerId", "time", "msg", "hostname", "truncated"});

/// Without case, "-" and "_": Set-Cookie, set_cookie and setCookie are one name.
inline constexpr auto secret_names = std::to_array<std::string_view>({
    "accesstoken",
    "apikey",
    "authorization",
    "clientsecret",
    "cookie",
    "idtoken",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "refreshtoken",
    "proxyauthorization",
    "secret",
    "setcookie",
    "token",
    "xapikey",
    "xcsrftoken",
});
inline constexpr std::size_t secret_bytes_max = 18;

constexpr bool is_secret_name(std::string_view name) noexcept
{
    std::array<char, secret_bytes_max> folded{};
    std::size_t size = 0;
    for (const char c : name) {
        if (c == '-' || c == '_')
            continue;
        if (size == folded.size())
            return false;
        folded[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    const std::string_view sought{folded.data(), size};
    for (const std::string_view each : secret_names) {
        if (each == sought)
            return true;
    }
    return false;
}

constexpr std::uint8_t traits_of(std::string_view name) noexcept
{
    unsigned found = is_secret_name(name) ? secret : ordinary;
    for (const std::string_view each : reserved_names)
        found |= each == name ? reserved : ordinary;
    found |= plain;
    for (const char c : name) {
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
            found &= ~static_cast<unsigned>(plain);
    }
    return static_cast<std::uint8_t>(found);
}

// Not constexpr, and defined nowhere: a call of it is the compiler's message.
void every_line_has_a_member_of_this_name_already();
void a_field_needs_a_name();

}  // namespace detail

/// The name of a field. A literal is looked at by the compiler: one that every line has a member of
/// by itself ("level", "pid" …) is refused. Others are looked at when they are logged, and get a
/// "_" behind them then. It keeps a view.
class key {
public:
    template <std::size_t N>
    consteval key(const char (&literal)[N])
        : key{std::string_view{literal, N - 1}, 0}
    {
        if (N == 1)
            detail::a_field_needs_a_name();
        if ((traits_ & detail::reserved) != 0)
            detail::every_line_has_a_member_of_this_name_already();
    }

    template <class T>
        requires(std::convertible_to<const T&, std::string_view> && !std::is_array_v<T>)
    key(const T& name) noexcept
        : key{std::string_view{name}, 0}
    {}

    [[nodiscard]] std::string_view text() const noexcept { return {data_, bytes_}; }
    [[nodiscard]] bool is(detail::name_traits what) const noexcept { return (traits_ & what) != 0; }

private:
    constexpr key(std::string_view name, int) noexcept
        : bytes_{static_cast<std::uint32_t>(name.size())},
          traits_{detail::traits_of(name)},
          data_{name.data()}
    {}

    std::uint32_t bytes_;  // half of a word, so that a name is two of them: fields are built a lot
    std::uint8_t traits_;
    const char* data_;
};

}  // namespace cohort::log
