#include <cohort/http/client/client_message.hpp>

#include <cohort/base/error.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/http/date.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/http/serializer.hpp>
#include <cohort/observe/tracer.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdint>

namespace cohort::http {

client_request& client_request::header(std::string_view name, std::string_view value)
{
    if (owned_by_serializer(name) || equal_ignoring_case(name, "Host"))
        throw failure{
            fault(errc::bad_value, "set a header that the client writes", std::string{name})};
    fields_.set(name, value);
    return *this;
}

client_request& client_request::body(std::string bytes, std::string_view content_type)
{
    fields_.set("Content-Type", content_type);
    body_ = std::move(bytes);
    return *this;
}

client_request& client_request::json(const boost::json::value& document)
{
    return body(boost::json::serialize(document), "application/json");
}

client_request& client_request::on_behalf_of(const request& of)
{
    for (const std::string_view name : {"traceparent", "tracestate"}) {
        if (const auto value = of.header(name); value && is_field_value(*value))
            fields_.set(name, *value);
    }
    const observe::span& span = span_of(of);
    if (span.context().valid())
        part_of(span);
    const bool ends_here = span.owner() != nullptr && !span.owner()->options().baggage_handed_on;
    if (const auto carried = baggage_of(of); carried && !carried->empty() && !ends_here)
        fields_.set("baggage", carried->text());
    if (const auto* const id = of.attached<request_id>(); id != nullptr)
        fields_.set("X-Request-Id", id->text);
    if (const auto* const until = of.attached<request_deadline>(); until != nullptr)
        deadline_ = until->at;
    return *this;
}

client_request& client_request::part_of(const observe::span& whole)
{
    fields_.remove("traceparent");
    fields_.remove("tracestate");
    whole_ = {.by = whole.owner(), .span = whole.context()};
    return *this;
}

std::optional<std::string_view> client_head::header(std::string_view name) const noexcept
{
    for (const auto& [each, value] : fields_) {
        if (equal_ignoring_case(each, name))
            return value;
    }
    return std::nullopt;
}

std::optional<nanoseconds> client_head::retry_after() const
{
    const auto field = header("Retry-After");
    if (!field)
        return std::nullopt;
    if (const auto count = parse_integer<std::uint32_t>(*field))
        return seconds{*count};
    const auto date = parse_date(*field);
    const auto today = parse_date(date_now());
    if (!date || !today)
        return std::nullopt;
    return seconds{std::max<std::int64_t>(*date - *today, 0)};
}

boost::json::value client_response::json() const
{
    auto read = parse_json(body_);
    if (!read)
        throw failure{fault(errc::malformed, "read an answer's JSON", read.error().what)};
    return std::move(*read);
}

}  // namespace cohort::http
