#include <cohort/testing/test_answer.hpp>

#include <cohort/base/error.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/http/chunk_decoder.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/limits.hpp>
#include <cohort/http/status.hpp>

#include <fmt/format.h>

#include <cstdint>

namespace cohort::testing {

namespace {

/// Takes a chunked body off `bytes`; nothing if it is not whole.
std::optional<std::string> take_chunked(std::string_view& bytes)
{
    const http::limits bounds;
    http::chunk_decoder decoder{bounds};
    std::string body;
    for (;;) {
        const auto step = decoder.decode(bytes);
        body += step.data;
        bytes.remove_prefix(step.consumed);
        if (step.status == http::parse_status::done)
            return body;
        if (step.status == http::parse_status::refused || (bytes.empty() && step.data.empty()))
            return std::nullopt;
    }
}

std::string_view take_line(std::string_view& head)
{
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    return line;
}

}  // namespace

std::optional<test_answer> test_answer::read(std::string_view& bytes, std::string_view method)
{
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos)
        return std::nullopt;
    std::string_view head = bytes.substr(0, end + 2);
    std::string_view rest = bytes.substr(end + 4);

    test_answer answer;
    const std::string_view line = take_line(head);
    if (!line.starts_with("HTTP/1.1 ") || line.size() < 12)
        return std::nullopt;
    answer.status_ = parse_integer<unsigned>(line.substr(9, 3)).value_or(0);
    while (!head.empty()) {
        const std::string_view field = take_line(head);
        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos)
            return std::nullopt;
        answer.headers_.emplace_back(field.substr(0, colon), http::trim(field.substr(colon + 1)));
    }

    const auto length = answer.header("Content-Length");
    if (http::bodiless(static_cast<http::status_code>(answer.status_)) || method == "HEAD") {
        // No body, whatever the fields say.
    } else if (answer.header("Transfer-Encoding")) {
        auto body = take_chunked(rest);
        if (!body)
            return std::nullopt;
        answer.body_ = std::move(*body);
    } else if (length) {
        const auto size = parse_integer<std::size_t>(*length);
        if (!size || *size > rest.size())
            return std::nullopt;
        answer.body_ = rest.substr(0, *size);
        rest.remove_prefix(*size);
    } else {
        answer.body_ = rest;  // until the connection closes
        rest = {};
    }
    bytes = rest;
    return answer;
}

std::optional<std::string_view> test_answer::header(std::string_view name) const
{
    for (const auto& [known, value] : headers_) {
        if (http::equal_ignoring_case(known, name))
            return value;
    }
    return std::nullopt;
}

std::vector<std::string_view> test_answer::headers(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (const auto& [known, value] : headers_) {
        if (http::equal_ignoring_case(known, name))
            values.emplace_back(value);
    }
    return values;
}

boost::json::value test_answer::json() const
{
    auto document = http::parse_json(body_);
    if (!document)
        throw failure{fault(errc::malformed, "read a body as JSON",
                            fmt::format("status {}: {}", status_, body_))};
    return std::move(*document);
}

}  // namespace cohort::testing
