#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/field_lines.hpp>
#include <cohort/http/takeover.hpp>

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// Writes a response's body piece by piece: `co_await out.write(piece)` waits until the connection
/// can take more. May be a coroutine lambda with captures: the response keeps it until it ended.
using body_producer = std::move_only_function<awaitable<>(body_writer& out)>;

/// What a handler answers. A value that is moved, not copied.
///
/// Made by the functions below (text, json, problem, stream…). The server itself writes Date,
/// Content-Length, Transfer-Encoding and Connection: setting one of these is refused.
class response {
public:
    /// 200 without a body.
    response() noexcept = default;

    /// `status` 200 to 599; throws cohort::failure (errc::bad_value) otherwise.
    explicit response(unsigned status);

    [[nodiscard]] unsigned status() const noexcept { return status_; }
    response& status(unsigned code) &;
    response&& status(unsigned code) && { return std::move(status(code)); }

    /// Sets a header field, in place of those of that name. Throws cohort::failure
    /// (errc::bad_value) for a name or value that could not be sent as one line, and for the
    /// fields that the server writes. Content-Type is set here too.
    response& header(std::string_view name, std::string_view value) &;
    response&& header(std::string_view name, std::string_view value) &&
    {
        return std::move(header(name, value));
    }

    /// Adds a header field beside those of that name: Set-Cookie, Link, Vary. Throws like header().
    response& add_header(std::string_view name, std::string_view value) &;
    response&& add_header(std::string_view name, std::string_view value) &&
    {
        return std::move(add_header(name, value));
    }

    /// Adds header fields that were put together before, once for many answers, all at once. None
    /// of them is Content-Type, or one that the server writes: nobody looks.
    response& add_headers(const field_lines& ready) &
    {
        fields_.add(ready);
        return *this;
    }

    void remove_header(std::string_view name);

    /// The first value of that name, as set so far.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;

    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    void body(std::string bytes) noexcept { body_ = std::move(bytes); }

    /// Close the connection after this answer.
    response& close_after() & noexcept
    {
        closes_ = true;
        return *this;
    }
    response&& close_after() && noexcept { return std::move(close_after()); }

    // For the server.

    /// Header lines as they are sent, without Content-Type and without the final empty line.
    [[nodiscard]] const field_lines& fields() const noexcept { return fields_; }

    /// Empty: none is sent.
    [[nodiscard]] std::string_view content_type() const noexcept
    {
        return own_content_type_.empty() ? content_type_ : std::string_view{own_content_type_};
    }

    [[nodiscard]] bool closes() const noexcept { return closes_; }
    [[nodiscard]] bool streams() const noexcept { return producer_ != nullptr; }

    /// Bytes of the body; nothing if it is streamed and its length was not announced.
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept
    {
        return streams() ? length_ : std::uint64_t{body_.size()};
    }

    /// 101, 204 and 304 (RFC 9110, 6.4.1) never have one, whatever body() says.
    [[nodiscard]] bool may_have_body() const noexcept
    {
        return status_ != 101 && status_ != 204 && status_ != 304;
    }

    /// Made by switch_protocols(), and still a 101.
    [[nodiscard]] bool switches() const noexcept { return taker_ != nullptr && status_ == 101; }
    [[nodiscard]] std::unique_ptr<connection_taker> take_taker() noexcept
    {
        return std::move(taker_);
    }

    /// The producer of a streamed body. Stays where it is when the response is moved, and must
    /// outlive the coroutine it returns. Call it through produce() in http/handler.hpp.
    [[nodiscard]] body_producer& producer() noexcept { return *producer_; }

    /// The body, to be sent from where it is; the response has none afterwards.
    [[nodiscard]] std::string take_body() noexcept { return std::exchange(body_, {}); }

private:
    friend response make_response(unsigned status, std::string_view content_type, std::string body);
    friend response stream(std::string content_type, body_producer producer);
    friend response stream(std::string content_type, std::uint64_t length, body_producer producer);
    friend response switch_protocols(std::string_view protocol, connection_taker taker);

    unsigned status_ = 200;
    bool closes_ = false;
    std::string_view content_type_;  // of static lifetime; own_content_type_ if that is not empty
    std::string own_content_type_;
    field_lines fields_;
    std::string body_;
    std::unique_ptr<body_producer> producer_;
    std::optional<std::uint64_t> length_;  // of what it will write
    std::unique_ptr<connection_taker> taker_;
};

/// `content_type` must live for ever (a literal); use bytes() for others.
[[nodiscard]] response make_response(unsigned status, std::string_view content_type,
                                     std::string body);

/// "text/plain; charset=utf-8".
[[nodiscard]] response text(std::string body, unsigned status = 200);

/// "text/html; charset=utf-8". What you put in is sent as it is: escape what came from outside.
[[nodiscard]] response html(std::string body, unsigned status = 200);

/// A body of any type. Throws cohort::failure if `content_type` cannot be a header value.
[[nodiscard]] response bytes(std::string content_type, std::string body, unsigned status = 200);

/// "application/json". http/json.hpp has the same for everything that Boost.JSON can convert.
[[nodiscard]] response json(const boost::json::value& document, unsigned status = 200);

/// 204.
[[nodiscard]] response no_content();

/// 201 with Location and a JSON body.
[[nodiscard]] response created(std::string_view location, const boost::json::value& document);

/// Sends the client to another path of this site: `path` starts with one "/". Anything that could
/// lead elsewhere ("//host", "/\host", "http:…") throws cohort::failure, since open redirects are
/// how phishing borrows a good name. `status`: 301, 302, 303, 307 or 308.
[[nodiscard]] response redirect(std::string_view path, unsigned status = 302);

/// The same to any address, for those who decided it themselves.
[[nodiscard]] response redirect_to_other_site(std::string_view url, unsigned status = 302);

/// A body that is produced while it is sent: chunked on HTTP/1.1, ended by closing on 1.0. If the
/// producer throws, the connection is cut, so that the client can tell the body is not whole.
[[nodiscard]] response stream(std::string content_type, body_producer producer);

/// The same with Content-Length: the producer writes `length` bytes. It cannot write more
/// (errc::too_large); if it writes fewer, the connection is cut.
[[nodiscard]] response stream(std::string content_type, std::uint64_t length,
                              body_producer producer);

/// 101: this connection goes on in another protocol ("websocket", of the request's Upgrade). Once
/// the head is sent, `taker` gets it, with whatever the client has sent behind its request. Header
/// fields may be added; Connection and Upgrade are there.
///
/// Only a request of HTTP/1.1 without a body can be answered so (400 is sent instead), and none
/// that comes while the server drains (503). The handler decides what else it wants to see before,
/// Upgrade and Origin for example.
[[nodiscard]] response switch_protocols(std::string_view protocol, connection_taker taker);

}  // namespace cohort::http
