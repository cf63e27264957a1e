#include <cohort/http/serializer.hpp>

#include <cohort/base/decimal.hpp>
#include <cohort/http/date.hpp>
#include <cohort/http/grammar.hpp>

#include <charconv>

namespace cohort::http {

namespace {

void append_line(std::string& out, field_view field)
{
    out.append(field.name).append(": ").append(field.value).append("\r\n");
}

}  // namespace

answer plan_answer(const answer_facts& facts) noexcept
{
    answer plan{.status = facts.status,
                .minor_version = facts.minor_version,
                .connection = facts.connection};
    if (bodiless(facts.status))
        return plan;

    if (facts.status == 205) {
        // RFC 9110 section 15.3.6: no content, but unlike 204 it has to say so.
        plan.framing = answer_framing::length;
        return plan;
    }

    plan.send_body = facts.verb != method::head;
    if (facts.length) {
        plan.framing = answer_framing::length;
        plan.length = *facts.length;
    } else if (facts.minor_version > 0) {
        plan.framing = answer_framing::chunked;
    } else if (plan.send_body) {
        // HTTP/1.0 knows no chunks: only the end of the connection can mark the end of the body.
        plan.framing = answer_framing::until_close;
        plan.connection = persistence::close;
    }
    return plan;
}

void begin_head(std::string& out, status_code status)
{
    const auto ready_made = status_line(status);
    if (!ready_made.empty()) {
        out.append(ready_made);
        return;
    }
    out.append("HTTP/1.1 ");
    out.append(decimal{status}.view());
    out.append(" ").append(reason(status)).append("\r\n");
}

result<> append_field(std::string& out, field_view field)
{
    if (!is_token(field.name))
        return failed(errc::bad_value, "send a field whose name is no token");
    if (!is_field_value(field.value))
        return failed(errc::bad_value, "send control characters in a field",
                      std::string{field.name});
    append_line(out, field);
    return {};
}

bool owned_by_serializer(std::string_view name) noexcept
{
    switch (name.size()) {
        case 10:
            return equal_ignoring_case(name, "connection");
        case 14:
            return equal_ignoring_case(name, "content-length");
        case 17:
            return equal_ignoring_case(name, "transfer-encoding");
        default:
            return false;
    }
}

void end_head(std::string& out, const answer& what, date_field date)
{
    if (date == date_field::ours)
        append_line(out, {"Date", date_now()});

    // Staying is the default of HTTP/1.1, and must be said to an HTTP/1.0 client. An interim
    // answer says nothing: the final one after it will.
    if (what.status >= 200) {
        if (what.connection == persistence::close)
            out.append("Connection: close\r\n");
        else if (what.minor_version == 0)
            out.append("Connection: keep-alive\r\n");
    }

    switch (what.framing) {
        case answer_framing::length:
            out.append("Content-Length: ");
            out.append(decimal{what.length}.view());
            out.append("\r\n");
            break;
        case answer_framing::chunked:
            out.append("Transfer-Encoding: chunked\r\n");
            break;
        case answer_framing::none:
        case answer_framing::until_close:
            break;
    }
    out.append("\r\n");
}

result<> append_head(std::string& out, const answer& what, std::span<const field_view> fields)
{
    const std::size_t before = out.size();
    auto date = date_field::ours;
    begin_head(out, what.status);
    for (const field_view& field : fields) {
        if (owned_by_serializer(field.name))
            continue;
        if (equal_ignoring_case(field.name, "date"))
            date = date_field::theirs;
        if (auto added = append_field(out, field); !added) {
            out.resize(before);
            return added;
        }
    }
    end_head(out, what, date);
    return {};
}

chunk_prefix::chunk_prefix(std::uint64_t size) noexcept
    : bytes{}, length{0}
{
    const auto written = std::to_chars(bytes.data(), bytes.data() + 16, size, 16);
    written.ptr[0] = '\r';
    written.ptr[1] = '\n';
    length = static_cast<std::uint8_t>(written.ptr + 2 - bytes.data());
}

void append_chunk(std::string& out, std::string_view data)
{
    if (data.empty())
        return;
    out.append(chunk_prefix{data.size()}.text()).append(data).append("\r\n");
}

}  // namespace cohort::http
