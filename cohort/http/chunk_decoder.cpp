#include <cohort/http/chunk_decoder.hpp>

#include <cohort/http/detail/rules.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <limits>

namespace cohort::http {

namespace {

// 16 digits hold any 64-bit size. More can only be zeros in front: legal, but not for ever.
constexpr std::uint8_t digits_max = 64;
constexpr auto size_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// RFC 9110 section 6.5.1: fields that frame, route or steer a message must not follow its body.
/// We would throw them away like all trailers; whoever sends one hopes that somebody does not.
bool is_forbidden(std::string_view name) noexcept
{
    constexpr std::array<std::string_view, 10> names{
        "transfer-encoding", "content-length", "host",       "connection",  "trailer", "te",
        "upgrade",           "expect",         "keep-alive", "max-forwards"};
    return std::ranges::find(names, name) != names.end();
}

}  // namespace

chunk_decoder::chunk_decoder(const limits& bounds) noexcept
    : limits_{&bounds}, why_{&rules::none}
{}

chunk_decoder::step chunk_decoder::decode(std::string_view bytes) noexcept
{
    step made;
    if (why_ != &rules::none) {
        made.status = parse_status::refused;
        return made;
    }
    while (stage_ != stage::finished && made.consumed < bytes.size()) {
        if (stage_ == stage::data) {
            const auto rest = bytes.size() - made.consumed;
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest));
            made.data = bytes.substr(made.consumed, count);
            made.consumed += count;
            left_ -= count;
            if (left_ == 0)
                stage_ = stage::data_cr;
            return made;
        }
        if (const violation* broken = take(bytes[made.consumed])) {
            why_ = broken;
            made.status = parse_status::refused;
            return made;
        }
        ++made.consumed;
    }
    if (stage_ == stage::finished)
        made.status = parse_status::done;
    return made;
}

const violation* chunk_decoder::take(char c) noexcept
{
    if (stage_ <= stage::size)
        return take_size(c);
    if (stage_ < stage::size_lf) {
        ++extension_bytes_;
        ++extensions_bytes_;
        if (extension_bytes_ > limits_->chunk_extension_bytes_max ||
            extensions_bytes_ > limits_->chunk_extensions_bytes_max)
            return &rules::chunk_extension_long;
        return stage_ >= stage::quoted ? take_quoted(c) : take_extension(c);
    }
    switch (stage_) {
        case stage::size_lf:
            extension_bytes_ = 0;
            digits_ = 0;
            return end_line(c, left_ == 0 ? stage::trailer_start : stage::data);
        case stage::data_cr:
            stage_ = stage::data_lf;
            return c == '\r' ? nullptr : &rules::chunk_data_end;
        case stage::data_lf:
            stage_ = stage::size_first;
            return c == '\n' ? nullptr : &rules::chunk_data_end;
        default:
            if (++trailer_bytes_ > limits_->trailer_bytes_max)
                return &rules::trailer_long;
            return take_trailer(c);
    }
}

const violation* chunk_decoder::end_line(char c, stage then) noexcept
{
    stage_ = then;
    return c == '\n' ? nullptr : &rules::bare_cr;
}

const violation* chunk_decoder::take_size(char c) noexcept
{
    if (is(octet_hex, c)) {
        stage_ = stage::size;
        if (++digits_ > digits_max || left_ > (size_max >> 4))
            return &rules::chunk_size_overflow;
        left_ = left_ * 16 + static_cast<std::uint64_t>(hex_value(c));
        return nullptr;
    }
    if (c == '\n')
        return &rules::bare_lf;
    if (stage_ == stage::size_first)
        return &rules::chunk_size;
    if (c == '\r')
        stage_ = stage::size_lf;
    else if (c == ';')
        stage_ = stage::name_first;
    else if (is_blank(c))
        stage_ = stage::size_space;
    else
        return &rules::chunk_size;
    return nullptr;
}

/// After a name or a value: another extension, or the end of the line.
const violation* chunk_decoder::leave_extension(char c) noexcept
{
    if (c != ';' && c != '\r')
        return c == '\n' ? &rules::bare_lf : &rules::chunk_extension;
    stage_ = c == ';' ? stage::name_first : stage::size_lf;
    return nullptr;
}

/// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
/// The white space there is bad, says the RFC, but has to be understood; at the end of the line
/// there can be none.
const violation* chunk_decoder::take_extension(char c) noexcept
{
    const bool blank = is_blank(c);
    switch (stage_) {
        case stage::size_space:
        case stage::value_space:
            if (blank)
                return nullptr;
            if (c != ';')
                return stage_ == stage::size_space ? &rules::chunk_size : &rules::chunk_extension;
            stage_ = stage::name_first;
            return nullptr;
        case stage::name_first:
            if (is(octet_token, c))
                stage_ = stage::name;
            else if (!blank)
                return &rules::chunk_extension;
            return nullptr;
        case stage::name:
            if (is(octet_token, c))
                return nullptr;
            if (c != '=' && !blank)
                return leave_extension(c);
            stage_ = blank ? stage::name_space : stage::value_first;
            return nullptr;
        case stage::name_space:
            if (blank)
                return nullptr;
            if (c != '=' && c != ';')
                return &rules::chunk_extension;
            stage_ = c == '=' ? stage::value_first : stage::name_first;
            return nullptr;
        case stage::value_first:
            if (c == '"')
                stage_ = stage::quoted;
            else if (is(octet_token, c))
                stage_ = stage::value;
            else if (!blank)
                return &rules::chunk_extension;
            return nullptr;
        default:
            if (is(octet_token, c))
                return nullptr;
            if (!blank)
                return leave_extension(c);
            stage_ = stage::value_space;
            return nullptr;
    }
}

const violation* chunk_decoder::take_quoted(char c) noexcept
{
    if (stage_ == stage::quoted_end) {
        if (!is_blank(c))
            return leave_extension(c);
        stage_ = stage::value_space;
        return nullptr;
    }
    if (stage_ == stage::quoted_pair) {
        stage_ = stage::quoted;
        return is(octet_field_value, c) ? nullptr : &rules::chunk_extension;
    }
    if (c == '"')
        stage_ = stage::quoted_end;
    else if (c == '\\')
        stage_ = stage::quoted_pair;
    else if (!is(octet_quoted, c))
        return &rules::chunk_extension;
    return nullptr;
}

const violation* chunk_decoder::start_trailer(char c) noexcept
{
    if (c == '\r') {
        stage_ = stage::end_lf;
        return nullptr;
    }
    if (c == '\n')
        return &rules::bare_lf;
    if (is_blank(c))
        return &rules::field_fold;
    if (++trailer_fields_ > limits_->trailer_fields_max)
        return &rules::trailer_fields;
    name_length_ = 0;
    stage_ = stage::trailer_name;
    return take_trailer(c);
}

const violation* chunk_decoder::end_trailer_name(char c) noexcept
{
    if (c == '\n')
        return &rules::bare_lf;
    if (c == '\r')
        return &rules::field_no_colon;
    if (c != ':')
        return is_blank(c) ? &rules::field_name_space : &rules::field_name;
    if (name_length_ == 0)
        return &rules::field_name_empty;
    stage_ = stage::trailer_value;
    return is_forbidden({name_.data(), name_length_}) ? &rules::trailer_forbidden : nullptr;
}

const violation* chunk_decoder::take_trailer(char c) noexcept
{
    switch (stage_) {
        case stage::trailer_start:
            return start_trailer(c);
        case stage::trailer_name:
            if (!is(octet_token, c))
                return end_trailer_name(c);
            if (name_length_ < name_.size())
                name_[name_length_++] = lower(c);
            return nullptr;
        case stage::trailer_value:
            if (is(octet_field_value, c))
                return nullptr;
            stage_ = stage::trailer_lf;
            if (c == '\r')
                return nullptr;
            return c == '\n' ? &rules::bare_lf : &rules::field_value;
        case stage::trailer_lf:
            return end_line(c, stage::trailer_start);
        default:
            return end_line(c, stage::finished);
    }
}

}  // namespace cohort::http
