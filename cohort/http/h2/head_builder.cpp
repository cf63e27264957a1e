#include <cohort/http/h2/head_builder.hpp>

#include <cohort/http/detail/rules.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/head_parser.hpp>

#include <algorithm>
#include <array>

namespace cohort::http::h2 {

namespace {

constexpr violation bad_name{400, "http2.field.name", "a field name that HTTP/2 does not allow"};
constexpr violation bad_value{400, "http2.field.value", "a field value with control characters"};
constexpr violation hop_field{400, "http2.field.connection", "a field of a single connection"};
constexpr violation bad_te{400, "http2.field.te", "TE is something other than trailers"};
constexpr violation pseudo_late{400, "http2.pseudo.late", "a pseudo-header after other fields"};
constexpr violation pseudo_repeated{400, "http2.pseudo.repeated", "a pseudo-header twice"};
constexpr violation pseudo_unknown{400, "http2.pseudo.unknown", "an unknown pseudo-header"};
constexpr violation pseudo_missing{400, "http2.pseudo.missing", "a pseudo-header is missing"};
constexpr violation bad_path{400, "http2.pseudo.path", "a path that is none"};
constexpr violation bad_scheme{400, "http2.pseudo.scheme", "a scheme other than http and https"};
constexpr violation two_hosts{400, "http2.host.conflict", ":authority and Host disagree"};

enum seen_bit : std::uint8_t {
    seen_method = 1,
    seen_scheme = 2,
    seen_path = 4,
    seen_authority = 8,
    seen_host = 16,
};

/// Fields that speak of one connection (RFC 9113 section 8.2.2): in the HTTP/1.1 text that we make
/// they would change how it is read.
constexpr auto hop_fields = std::to_array<std::string_view>(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"});

bool is_name(std::string_view name) noexcept
{
    return is_token(name) &&
           std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// White space around a value is malformed here, not trimmed: RFC 9113 section 8.2.1.
bool is_value(std::string_view value) noexcept
{
    return is_field_value(value) && trim(value).size() == value.size();
}

}  // namespace

void head_builder::begin() noexcept
{
    for (std::string* each : {&method_, &scheme_, &path_, &authority_, &host_, &lines_, &cookie_})
        each->clear();
    text_.clear();
    why_ = {};
    bytes_ = 0;
    fields_ = 0;
    seen_ = 0;
    regular_ = over_ = malformed_ = false;
}

void head_builder::malformed(const violation& why) noexcept
{
    if (!malformed_)
        why_ = why;
    malformed_ = true;
}

void head_builder::add(std::string_view name, std::string_view value)
{
    if (malformed_)
        return;
    if (!is_value(value))
        return malformed(bad_value);
    if (name.starts_with(':')) {
        add_pseudo(name, value);
        return;
    }
    regular_ = true;
    if (!is_name(name))
        return malformed(bad_name);
    if (std::ranges::find(hop_fields, name) != hop_fields.end())
        return malformed(hop_field);
    if (name == "te" && !equal_ignoring_case(value, "trailers"))
        return malformed(bad_te);
    if (name == "host") {
        if ((seen_ & seen_host) != 0)
            return malformed(rules::host_repeated);
        set(host_, value, seen_host);
    } else if (name == "cookie") {
        add_crumb(value);
    } else {
        add_field(name, value);
    }
}

void head_builder::add_pseudo(std::string_view name, std::string_view value)
{
    if (regular_)
        return malformed(pseudo_late);
    if (name == ":method")
        set(method_, value, seen_method);
    else if (name == ":scheme")
        set(scheme_, value, seen_scheme);
    else if (name == ":path")
        set(path_, value, seen_path);
    else if (name == ":authority")
        set(authority_, value, seen_authority);
    else
        malformed(pseudo_unknown);
}

void head_builder::set(std::string& where, std::string_view value, std::uint8_t bit)
{
    if ((seen_ & bit) != 0)
        return malformed(pseudo_repeated);
    seen_ |= bit;
    bytes_ += value.size();
    if (bytes_ > limits_->head_bytes_max) {
        if (!over_)
            why_ = bit == seen_path ? rules::line_long : rules::head_long;
        over_ = true;
        return;
    }
    where = value;
}

void head_builder::add_field(std::string_view name, std::string_view value)
{
    bytes_ += name.size() + value.size() + 4;
    if (++fields_ > limits_->fields_max || bytes_ > limits_->head_bytes_max) {
        if (!over_)
            why_ = fields_ > limits_->fields_max ? rules::head_fields : rules::head_long;
        over_ = true;
    }
    if (!over_)
        ((lines_ += name).append(": ") += value).append("\r\n");
}

void head_builder::add_crumb(std::string_view value)
{
    // RFC 9113 section 8.2.3: clients cut Cookie into pieces that compress better.
    bytes_ += value.size() + 2;
    if (bytes_ > limits_->head_bytes_max) {
        if (!over_)
            why_ = rules::head_long;
        over_ = true;
        return;
    }
    if (!cookie_.empty())
        cookie_ += "; ";
    cookie_ += value;
}

bool head_builder::is_complete() noexcept
{
    if (method_ == "CONNECT") {
        // Without :scheme and :path; we are no tunnel, and the parser says so.
        if ((seen_ & (seen_scheme | seen_path)) != 0 || (seen_ & seen_authority) == 0)
            malformed(pseudo_missing);
        return !malformed_;
    }
    constexpr std::uint8_t needed = seen_method | seen_scheme | seen_path;
    if ((seen_ & needed) != needed || (seen_ & (seen_authority | seen_host)) == 0) {
        malformed(pseudo_missing);
    } else if (!is_token(method_)) {
        malformed(rules::method_octet);
    } else if (!equal_ignoring_case(scheme_, "http") && !equal_ignoring_case(scheme_, "https")) {
        malformed(bad_scheme);
    } else if ((!path_.starts_with('/') && (path_ != "*" || method_ != "OPTIONS")) ||
               path_.find(' ') != std::string::npos)
    {
        malformed(bad_path);
    } else if ((seen_ & seen_authority) != 0 && (seen_ & seen_host) != 0 &&
               !equal_ignoring_case(authority_, host_))
    {
        // One of them routes the request, the other may be what a proxy before us has checked.
        malformed(two_hosts);
    }
    return !malformed_;
}

void head_builder::compose()
{
    const std::string& host = (seen_ & seen_authority) != 0 ? authority_ : host_;
    const std::string& target = method_ == "CONNECT" ? authority_ : path_;
    text_.reserve(bytes_ + 64);
    text_.append(method_).append(" ").append(target).append(" HTTP/1.1\r\nhost: ");
    text_.append(host).append("\r\n").append(lines_);
    if (!cookie_.empty())
        text_.append("cookie: ").append(cookie_).append("\r\n");
    text_ += "\r\n";
}

head_builder::verdict head_builder::end(body after, head& out)
{
    out.verb = parse_method(method_);
    if (malformed_)
        return verdict::malformed;
    if (over_)
        return verdict::refused;
    if (!is_complete())
        return verdict::malformed;
    compose();
    head_parser parser{*limits_};
    switch (parser.parse(text_, out)) {
        case parse_status::refused:
            why_ = parser.why();
            return verdict::refused;
        case parse_status::need_more:
            malformed(bad_value);  // cannot be: nothing that was taken has a line break
            return verdict::malformed;
        case parse_status::done:
            break;
    }
    // Where the body ends is the stream's business. For who asks: one without a length is chunked.
    if (after == body::follows && out.body == framing::none)
        out.body = framing::chunked;
    out.keep_alive = true;
    out.upgrade = false;
    return verdict::whole;
}

}  // namespace cohort::http::h2
