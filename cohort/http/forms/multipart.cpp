#include <cohort/http/forms/multipart.hpp>

#include <cohort/base/assert.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

/// How many bytes at the end of `text` may be the begin of `delimiter`. CR stands at its front and
/// nowhere else in it, so there is one candidate.
std::size_t overlap(std::string_view text, std::string_view delimiter) noexcept
{
    const std::string_view tail =
        text.substr(text.size() - std::min(text.size(), delimiter.size()));
    const std::size_t at = tail.rfind('\r');
    if (at == std::string_view::npos || !delimiter.starts_with(tail.substr(at)))
        return 0;
    return tail.size() - at;
}

constexpr std::size_t padding_max = 64;

}  // namespace

multipart_parser::multipart_parser(std::string_view boundary, const multipart_limits& limits)
    : delimiter_{"\r\n--"}, limits_{limits}
{
    delimiter_ += boundary;
}

multipart_step multipart_parser::next(std::string_view& input)
{
    while (!input.empty() && state_ != state::refused) {
        multipart_step step{kind::more};
        switch (state_) {
            case state::preamble:
            case state::data:
                step = take_data(input);
                break;
            case state::head:
                step = take_head(input);
                break;
            case state::epilogue:
                step = take_epilogue(input);
                break;
            default: {
                const char c = input.front();
                input.remove_prefix(1);
                step = take_after(c);
            }
        }
        if (step.what != kind::more)
            return step;
    }
    return {state_ == state::refused ? kind::refused : kind::more};
}

bool multipart_parser::finish()
{
    switch (state_) {
        case state::last_padding:
        case state::epilogue:
            return true;
        case state::refused:
            return false;
        default:
            static_cast<void>(refuse("the form ends before its last boundary"));
            return false;
    }
}

multipart_step multipart_parser::take_data(std::string_view& input)
{
    if (matched_ > 0)
        return match_on(input);
    const std::size_t at = input.find(delimiter_);
    if (at == 0) {
        input.remove_prefix(delimiter_.size());
        return boundary_found();
    }
    const std::size_t sure =
        at == std::string_view::npos ? input.size() - overlap(input, delimiter_) : at;
    if (sure == 0) {
        matched_ = input.size();
        input = {};
        return {kind::more};
    }
    const std::string_view bytes = input.substr(0, sure);
    input.remove_prefix(sure);
    return emit(bytes);
}

multipart_step multipart_parser::match_on(std::string_view& input)
{
    while (!input.empty() && matched_ < delimiter_.size() && input.front() == delimiter_[matched_])
    {
        input.remove_prefix(1);
        ++matched_;
    }
    if (matched_ == delimiter_.size())
        return boundary_found();
    if (input.empty())
        return {kind::more};
    // It was none: what was held back is data, and it reads like the delimiter's begin.
    const auto held = std::string_view{delimiter_}.substr(unreal_, matched_ - unreal_);
    matched_ = unreal_ = 0;
    return emit(held);
}

multipart_step multipart_parser::emit(std::string_view bytes)
{
    if (bytes.empty())
        return {kind::more};
    if (state_ == state::data)
        return {kind::data, bytes};
    counted_ += bytes.size();
    if (counted_ > limits_.outside_bytes_max)
        return refuse("too much stands before the first part", 413);
    return {kind::more};
}

multipart_step multipart_parser::boundary_found()
{
    const bool ends_part = state_ == state::data;
    state_ = state::after_boundary;
    matched_ = unreal_ = counted_ = 0;
    return {ends_part ? kind::part_ends : kind::more};
}

multipart_step multipart_parser::take_after(char c)
{
    const bool white = c == ' ' || c == '\t';
    switch (state_) {
        case state::after_boundary:
            if (c == '-') {
                state_ = state::after_dash;
                return {kind::more};
            }
            [[fallthrough]];
        case state::padding:
            if (white && ++counted_ <= padding_max) {
                state_ = state::padding;
                return {kind::more};
            }
            if (c != '\r')
                return refuse("a boundary is followed by something else");
            state_ = state::line_end;
            return {kind::more};
        case state::line_end:
            if (c != '\n')
                return refuse("a boundary is followed by something else");
            head_.clear();
            state_ = state::head;
            return {kind::more};
        case state::after_dash:
            if (c != '-')
                return refuse("a boundary is followed by something else");
            state_ = state::last_padding;
            return {kind::more};
        case state::last_padding:
            if (white && ++counted_ <= padding_max)
                return {kind::more};
            if (c != '\r')
                return refuse("the last boundary is followed by something else");
            state_ = state::last_line_end;
            return {kind::more};
        case state::last_line_end:
            if (c != '\n')
                return refuse("the last boundary is followed by something else");
            counted_ = 0;
            state_ = state::epilogue;
            return {kind::more};
        default:
            COHORT_ASSERT(false);
            return {kind::more};
    }
}

multipart_step multipart_parser::take_head(std::string_view& input)
{
    while (!input.empty()) {
        const std::size_t line = std::min(input.find('\n'), input.size() - 1) + 1;
        const std::size_t room = limits_.head_bytes_max - head_.size();
        head_ += input.substr(0, std::min(line, room));
        if (line > room)
            return refuse(form_mistake{
                .status = 413, .what = "the head of a part is too long", .part = parts_ + 1});
        input.remove_prefix(line);
        if (head_ == "\r\n" || head_.ends_with("\r\n\r\n"))
            break;
    }
    if (head_ != "\r\n" && !head_.ends_with("\r\n\r\n"))
        return {kind::more};

    if (parts_ == limits_.parts_max)
        return refuse("the form has too many parts", 413);
    ++parts_;
    auto read = parse_part_head(std::string_view{head_}.substr(0, head_.size() - 2));
    if (!read) {
        form_mistake why = std::move(read).error();
        why.part = parts_;
        return refuse(std::move(why));
    }
    part_ = std::move(*read);
    state_ = state::data;
    // The empty line's end can be the boundary's begin: a part without a body.
    matched_ = unreal_ = 2;
    return {kind::part_begins};
}

multipart_step multipart_parser::take_epilogue(std::string_view& input)
{
    counted_ += input.size();
    input = {};
    if (counted_ > limits_.outside_bytes_max)
        return refuse("too much stands behind the last part", 413);
    return {kind::more};
}

multipart_step multipart_parser::refuse(form_mistake why)
{
    state_ = state::refused;
    mistake_ = std::move(why);
    return {kind::refused};
}

multipart_step multipart_parser::refuse(std::string_view what, unsigned status)
{
    return refuse(form_mistake{.status = status, .what = what, .part = parts_, .name = part_.name});
}

}  // namespace cohort::http
