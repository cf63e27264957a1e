#include <cohort/http/response.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/serializer.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

void refuse_owned(std::string_view name)
{
    if (owned_by_serializer(name) || equal_ignoring_case(name, "Date"))
        throw failure{
            fault(errc::bad_value, "set a header that the server writes", std::string{name})};
}

bool is_content_type(std::string_view name) noexcept
{
    return equal_ignoring_case(name, "Content-Type");
}

std::string checked_content_type(std::string_view value)
{
    if (value.empty() || !is_field_value(value))
        throw failure{fault(errc::bad_value, "set Content-Type", std::string{})};
    return std::string{value};
}

/// Browsers drop tabs and line ends, and read "\" as "/": after that, "//host" is another site.
bool stays_on_this_site(std::string_view path) noexcept
{
    const auto harmless = [](unsigned char c) { return c > 0x20 && c != 0x7f && c != '\\'; };
    return path.starts_with('/') && !path.starts_with("//") && std::ranges::all_of(path, harmless);
}

response moved(std::string_view to, unsigned status)
{
    switch (status) {
        case 301:
        case 302:
        case 303:
        case 307:
        case 308:
            return response{status}.header("Location", to);
        default:
            throw failure{
                fault(errc::bad_value, "redirect with the status", std::to_string(status))};
    }
}

}  // namespace

response::response(unsigned status) { this->status(status); }

response& response::status(unsigned code) &
{
    if (code < 200 || code > 599)
        throw failure{fault(errc::bad_value, "answer with the status", std::to_string(code))};
    status_ = code;
    return *this;
}

response& response::header(std::string_view name, std::string_view value) &
{
    refuse_owned(name);
    if (is_content_type(name))
        own_content_type_ = checked_content_type(value);
    else
        fields_.set(name, value);
    return *this;
}

response& response::add_header(std::string_view name, std::string_view value) &
{
    if (is_content_type(name))
        return header(name, value);
    refuse_owned(name);
    fields_.add(name, value);
    return *this;
}

void response::remove_header(std::string_view name)
{
    if (is_content_type(name)) {
        own_content_type_.clear();
        content_type_ = {};
    } else {
        fields_.remove(name);
    }
}

std::optional<std::string_view> response::header(std::string_view name) const noexcept
{
    if (!is_content_type(name))
        return fields_.find(name);
    if (content_type().empty())
        return std::nullopt;
    return content_type();
}

response make_response(unsigned status, std::string_view content_type, std::string body)
{
    response answer{status};
    answer.content_type_ = content_type;
    answer.body_ = std::move(body);
    return answer;
}

response text(std::string body, unsigned status)
{
    return make_response(status, "text/plain; charset=utf-8", std::move(body));
}

response html(std::string body, unsigned status)
{
    return make_response(status, "text/html; charset=utf-8", std::move(body));
}

response bytes(std::string content_type, std::string body, unsigned status)
{
    response answer{status};
    answer.header("Content-Type", content_type);
    answer.body(std::move(body));
    return answer;
}

response json(const boost::json::value& document, unsigned status)
{
    return make_response(status, "application/json", boost::json::serialize(document));
}

response no_content() { return response{204}; }

response created(std::string_view location, const boost::json::value& document)
{
    return json(document, 201).header("Location", location);
}

response redirect(std::string_view path, unsigned status)
{
    if (!stays_on_this_site(path))
        throw failure{
            fault(errc::bad_value, "redirect outside of this site to", std::string{path})};
    return moved(path, status);
}

response redirect_to_other_site(std::string_view url, unsigned status)
{
    return moved(url, status);
}

response stream(std::string content_type, body_producer producer)
{
    response answer;
    answer.header("Content-Type", content_type);
    answer.producer_ = std::make_unique<body_producer>(std::move(producer));
    return answer;
}

response stream(std::string content_type, std::uint64_t length, body_producer producer)
{
    response answer = stream(std::move(content_type), std::move(producer));
    answer.length_ = length;
    return answer;
}

response switch_protocols(std::string_view protocol, connection_taker taker)
{
    response answer;
    answer.status_ = 101;
    answer.fields_.add("Connection", "Upgrade");
    answer.fields_.add("Upgrade", protocol);
    answer.taker_ = std::make_unique<connection_taker>(std::move(taker));
    return answer;
}

}  // namespace cohort::http
