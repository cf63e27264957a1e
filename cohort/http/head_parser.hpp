#pragma once
// Reads the head of a request, strictly: what RFC 9112 does not allow is refused, because what one
// server forgives and another does not is how requests are smuggled. No I/O, no allocation.

#include <cohort/http/detail/head_rules.hpp>
#include <cohort/http/head.hpp>
#include <cohort/http/limits.hpp>
#include <cohort/http/violation.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::http {

/// Parses one head, in one go or byte by byte. A value; reset() makes it fit for the next head.
///
/// It remembers how far it has looked, so that a head which arrives in a thousand pieces costs no
/// more than one that arrives whole, and it refuses a bad byte in the call that first shows it.
class head_parser {
public:
    /// Lifetime: `bounds` must outlive the parser.
    explicit head_parser(const limits& bounds) noexcept;

    /// Looks at what came since the last call.
    ///
    /// @param bytes  The request from its first byte on; each call sees the bytes of the last one
    ///               (they may have moved in memory) and possibly more. Bytes past the head are
    ///               not looked at.
    /// @param out    The same head in every call. Complete when the answer is `done`; then
    ///               `out.size` bytes of `bytes` belonged to the head and the body begins there.
    /// @return       need_more; done; refused (see why(), and do not call again before reset()).
    [[nodiscard]] parse_status parse(std::string_view bytes, head& out) noexcept;

    /// What was wrong; its status is 0 unless parse() said `refused`.
    [[nodiscard]] const violation& why() const noexcept { return *why_; }

    /// True before the first byte of a request line: only empty lines, or nothing, came so far. A
    /// connection that ends or times out here was idle, not broken.
    [[nodiscard]] bool idle() const noexcept { return stage_ <= stage::leading_lf; }

    /// Forgets everything, for the next request on the connection.
    void reset() noexcept { *this = head_parser{*limits_}; }

private:
    enum class stage : std::uint8_t {
        leading,
        leading_lf,
        method,
        target,
        version,
        request_lf,
        field_start,
        field_name,
        value_start,
        value,
        value_lf,
        end_lf,
    };
    enum class step : std::uint8_t { next, starved, broken, finished };
    struct input;
    struct range {
        std::uint32_t from;
        std::uint32_t to;
    };

    [[nodiscard]] step advance(const input& in, head& out) noexcept;
    [[nodiscard]] step on_leading(char c, head& out) noexcept;
    [[nodiscard]] step on_method(const input& in, head& out) noexcept;
    [[nodiscard]] step on_target(const input& in, head& out) noexcept;
    [[nodiscard]] step on_version(const input& in, head& out) noexcept;
    [[nodiscard]] step on_field_start(char c, const head& out) noexcept;
    [[nodiscard]] step on_field_name(const input& in, head& out) noexcept;
    [[nodiscard]] step on_value(const input& in, head& out) noexcept;
    [[nodiscard]] const violation* add_field(const input& in, range value, head& out) noexcept;
    [[nodiscard]] step take_whole_fields(const input& in, head& out) noexcept;
    [[nodiscard]] step on_end(head& out) noexcept;
    [[nodiscard]] step expect_lf(char c, stage then) noexcept;
    [[nodiscard]] step refuse(const violation& broken) noexcept;
    [[nodiscard]] bool escapes_are_whole(const input& in) noexcept;

    const limits* limits_;
    const violation* why_;
    std::uint32_t at_ = 0;    // looked at so far
    std::uint16_t mark_ = 0;  // where the token under the cursor begins
    std::uint16_t line_ = 0;  // where the request line begins
    stage stage_ = stage::leading;
    std::uint8_t empty_lines_ = 0;
    detail::head_rules facts_;
};

}  // namespace cohort::http
