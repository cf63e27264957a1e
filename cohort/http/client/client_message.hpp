#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/client/retry_rule.hpp>
#include <cohort/http/field_lines.hpp>
#include <cohort/http/method.hpp>
#include <cohort/observe/span.hpp>

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

class request;

/// Until when the answer to a request is wanted: attach it to the request, and calls on its behalf
/// take no longer.
struct request_deadline {
    steady_time at;
};

/// What a client is to send. A value.
///
///     http::client_request ask{http::method::post, "http://billing.internal/invoices"};
///     ask.json(document).on_behalf_of(request).within(2s);
class client_request {
public:
    /// `address` is read when it is sent.
    client_request(http::method verb, std::string address)
        : verb_{verb}, address_{std::move(address)}
    {}

    /// Sets a header field. Throws cohort::failure (errc::bad_value) for what could not be sent as
    /// one line, and for Host, Content-Length, Transfer-Encoding and Connection.
    client_request& header(std::string_view name, std::string_view value);

    client_request& body(std::string bytes, std::string_view content_type);
    client_request& json(const boost::json::value& document);

    /// Passes on what belongs to the whole of which this is a part: its trace and baggage, the
    /// request's id (X-Request-Id), and its deadline, if one is attached. Inside of tracing() this
    /// is part_of() the request's span, else traceparent and tracestate go on as they came. Copies;
    /// `of` may end before.
    client_request& on_behalf_of(const request& of);

    /// Each time that it is sent becomes a span, a child of that one; the server is told of it by
    /// traceparent.
    client_request& part_of(const observe::span& whole);

    /// In all, retries and pauses included; never longer than the client's own limit.
    client_request& within(nanoseconds budget)
    {
        within_ = budget;
        return *this;
    }

    /// Sending it twice is like sending it once, whatever its method says; or the opposite.
    client_request& repeatable(http::repeatable is)
    {
        repeatable_ = is;
        return *this;
    }

    // For the client.

    [[nodiscard]] http::method verb() const noexcept { return verb_; }
    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    [[nodiscard]] const field_lines& fields() const noexcept { return fields_; }
    [[nodiscard]] const std::string& bytes() const noexcept { return body_; }
    [[nodiscard]] std::optional<nanoseconds> budget() const noexcept { return within_; }
    [[nodiscard]] std::optional<steady_time> deadline() const noexcept { return deadline_; }
    [[nodiscard]] http::repeatable is_repeatable() const noexcept
    {
        return repeatable_.value_or(idempotent(verb_) ? http::repeatable::yes
                                                      : http::repeatable::no);
    }
    /// What part_of() said. A value.
    struct trace_part {
        observe::tracer* by = nullptr;  ///< Null: no span is made.
        observe::trace_context span = {};
    };
    [[nodiscard]] const trace_part& is_part_of() const noexcept { return whole_; }
    void redirected_to(std::string address) { address_ = std::move(address); }

private:
    http::method verb_;
    std::string address_;
    field_lines fields_;
    std::string body_;
    std::optional<nanoseconds> within_;
    std::optional<steady_time> deadline_;
    std::optional<http::repeatable> repeatable_;
    trace_part whole_;
};

/// Status and header fields of an answer. A value.
class client_head {
public:
    using field_list = std::vector<std::pair<std::string, std::string>>;

    client_head() = default;
    client_head(unsigned status, field_list fields)
        : status_{status}, fields_{std::move(fields)}
    {}

    [[nodiscard]] unsigned status() const noexcept { return status_; }
    [[nodiscard]] bool succeeded() const noexcept { return status_ >= 200 && status_ < 300; }

    /// The first field of that name, whatever its case.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    [[nodiscard]] const field_list& fields() const noexcept { return fields_; }

    /// How long the server wants to be left alone: Retry-After, as seconds or as a date. Nothing:
    /// it does not say.
    [[nodiscard]] std::optional<nanoseconds> retry_after() const;

private:
    unsigned status_ = 0;
    field_list fields_;
};

/// A whole answer. A value.
class client_response : public client_head {
public:
    client_response(client_head head, std::string body)
        : client_head{std::move(head)}, body_{std::move(body)}
    {}

    [[nodiscard]] const std::string& body() const noexcept { return body_; }

    /// The body as JSON. Throws cohort::failure (errc::malformed) if it is none.
    [[nodiscard]] boost::json::value json() const;

private:
    std::string body_;
};

}  // namespace cohort::http
