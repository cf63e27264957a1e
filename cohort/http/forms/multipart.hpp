#pragma once

#include <cohort/http/forms/part_head.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::http {

/// How much of a multipart form is taken, whatever becomes of its bytes.
struct multipart_limits {
    std::size_t parts_max = 100;
    std::size_t head_bytes_max = 8 * 1024;  ///< Of one part's header fields.
    std::size_t outside_bytes_max = 1024;   ///< Before the first part, and after the last one.
};

/// What the next bytes of a multipart form are. A value.
struct multipart_step {
    enum class kind : std::uint8_t {
        more,         ///< All bytes are used up; none of them is lost.
        part_begins,  ///< See multipart_parser::part().
        data,         ///< Some of the part's bytes.
        part_ends,
        refused,  ///< See multipart_parser::mistake(). Final.
    };
    kind what;
    std::string_view data = {};  ///< Into the input, or into the parser; until the next call.
};

/// Takes multipart/form-data apart, strictly. A resource; an automaton that knows no reader.
///
/// Any split of the bytes gives the same parts. Bytes that may be the begin of a boundary are held
/// back, at most 74 of them; nothing else is. A line that begins with the boundary is one, and
/// nothing but white space may follow it.
///
///     multipart_parser parser{boundary, limits};
///     for each piece of the body: while (auto step = parser.next(piece); step.what != more) …
///     parser.finish();
///
/// Source: RFC 7578; RFC 2046, 5.1.1.
class multipart_parser {
public:
    /// `boundary` as boundary_of() returns it.
    explicit multipart_parser(std::string_view boundary, const multipart_limits& limits = {});

    /// Cuts off the front of `input` what the next step is about.
    [[nodiscard]] multipart_step next(std::string_view& input);

    /// The body is over. False if the form is not: mistake() says so.
    [[nodiscard]] bool finish();

    /// From part_begins to part_ends.
    [[nodiscard]] const part_head& part() const noexcept { return part_; }

    /// How many have begun.
    [[nodiscard]] std::size_t parts() const noexcept { return parts_; }

    /// After `refused`.
    [[nodiscard]] const form_mistake& mistake() const noexcept { return mistake_; }

private:
    enum class state : std::uint8_t {
        preamble,
        after_boundary,  // "--", white space or a line end
        after_dash,      // the second "-" of the last boundary
        padding,
        line_end,  // LF after the CR that ends a boundary
        head,
        data,
        last_padding,  // white space after the last boundary
        last_line_end,
        epilogue,
        refused,
    };

    using kind = multipart_step::kind;

    [[nodiscard]] multipart_step take_data(std::string_view& input);
    [[nodiscard]] multipart_step match_on(std::string_view& input);
    [[nodiscard]] multipart_step emit(std::string_view bytes);
    [[nodiscard]] multipart_step boundary_found();
    [[nodiscard]] multipart_step take_head(std::string_view& input);
    [[nodiscard]] multipart_step take_after(char c);
    [[nodiscard]] multipart_step take_epilogue(std::string_view& input);
    [[nodiscard]] multipart_step refuse(form_mistake why);
    [[nodiscard]] multipart_step refuse(std::string_view what, unsigned status = 400);

    std::string delimiter_;  // CR LF "--" boundary
    multipart_limits limits_;
    state state_ = state::preamble;
    std::size_t matched_ = 2;  // bytes of the delimiter seen so far
    std::size_t unreal_ = 2;   // of these, what was there before: a body begins like a line
    std::size_t counted_ = 0;  // bytes of preamble, padding or epilogue
    std::size_t parts_ = 0;
    std::string head_;
    part_head part_;
    form_mistake mistake_{};
};

}  // namespace cohort::http
