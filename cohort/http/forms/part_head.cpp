#include <cohort/http/forms/part_head.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/http/forms/detail/parameters.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

using outcome = std::expected<void, form_mistake>;

std::unexpected<form_mistake> refused(std::string_view what, unsigned status = 400)
{
    return std::unexpected(form_mistake{.status = status, .what = what});
}

/// The lines of a part that mean something to us.
struct known_fields {
    std::optional<std::string_view> disposition;
    std::optional<std::string_view> content_type;
    std::optional<std::string_view> transfer_encoding;

    std::optional<std::string_view>* slot(std::string_view name) noexcept
    {
        if (equal_ignoring_case(name, "Content-Disposition"))
            return &disposition;
        if (equal_ignoring_case(name, "Content-Type"))
            return &content_type;
        if (equal_ignoring_case(name, "Content-Transfer-Encoding"))
            return &transfer_encoding;
        return nullptr;
    }
};

outcome read_line(std::string_view line, known_fields& into)
{
    const std::string_view name = line.substr(0, line.find(':'));
    if (name.size() == line.size() || !is_token(name))
        return refused("a line in the head of a part is no header field");
    const std::string_view value = trim(line.substr(name.size() + 1));
    if (!is_field_value(value) || !is_utf8(value))
        return refused("a header field of a part has control characters or is no UTF-8");
    if (auto* const slot = into.slot(name); slot != nullptr) {
        if (*slot)
            return refused("a part has the same header field twice");
        *slot = value;
    }
    return {};
}

std::expected<known_fields, form_mistake> read_lines(std::string_view lines)
{
    known_fields read;
    std::size_t count = 0;
    while (!lines.empty()) {
        const std::size_t end = lines.find("\r\n");
        if (end == std::string_view::npos)
            return refused("a line in the head of a part has no end");
        if (++count > part_fields_max)
            return refused("a part has too many header fields", 413);
        auto taken = read_line(lines.substr(0, end), read);
        if (!taken)
            return std::unexpected(std::move(taken).error());
        lines.remove_prefix(end + 2);
    }
    return read;
}

outcome read_disposition(std::string_view value, part_head& into)
{
    const auto read = detail::parse_parameters(value);
    if (!read || !equal_ignoring_case(read->word, "form-data"))
        return refused("Content-Disposition of a part is no well-formed form-data");
    for (const detail::parameter& each : read->parameters) {
        // Two ways to name one file are one too many: filters would look at the other one.
        if (each.name.ends_with('*'))
            return refused("`filename*` has no place in a form (RFC 7578, 4.2)");
    }
    const std::string* const name = read->find("name");
    if (name == nullptr)
        return refused("a part has no name");
    into.name = *name;
    if (const std::string* const filename = read->find("filename"); filename != nullptr)
        into.filename = *filename;
    return {};
}

}  // namespace

std::expected<part_head, form_mistake> parse_part_head(std::string_view lines)
{
    const auto fields = read_lines(lines);
    if (!fields)
        return std::unexpected(fields.error());
    if (!fields->disposition)
        return refused("a part has no Content-Disposition");
    part_head head;
    if (auto read = read_disposition(*fields->disposition, head); !read)
        return std::unexpected(std::move(read).error());

    const auto mistake = [&head](std::string_view what) {
        return std::unexpected(form_mistake{.status = 415, .what = what, .name = head.name});
    };
    if (fields->content_type) {
        constexpr std::string_view nested = "multipart/";
        if (equal_ignoring_case(fields->content_type->substr(0, nested.size()), nested))
            return mistake("parts inside parts are not taken");
        head.content_type = *fields->content_type;
    }
    if (fields->transfer_encoding) {
        const std::string_view coding = *fields->transfer_encoding;
        if (!equal_ignoring_case(coding, "7bit") && !equal_ignoring_case(coding, "8bit") &&
            !equal_ignoring_case(coding, "binary"))
            return mistake("parts with a transfer coding are not taken");
    }
    return head;
}

std::expected<std::string, form_mistake> boundary_of(std::string_view content_type)
{
    if (!equal_ignoring_case(trim(content_type.substr(0, content_type.find(';'))),
                             "multipart/form-data"))
        return refused("send the form as multipart/form-data", 415);
    const auto read = detail::parse_parameters(content_type);
    const std::string* const boundary = read ? read->find("boundary") : nullptr;
    if (boundary == nullptr || boundary->empty() || boundary->size() > 70)
        return refused("multipart/form-data needs a boundary of 1 to 70 characters");
    const auto fits = [](char c) {
        const char small = lower(c);
        return (small >= 'a' && small <= 'z') || is(octet_digit, c) ||
               std::string_view{"'()+_,-./:=? "}.find(c) != std::string_view::npos;
    };
    if (!std::ranges::all_of(*boundary, fits) || boundary->ends_with(' '))
        return refused("the boundary has characters that RFC 2046 does not allow");
    return *boundary;
}

std::string safe_file_name(std::string_view filename)
{
    constexpr std::size_t bytes_max = 200;
    if (const std::size_t slash = filename.find_last_of("/\\"); slash != std::string_view::npos)
        filename.remove_prefix(slash + 1);
    filename.remove_prefix(std::min(filename.find_first_not_of(". "), filename.size()));
    std::string name = printable(filename.substr(0, bytes_max));
    while (!name.empty() && !is_utf8(name))
        name.pop_back();
    while (name.ends_with(' ') || name.ends_with('.'))
        name.pop_back();
    return name.empty() ? "file" : name;
}

}  // namespace cohort::http
