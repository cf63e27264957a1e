#include <cohort/http/topics/server_event.hpp>

#include <cohort/base/error.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

constexpr std::string_view line_ends{"\r\n"};

void check(std::string_view value, std::string_view forbidden, const char* name)
{
    if (value.find_first_of(forbidden) != std::string_view::npos)
        throw failure{
            fault(errc::bad_value, "write a server-sent event whose value is no line:", name)};
}

void append_field(std::string& out, std::string_view name, std::string_view value)
{
    out += name;
    out += ": ";
    out += value;
    out += '\n';
}

}  // namespace

void append_event(std::string& out, const server_event& what)
{
    check(what.event, line_ends, "event");
    if (what.id)
        check(*what.id, std::string_view{"\r\n\0", 3}, "id");
    if (what.retry)
        append_field(out, "retry",
                     std::to_string(std::max<milliseconds::rep>(what.retry->count(), 0)));
    if (what.id)
        append_field(out, "id", *what.id);
    if (!what.event.empty())
        append_field(out, "event", what.event);
    std::string_view rest = what.data;
    bool more = !rest.empty() || !what.event.empty();
    while (more) {
        const auto end = rest.find_first_of(line_ends);
        append_field(out, "data", rest.substr(0, end));
        more = end != std::string_view::npos;
        if (more)
            rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
    }
    out += '\n';
}

void append_event_comment(std::string& out, std::string_view text)
{
    out += ": ";
    for (const char each : text)
        out += line_ends.find(each) == std::string_view::npos ? each : ' ';
    out += "\n\n";
}

}  // namespace cohort::http
