#include <cohort/http/forms/urlencoded.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/http/forms/detail/parameters.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/percent.hpp>
#include <cohort/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cohort::http {

namespace {

constexpr std::string_view type = "application/x-www-form-urlencoded";

/// For messages: what a client called a field, at a bearable length.
std::string shown(std::string_view name) { return printable(name.substr(0, 64)); }

result<form::field> read_pair(std::string_view pair, const urlencoded_limits& limits)
{
    const std::string_view raw_name = pair.substr(0, pair.find('='));
    std::string_view raw_value = pair.substr(raw_name.size());
    if (!raw_value.empty())
        raw_value.remove_prefix(1);
    if (raw_name.size() > limits.name_bytes_max)
        return failed(errc::too_large, "read the name of field", shown(raw_name));
    if (raw_value.size() > limits.value_bytes_max)
        return failed(errc::too_large, "read the value of field", shown(raw_name));

    auto name = query_decode(raw_name);
    if (!name || !is_utf8(*name))
        return failed(errc::malformed, "read the name of field", shown(raw_name));
    auto value = query_decode(raw_value);
    if (!value || !is_utf8(*value))
        return failed(errc::malformed, "read the value of field", shown(*name));
    return form::field{std::move(*name), std::move(*value)};
}

bool is_form_type(std::string_view content_type)
{
    const auto read = detail::parse_parameters(content_type);
    if (!read || !equal_ignoring_case(read->word, type))
        return false;
    const std::string* const charset = read->find("charset");
    return charset == nullptr || equal_ignoring_case(*charset, "utf-8");
}

}  // namespace

std::optional<std::string_view> form::find(std::string_view name) const noexcept
{
    const auto found = std::ranges::find(fields_, name, &field::name);
    if (found == fields_.end())
        return std::nullopt;
    return found->value;
}

std::vector<std::string_view> form::find_all(std::string_view name) const
{
    std::vector<std::string_view> all;
    for (const field& each : fields_) {
        if (each.name == name)
            all.push_back(each.value);
    }
    return all;
}

std::string_view form::at(std::string_view name) const
{
    if (const auto value = find(name))
        return *value;
    throw refusal{422}
        .detail(fmt::format("form field `{}` is missing", name))
        .member("parameter", name)
        .member("in", "form");
}

result<form> parse_urlencoded(std::string_view text, const urlencoded_limits& limits)
{
    if (text.size() > limits.bytes_max)
        return failed(errc::too_large, "read a form");
    std::vector<form::field> fields;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        if (pair.empty())
            continue;
        if (fields.size() == limits.pairs_max)
            return failed(errc::too_large, "read more fields of a form than",
                          std::to_string(limits.pairs_max));
        auto read = read_pair(pair, limits);
        if (!read)
            return std::unexpected(std::move(read).error());
        fields.push_back(std::move(*read));
    }
    return form{std::move(fields)};
}

form form_of(const request& of, const urlencoded_limits& limits)
{
    if (!is_form_type(of.header("Content-Type").value_or("")))
        throw refusal{415}
            .detail(fmt::format("send the form as {}, in UTF-8", type))
            .header("Accept", std::string{type});
    auto read = parse_urlencoded(of.body(), limits);
    if (read)
        return std::move(*read);
    const fault& why = read.error();
    if (why.why() == errc::too_large)
        throw refusal{413, "Form Too Large"}.detail(why.text());
    throw refusal{400, "Malformed form"}.detail(why.text());
}

}  // namespace cohort::http
