#include <cohort/http/json.hpp>

#include <cohort/http/grammar.hpp>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

namespace cohort::http {

namespace {

namespace bj = boost::json;

/// What basic_parser asks of those it calls; each of the two below overrides what it needs.
struct listener {
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return true; }
    bool on_object_end(std::size_t, error_code&) { return true; }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t, error_code&) { return true; }
    bool on_key_part(bj::string_view, std::size_t, error_code&) { return true; }
    bool on_key(bj::string_view, std::size_t, error_code&) { return true; }
    bool on_string_part(bj::string_view, std::size_t, error_code&) { return true; }
    bool on_string(bj::string_view, std::size_t, error_code&) { return true; }
    bool on_number_part(bj::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t, bj::string_view, error_code&) { return true; }
    bool on_uint64(std::uint64_t, bj::string_view, error_code&) { return true; }
    bool on_double(double, bj::string_view, error_code&) { return true; }
    bool on_bool(bool, error_code&) { return true; }
    bool on_null(error_code&) { return true; }
    bool on_comment_part(bj::string_view, error_code&) { return true; }
    bool on_comment(bj::string_view, error_code&) { return true; }
};

/// Builds the document, and counts the keys it was told.
class builder : public listener {
public:
    bool on_document_begin(error_code&)
    {
        stack_.reset();
        return true;
    }
    bool on_object_end(std::size_t size, error_code&)
    {
        stack_.push_object(size);
        keys_ += size;
        return true;
    }
    bool on_array_end(std::size_t size, error_code&)
    {
        stack_.push_array(size);
        return true;
    }
    bool on_key_part(bj::string_view part, std::size_t, error_code&)
    {
        stack_.push_chars(part);
        return true;
    }
    bool on_key(bj::string_view part, std::size_t, error_code&)
    {
        stack_.push_key(part);
        return true;
    }
    bool on_string_part(bj::string_view part, std::size_t, error_code&)
    {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(bj::string_view part, std::size_t, error_code&)
    {
        stack_.push_string(part);
        return true;
    }
    bool on_int64(std::int64_t number, bj::string_view, error_code&)
    {
        stack_.push_int64(number);
        return true;
    }
    bool on_uint64(std::uint64_t number, bj::string_view, error_code&)
    {
        stack_.push_uint64(number);
        return true;
    }
    bool on_double(double number, bj::string_view text, error_code& why)
    {
        // Boost 1.81 may be one unit in the last place off; the library of the language is not.
        double exact = 0;
        const char* const end = text.data() + text.size();
        const auto [stopped_at, ec] = std::from_chars(text.data(), end, exact);
        if (ec == std::errc{} && stopped_at == end)
            number = exact;
        if (!std::isfinite(number)) {
            why = bj::error::exponent_overflow;
            return false;
        }
        stack_.push_double(number);
        return true;
    }
    bool on_bool(bool truth, error_code&)
    {
        stack_.push_bool(truth);
        return true;
    }
    bool on_null(error_code&)
    {
        stack_.push_null();
        return true;
    }

    [[nodiscard]] bj::value take() { return stack_.release(); }
    [[nodiscard]] std::size_t keys() const noexcept { return keys_; }

private:
    bj::value_stack stack_;
    std::size_t keys_ = 0;
};

/// Reads a document again to say which key is there twice. Only for documents known to have one.
class repeat_finder : public listener {
public:
    bool on_object_begin(error_code&)
    {
        known_.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t, error_code&)
    {
        known_.pop_back();
        return true;
    }
    bool on_key_part(bj::string_view part, std::size_t, error_code&)
    {
        key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(bj::string_view part, std::size_t, error_code& why)
    {
        key_.append(part.data(), part.size());
        if (known_.back().insert(key_).second) {
            key_.clear();
            return true;
        }
        why = bj::error::syntax;  // any: it only has to stop the parser
        return false;
    }

    [[nodiscard]] const std::string& key() const noexcept { return key_; }

private:
    std::vector<std::set<std::string>> known_;
    std::string key_;
};

/// An object keeps one of two equal keys, so a document with fewer keys than were read had some.
/// Recursion is as deep as the document: json_depth_max.
std::size_t keys_in(const bj::value& part)
{
    std::size_t keys = 0;
    if (const bj::object* members = part.if_object()) {
        keys += members->size();
        for (const auto& member : *members)
            keys += keys_in(member.value());
    } else if (const bj::array* elements = part.if_array()) {
        for (const bj::value& element : *elements)
            keys += keys_in(element);
    }
    return keys;
}

json_mistake mistake_at(std::string_view text, std::size_t offset, std::string what)
{
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto lines = std::ranges::count(before, '\n');
    const std::size_t line_begins = before.rfind('\n') + 1;  // npos + 1 is 0
    return {.what = std::move(what),
            .offset = before.size(),
            .line = static_cast<std::size_t>(lines) + 1,
            .column = before.size() - line_begins + 1};
}

bj::parse_options strict()
{
    bj::parse_options options;
    options.max_depth = json_depth_max;
    return options;
}

/// Cuts a key that is long at a character, for messages.
std::string shortened(std::string key)
{
    constexpr std::size_t longest = 64;
    if (key.size() <= longest)
        return key;
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xc0) == 0x80)
        --end;
    return key.substr(0, end) + "…";
}

}  // namespace

std::expected<bj::value, json_mistake> parse_json(std::string_view text)
{
    bj::basic_parser<builder> parser{strict()};
    error_code why;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), why);
    if (!why && read < text.size())
        why = bj::error::extra_data;
    if (why)
        return std::unexpected(mistake_at(text, read, why.message()));

    bj::value document = parser.handler().take();
    if (keys_in(document) == parser.handler().keys())
        return document;

    bj::basic_parser<repeat_finder> again{strict()};
    const std::size_t at = again.write_some(false, text.data(), text.size(), why);
    return std::unexpected(mistake_at(
        text, at, fmt::format("object key `{}` is there twice", shortened(again.handler().key()))));
}

bool is_json_type(std::string_view content_type) noexcept
{
    // What nearly all say; the grammar is for the others.
    constexpr std::string_view usual = "application/json";
    if (content_type == usual)
        return true;
    const std::size_t end = content_type.find(';');
    const std::string_view type = trim(content_type.substr(0, end));
    constexpr std::string_view suffix = "+json";
    const bool json = equal_ignoring_case(type, usual) ||
                      (type.size() > suffix.size() && type.find('/') != std::string_view::npos &&
                       equal_ignoring_case(type.substr(type.size() - suffix.size()), suffix));
    if (!json || end == std::string_view::npos)
        return json;

    std::string_view rest = content_type.substr(end + 1);
    while (!rest.empty()) {
        const std::string_view parameter = rest.substr(0, rest.find(';'));
        rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
        const std::size_t equals = parameter.find('=');
        if (equals == std::string_view::npos ||
            !equal_ignoring_case(trim(parameter.substr(0, equals)), "charset"))
            continue;
        std::string_view charset = trim(parameter.substr(equals + 1));
        if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"')
            charset = charset.substr(1, charset.size() - 2);
        if (!equal_ignoring_case(charset, "utf-8") && !equal_ignoring_case(charset, "utf8"))
            return false;
    }
    return true;
}

void require_json(const request& of)
{
    if (!is_json_type(of.header("Content-Type").value_or("")))
        throw refusal{415}
            .detail("send the body as application/json, in UTF-8")
            .header("Accept", "application/json");
}

}  // namespace cohort::http
