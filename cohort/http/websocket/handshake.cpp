#include <cohort/http/websocket/handshake.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/sha1.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/websocket/counters.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

std::unexpected<response> refuse(unsigned status, std::string_view detail)
{
    ++websocket_counters::here().refused;
    return std::unexpected(problem(status, {}, detail));
}

/// RFC 9110, 15.5.22: 426 names what to upgrade to.
std::unexpected<response> wants_upgrade(std::string_view detail)
{
    ++websocket_counters::here().refused;
    return std::unexpected(problem(426, {}, detail)
                               .header("Upgrade", "websocket")
                               .header("Sec-WebSocket-Version", "13"));
}

bool any_list_has(const request& of, std::string_view name, std::string_view token)
{
    return std::ranges::any_of(of.headers(name),
                               [&](std::string_view value) { return list_has(value, token); });
}

/// 16 bytes in base64.
bool is_key(std::string_view text) noexcept
{
    const auto is_digit = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/';
    };
    return text.size() == 24 && text.ends_with("==") &&
           std::ranges::all_of(text.substr(0, 22), is_digit);
}

bool origin_is_welcome(const request& of, const websocket_options& ours)
{
    if (ours.any_origin)
        return true;
    const auto origins = of.headers("Origin");
    if (origins.empty())
        return true;  // no browser
    if (origins.size() != 1)
        return false;
    return is_same_origin(origins[0], of.host()) ||
           std::ranges::any_of(ours.origins, [&](std::string_view allowed) {
               return equal_ignoring_case(allowed, origins[0]);
           });
}

/// The first of ours that the client offers too: it is the server that ranks.
std::string pick_subprotocol(const request& of, const websocket_options& ours)
{
    for (const std::string& each : ours.subprotocols) {
        for (std::string_view line : of.headers("Sec-WebSocket-Protocol")) {
            // Compared exactly: unlike other tokens, their case counts (RFC 6455, 4.1).
            for (auto name = next_element(line); !name.empty(); name = next_element(line)) {
                if (name == each)
                    return each;
            }
        }
    }
    return {};
}

}  // namespace

std::expected<websocket_terms, response> agree(const request& of, const websocket_options& ours)
{
    const head& raw = of.top().raw();
    if (!raw.upgrade || !any_list_has(of, "Upgrade", "websocket"))
        return wants_upgrade("this resource is a WebSocket");
    if (of.method() != method::get || raw.minor_version < 1 || raw.body != framing::none)
        return refuse(400, "a WebSocket begins with GET, HTTP/1.1 and no body");

    const auto versions = of.headers("Sec-WebSocket-Version");
    if (versions.size() != 1 || versions[0] != "13")
        return wants_upgrade("only version 13 of WebSocket is spoken here");
    const auto keys = of.headers("Sec-WebSocket-Key");
    if (keys.size() != 1 || !is_key(keys[0]))
        return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64");
    if (!origin_is_welcome(of, ours)) {
        ++websocket_counters::here().refused_origin;
        return refuse(403, "pages of this origin may not connect");
    }

    websocket_terms terms;
    terms.accept = websocket_accept(keys[0]);
    terms.subprotocol = pick_subprotocol(of, ours);
    terms.deflate = agree_on_deflate(of.headers("Sec-WebSocket-Extensions"), ours.compression);
    return terms;
}

bool is_same_origin(std::string_view origin, std::string_view host) noexcept
{
    const std::size_t colon = origin.find("://");
    if (colon == std::string_view::npos || host.empty())
        return false;
    const std::string_view scheme = origin.substr(0, colon);
    const std::string_view page = origin.substr(colon + 3);
    std::string_view implied;
    if (equal_ignoring_case(scheme, "https"))
        implied = ":443";
    else if (equal_ignoring_case(scheme, "http"))
        implied = ":80";
    else
        return false;
    const auto bare = [implied](std::string_view at) {
        return at.ends_with(implied) ? at.substr(0, at.size() - implied.size()) : at;
    };
    return equal_ignoring_case(bare(page), bare(host));
}

std::string websocket_accept(std::string_view key)
{
    const std::string text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const auto digest = crypto::sha1(text);
    return crypto::to_base64({digest.data(), digest.size()});
}

}  // namespace cohort::http
