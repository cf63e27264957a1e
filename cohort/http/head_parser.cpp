#include <cohort/http/head_parser.hpp>

#include <cohort/base/octets.hpp>
#include <cohort/http/detail/request_target.hpp>
#include <cohort/http/detail/rules.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <cstring>

namespace cohort::http {

namespace {

constexpr std::uint32_t offset_max = 65535;
constexpr std::uint32_t method_bytes_max = 32;
constexpr std::uint8_t empty_lines_max = 4;
constexpr std::string_view version_pattern = "HTTP/d.d";

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// True if one of the eight octets at `p` is a control character or DEL.
bool has_control(const char* p) noexcept { return octets::controls(octets::load(p)) != 0; }

}  // namespace

/// The bytes that may be looked at.
struct head_parser::input {
    const char* bytes;
    std::uint32_t size;

    /// The first position from `at` whose octet is not in the class, or size.
    [[nodiscard]] std::uint32_t skip(octet_class wanted, std::uint32_t at) const noexcept
    {
        while (at < size && is(wanted, bytes[at]))
            ++at;
        return at;
    }

    /// The same for field values, eight octets at a time.
    [[nodiscard]] std::uint32_t skip_value(std::uint32_t at) const noexcept
    {
        while (at + 8 <= size && !has_control(bytes + at))
            at += 8;
        return skip(octet_field_value, at);
    }
};

head_parser::head_parser(const limits& bounds) noexcept
    : limits_{&bounds}, why_{&rules::none}
{}

parse_status head_parser::parse(std::string_view bytes, head& out) noexcept
{
    const std::uint32_t most = std::min(limits_->head_bytes_max, offset_max);
    const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), most));
    const input in{bytes.data(), size};

    step taken = step::next;
    while (taken == step::next)
        taken = at_ < in.size ? advance(in, out) : step::starved;

    if (taken == step::starved && size == most)
        taken = refuse(stage_ <= stage::version ? rules::line_long : rules::head_long);
    if (taken == step::finished)
        return parse_status::done;
    return taken == step::starved ? parse_status::need_more : parse_status::refused;
}

head_parser::step head_parser::refuse(const violation& broken) noexcept
{
    why_ = &broken;
    return step::broken;
}

head_parser::step head_parser::advance(const input& in, head& out) noexcept
{
    const char c = in.bytes[at_];
    switch (stage_) {
        case stage::leading:
            return on_leading(c, out);
        case stage::leading_lf:
            return expect_lf(c, stage::leading);
        case stage::method:
            return on_method(in, out);
        case stage::target:
            return on_target(in, out);
        case stage::version:
            return on_version(in, out);
        case stage::request_lf: {
            const step taken = expect_lf(c, stage::field_start);
            return taken == step::next ? take_whole_fields(in, out) : taken;
        }
        case stage::value_lf:
            return expect_lf(c, stage::field_start);
        case stage::field_start:
            return on_field_start(c, out);
        case stage::field_name:
            return on_field_name(in, out);
        case stage::value_start:
            while (at_ < in.size && is_blank(in.bytes[at_]))
                ++at_;
            mark_ = static_cast<std::uint16_t>(at_);
            if (at_ == in.size)
                return step::starved;
            stage_ = stage::value;
            return step::next;
        case stage::value:
            return on_value(in, out);
        case stage::end_lf:
            return c == '\n' ? on_end(out) : refuse(rules::bare_cr);
    }
    return step::broken;
}

head_parser::step head_parser::expect_lf(char c, stage then) noexcept
{
    if (c != '\n')
        return refuse(rules::bare_cr);
    ++at_;
    stage_ = then;
    return step::next;
}

head_parser::step head_parser::on_leading(char c, head& out) noexcept
{
    if (c == '\r') {
        // RFC 9112 section 2.2: at least one empty line is forgiven, for clients that end a body
        // with one too many.
        if (++empty_lines_ > empty_lines_max)
            return refuse(rules::empty_lines);
        ++at_;
        stage_ = stage::leading_lf;
        return step::next;
    }
    if (c == '\n')
        return refuse(rules::bare_lf);
    if (is_blank(c))
        return refuse(rules::leading_space);

    line_ = mark_ = static_cast<std::uint16_t>(at_);
    stage_ = stage::method;
    // Everything but the fields themselves, which fields_count guards.
    std::memset(static_cast<void*>(&out), 0, offsetof(head, fields));
    return step::next;
}

head_parser::step head_parser::on_method(const input& in, head& out) noexcept
{
    at_ = in.skip(octet_token, at_);
    if (at_ - mark_ > method_bytes_max)
        return refuse(rules::method_long);
    if (at_ == in.size)
        return step::starved;

    const char c = in.bytes[at_];
    if (c == ' ' && at_ > mark_) {
        const auto length = static_cast<std::uint16_t>(at_ - mark_);
        out.method_text = {mark_, length};
        out.verb = parse_method({in.bytes + mark_, length});
        mark_ = static_cast<std::uint16_t>(++at_);
        stage_ = stage::target;
        return step::next;
    }
    if (c == '\n')
        return refuse(rules::bare_lf);
    if (c == '\r')
        return refuse(rules::no_version);
    return refuse(c == '\t' ? rules::spacing : rules::method_octet);
}

/// At a "%": moves past the escape. False, and nothing moved, while its digits are not there; a
/// digit that is wrong is left under the cursor's "%" for on_target to refuse.
bool head_parser::escapes_are_whole(const input& in) noexcept
{
    for (std::uint32_t i = at_ + 1; i <= at_ + 2; ++i) {
        if (i == in.size)
            return false;
        if (!is(octet_hex, in.bytes[i])) {
            why_ = &rules::target_escape;
            return false;
        }
    }
    at_ += 3;
    return true;
}

head_parser::step head_parser::on_target(const input& in, head& out) noexcept
{
    at_ = in.skip(octet_query, at_);
    while (at_ < in.size && in.bytes[at_] == '%') {
        if (!escapes_are_whole(in))
            return why_ == &rules::none ? step::starved : step::broken;
        at_ = in.skip(octet_query, at_);
    }
    if (at_ - line_ >= limits_->request_line_bytes_max)
        return refuse(rules::line_long);
    if (at_ == in.size)
        return step::starved;

    const char c = in.bytes[at_];
    if (c == ' ' && at_ > mark_) {
        out.target = {mark_, static_cast<std::uint16_t>(at_ - mark_)};
        mark_ = static_cast<std::uint16_t>(++at_);
        stage_ = stage::version;
        return step::next;
    }
    if (c == '\n')
        return refuse(rules::bare_lf);
    if (c == '\r')
        return refuse(rules::no_version);
    if (is_blank(c))
        return refuse(rules::spacing);
    return refuse(c == '#' ? rules::target_fragment : rules::target_octet);
}

head_parser::step head_parser::on_version(const input& in, head& out) noexcept
{
    constexpr std::string_view usual = "HTTP/1.1";
    if (at_ == mark_ && at_ + usual.size() <= in.size &&
        std::memcmp(in.bytes + at_, usual.data(), usual.size()) == 0)
        at_ += usual.size();
    for (; at_ < in.size && at_ - mark_ < version_pattern.size(); ++at_) {
        const char wanted = version_pattern[at_ - mark_];
        const char c = in.bytes[at_];
        if (wanted == 'd' ? is(octet_digit, c) : c == wanted)
            continue;
        if (c == '\n')
            return refuse(rules::bare_lf);
        const bool first = at_ == mark_;
        return refuse(first && (is_blank(c) || c == '\r') ? rules::spacing
                                                          : rules::version_malformed);
    }
    if (at_ == in.size)
        return step::starved;

    const char c = in.bytes[at_];
    if (c == '\n')
        return refuse(rules::bare_lf);
    if (c != '\r')
        return refuse(is_blank(c) ? rules::spacing : rules::version_malformed);
    const char* digits = in.bytes + mark_ + 5;
    if (digits[0] != '1')
        return refuse(rules::version_unsupported);
    if (at_ - line_ > limits_->request_line_bytes_max)
        return refuse(rules::line_long);
    // RFC 9110 section 2.5: a later minor version is served as the latest we know.
    out.minor_version = digits[2] == '0' ? 0 : 1;
    if (const violation* broken = detail::split_target({in.bytes, in.size}, out))
        return refuse(*broken);
    ++at_;
    stage_ = stage::request_lf;
    return step::next;
}

head_parser::step head_parser::on_field_start(char c, const head& out) noexcept
{
    if (c == '\r') {
        ++at_;
        stage_ = stage::end_lf;
        return step::next;
    }
    if (c == '\n')
        return refuse(rules::bare_lf);
    if (is_blank(c))
        return refuse(out.fields_count == 0 ? rules::field_after_line : rules::field_fold);
    if (out.fields_count >= std::min<std::size_t>(limits_->fields_max, head::fields_max))
        return refuse(rules::head_fields);
    mark_ = static_cast<std::uint16_t>(at_);
    stage_ = stage::field_name;
    return step::next;
}

head_parser::step head_parser::on_field_name(const input& in, head& out) noexcept
{
    at_ = in.skip(octet_token, at_);
    if (at_ == in.size)
        return step::starved;

    const char c = in.bytes[at_];
    if (c == ':' && at_ > mark_) {
        out.fields[out.fields_count].name = {mark_, static_cast<std::uint16_t>(at_ - mark_)};
        ++at_;
        stage_ = stage::value_start;
        return step::next;
    }
    if (c == ':')
        return refuse(rules::field_name_empty);
    if (c == '\n')
        return refuse(rules::bare_lf);
    if (c == '\r')
        return refuse(rules::field_no_colon);
    return refuse(is_blank(c) ? rules::field_name_space : rules::field_name);
}

head_parser::step head_parser::on_value(const input& in, head& out) noexcept
{
    at_ = in.skip_value(at_);
    if (at_ == in.size)
        return step::starved;
    const char c = in.bytes[at_];
    if (c != '\r')
        return refuse(c == '\n' ? rules::bare_lf : rules::field_value);

    if (const violation* broken = add_field(in, {mark_, at_}, out))
        return refuse(*broken);
    ++at_;
    stage_ = stage::value_lf;
    return step::next;
}

/// Completes the field whose name is noted in `out`; its value is what `value` spans, with white
/// space perhaps at its end.
const violation* head_parser::add_field(const input& in, range value, head& out) noexcept
{
    while (value.to > value.from && is_blank(in.bytes[value.to - 1]))
        --value.to;
    field_span& added = out.fields[out.fields_count++];
    added.value = {static_cast<std::uint16_t>(value.from),
                   static_cast<std::uint16_t>(value.to - value.from)};
    return facts_.field({in.bytes + added.name.offset, added.name.length},
                        {in.bytes + value.from, added.value.length}, added.value, out);
}

/// Takes field lines for as long as they are there from first to last octet and beyond reproach.
/// Whatever else it meets it leaves to the stages, which know how to wait and what to say.
head_parser::step head_parser::take_whole_fields(const input& in, head& out) noexcept
{
    std::uint32_t at = at_;
    while (out.fields_count < std::min<std::size_t>(limits_->fields_max, head::fields_max)) {
        const std::uint32_t name_end = in.skip(octet_token, at);
        if (name_end == at || name_end == in.size || in.bytes[name_end] != ':')
            break;
        std::uint32_t value_at = name_end + 1;
        while (value_at < in.size && is_blank(in.bytes[value_at]))
            ++value_at;
        const std::uint32_t line_end = in.skip_value(value_at);
        if (line_end + 2 > in.size || in.bytes[line_end] != '\r' || in.bytes[line_end + 1] != '\n')
            break;
        out.fields[out.fields_count].name = {static_cast<std::uint16_t>(at),
                                             static_cast<std::uint16_t>(name_end - at)};
        at = line_end + 2;
        if (const violation* broken = add_field(in, {value_at, line_end}, out))
            return refuse(*broken);
    }
    at_ = at;
    return step::next;
}

head_parser::step head_parser::on_end(head& out) noexcept
{
    if (const violation* broken = facts_.finish(out))
        return refuse(*broken);
    out.size = ++at_;
    return step::finished;
}

}  // namespace cohort::http
