#include "llhttp_drive.hpp"

#include <cohort/http/grammar.hpp>
#include <cohort/http/method.hpp>

#include <llhttp.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace cohort::protocol {

namespace {

struct listener {
    outcome result;
    request now;
    bool begun = false;
};

listener& of(llhttp_t* parser) { return *static_cast<listener*>(parser->data); }

llhttp_settings_t make_settings()
{
    llhttp_settings_t on;
    llhttp_settings_init(&on);
    on.on_message_begin = [](llhttp_t* parser) {
        of(parser).begun = true;
        of(parser).now = request{.method = "", .target = "", .body = ""};
        return 0;
    };
    on.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {
        of(parser).now.target.append(at, length);
        return 0;
    };
    on.on_body = [](llhttp_t* parser, const char* at, std::size_t length) {
        of(parser).now.body.append(at, length);
        return 0;
    };
    on.on_message_complete = [](llhttp_t* parser) {
        listener& to = of(parser);
        to.now.method = llhttp_method_name(static_cast<llhttp_method_t>(parser->method));
        to.result.served.push_back(std::move(to.now));
        to.begun = false;
        if (llhttp_should_keep_alive(parser) != 0)
            return 0;
        to.result.after = connection::closes;
        return static_cast<int>(HPE_PAUSED);
    };
    return on;
}

}  // namespace

outcome drive_llhttp(std::string_view bytes)
{
    static const llhttp_settings_t settings = make_settings();
    listener to;
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = &to;

    // llhttp reads past the end of nothing, but a null pointer is not the end of nothing.
    const char* at = bytes.empty() ? "" : bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
        const llhttp_errno_t error =
            llhttp_execute(&parser, at, static_cast<std::size_t>(end - at));
        if (error == HPE_PAUSED_UPGRADE) {
            at = llhttp_get_error_pos(&parser);
            llhttp_resume_after_upgrade(&parser);
            continue;
        }
        if (error != HPE_OK && error != HPE_PAUSED) {
            to.result.refused = 400;
            to.result.rule = llhttp_errno_name(error);
            to.result.after = connection::closes;
        }
        break;
    }
    to.result.between_requests = to.result.refused == 0 && !to.begun;
    return std::move(to.result);
}

namespace {

/// True if something that looks like a field `name` has a value of which `claim` is true. Both in
/// lower case.
template <class Claim>
bool any_field(std::string_view bytes, std::string_view name, Claim claim)
{
    std::string lowered;
    for (const char c : bytes)
        lowered.push_back(http::lower(c));
    for (std::size_t at = lowered.find(name); at != std::string::npos;
         at = lowered.find(name, at + 1))
    {
        const std::size_t end = std::min(lowered.find('\r', at), lowered.size());
        if (claim(std::string_view{lowered}.substr(at + name.size(), end - at - name.size())))
            return true;
    }
    return false;
}

bool has_later_minor_version(std::string_view bytes)
{
    for (std::size_t at = bytes.find(" HTTP/1."); at != std::string_view::npos;
         at = bytes.find(" HTTP/1.", at + 1))
    {
        if (at + 8 < bytes.size() && bytes[at + 8] >= '2' && bytes[at + 8] <= '9')
            return true;
    }
    return false;
}

}  // namespace

std::optional<std::string_view> known_deviation(std::string_view bytes, const outcome& ours)
{
    for (const request& one : ours.served) {
        if (http::parse_method(one.method) == http::method::other)
            return "RFC 9110 section 9.1: any token is a method; what it means is decided above";
    }
    if (has_later_minor_version(bytes))
        return "RFC 9110 section 2.5: HTTP/1.2 is served as HTTP/1.1";
    const auto ends_in_blank = [](std::string_view value) {
        return value.ends_with(' ') || value.ends_with('\t');
    };
    if (any_field(bytes, "content-length:", ends_in_blank))
        return "RFC 9112 section 5: white space after a value is no part of it";
    const auto is_not_plain = [](std::string_view value) { return !value.ends_with("chunked"); };
    if (any_field(bytes, "transfer-encoding:", is_not_plain))
        return "RFC 9110 section 5.6.1: empty elements of a list are ignored";
    if (any_field(bytes, "proxy-connection:", [](std::string_view) { return true; }))
        return "RFC 9110 section 7.6.1: Proxy-Connection is a field like any other";
    // llhttp believes the last option that it knows, and knows none that follows a quote.
    int options = 0;
    const auto is_involved = [&options](std::string_view value) {
        return ++options > 1 || value.find_first_of(",\"") != std::string_view::npos;
    };
    if (any_field(bytes, "connection:", is_involved))
        return "RFC 9112 section 9.3: close wins over keep-alive, wherever it stands";
    const std::size_t body = bytes.find("\r\n\r\n");
    if (body != std::string_view::npos && bytes.find(';', body) != std::string_view::npos)
        return "RFC 9112 section 7.1.1: chunk extensions may be several, quoted and spaced";
    return std::nullopt;
}

}  // namespace cohort::protocol
