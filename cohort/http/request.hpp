#pragma once

#include <cohort/base/parse.hpp>
#include <cohort/http/attachments.hpp>
#include <cohort/http/head.hpp>
#include <cohort/http/peer.hpp>

#include <boost/json/fwd.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cohort::http {

class body_reader;
class route;

/// What a request is made of. The server fills it in; all of it outlives the request.
struct request_source {
    head_view top;
    std::string_view body = {};
    body_reader* stream = nullptr;  ///< For streamed routes.
    peer_lookup* from = nullptr;    ///< Null: somebody without an address.
    std::uint32_t attempt = 1;      ///< 2 and more: a worker died while it ran this request.
    std::uint32_t slot = 0;
};

/// Types that a parameter can be read as.
template <class T>
concept parameter_value =
    std::same_as<T, std::string> || std::same_as<T, std::string_view> || std::same_as<T, bool> ||
    std::same_as<T, double> || (std::integral<T> && !std::same_as<T, char>);

/// What a client asks: views into the bytes it sent, made without allocation. A resource of the
/// server, valid while its handler runs; what is kept for longer must be copied. One thread at a
/// time.
class request {
public:
    static constexpr std::size_t parameters_max = 16;

    explicit request(const request_source& from) noexcept
        : from_{from}
    {}
    request(const request&) = delete;
    request& operator=(const request&) = delete;
    request(request&&) noexcept = default;
    request& operator=(request&&) noexcept = default;

    // The request line.

    [[nodiscard]] http::method method() const noexcept { return from_.top.verb(); }
    [[nodiscard]] std::string_view method_text() const noexcept { return from_.top.method_text(); }
    /// As sent, with its query.
    [[nodiscard]] std::string_view target() const noexcept { return from_.top.target(); }
    /// As sent, without the query: not decoded.
    [[nodiscard]] std::string_view path() const noexcept { return from_.top.path(); }
    /// As sent, without "?": not decoded.
    [[nodiscard]] std::string_view query() const noexcept { return from_.top.query(); }

    // Parameters of the path. `name` is one in the route's pattern; another name is a mistake in
    // the program and throws std::logic_error, which becomes a 500.

    /// The decoded value as T: an integer (decimal, whole, in T's range), double, bool ("true",
    /// "false", "1", "0") or text. Throws a refusal otherwise: 400, naming the parameter and what
    /// was expected.
    template <parameter_value T>
    [[nodiscard]] T path(std::string_view name) const
    {
        return read<T>(path_text(name), {"path", name});
    }

    /// The same within bounds, both included.
    template <std::integral T>
    [[nodiscard]] T path(std::string_view name, std::type_identity_t<T> least,
                         std::type_identity_t<T> most) const
    {
        return bounded<T>(path_text(name), {"path", name}, least, most);
    }

    // Parameters of the query: "+" means a space, %41 means A. A malformed query throws a refusal
    // with 400.

    /// The first value of that name.
    [[nodiscard]] std::optional<std::string_view> query(std::string_view name) const;

    /// All values of that name, in order.
    [[nodiscard]] std::vector<std::string_view> query_all(std::string_view name) const;
    /// All parameters, in order.
    [[nodiscard]] const std::vector<field_view>& query_fields() const;

    /// The first value as T. Throws a refusal with 400 if it is absent or no T.
    template <parameter_value T>
    [[nodiscard]] T query(std::string_view name) const
    {
        return read<T>(query_text(name), {"query", name});
    }

    /// The same within bounds, both included.
    template <std::integral T>
    [[nodiscard]] T query(std::string_view name, std::type_identity_t<T> least,
                          std::type_identity_t<T> most) const
    {
        return bounded<T>(query_text(name), {"query", name}, least, most);
    }

    /// The same, or `otherwise` if it is absent. Present but no T is still refused.
    template <parameter_value T>
    [[nodiscard]] T query_or(std::string_view name, std::type_identity_t<T> otherwise) const
    {
        const auto value = query(name);
        return value ? read<T>(*value, {"query", name}) : std::move(otherwise);
    }

    // Header fields; names are compared without case. Where the target names a host itself
    // ("GET http://host/ HTTP/1.1"), Host is that one, whatever the field said.

    /// The first field of that name.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// All fields of that name, in order.
    [[nodiscard]] std::vector<std::string_view> headers(std::string_view name) const;
    /// All fields, in order.
    [[nodiscard]] std::vector<field_view> headers() const;
    /// Host and port as the client wrote them; anything, since the client chose it.
    [[nodiscard]] std::string_view host() const noexcept { return from_.top.host(); }

    // The body.

    /// All of it, if the route buffers its body.
    [[nodiscard]] std::string_view body() const noexcept { return from_.body; }

    /// The body as JSON: 32 levels deep at most, no key twice in one object. Throws a refusal: 415
    /// if Content-Type is not JSON, 400 with the position of the mistake if it is malformed.
    /// http/json.hpp has json_as<T>() for structs.
    [[nodiscard]] boost::json::value json() const;

    /// The body as it arrives. Routes with body_use::streamed only: std::logic_error otherwise.
    [[nodiscard]] body_reader& stream() const;

    // Around it.

    /// Who sent it: the other end of the connection.
    [[nodiscard]] const http::peer& peer() const noexcept;
    /// 1, or more if workers died while running this request.
    [[nodiscard]] unsigned attempt() const noexcept { return from_.attempt; }
    /// The slot of the worker that runs it.
    [[nodiscard]] unsigned slot() const noexcept { return from_.slot; }
    /// The route that was found; null before.
    [[nodiscard]] const http::route* route() const noexcept { return route_; }
    /// The pattern of the route that was found ("/users/{id}"); empty before.
    [[nodiscard]] std::string_view pattern() const noexcept;

    /// Leaves a value for handlers further in: who the user is, the request's id. One of each type.
    template <class T>
    T& attach(T value)
    {
        return attached_.put(std::move(value));
    }

    /// What was attached, or else a fresh one, attached now.
    template <class T>
    [[nodiscard]] T& attachment()
    {
        return attached_.get<T>();
    }

    /// What was attached, or null.
    template <class T>
    [[nodiscard]] const T* attached() const noexcept
    {
        return attached_.find<T>();
    }
    template <class T>
    [[nodiscard]] T* attached() noexcept
    {
        return attached_.find<T>();
    }

    // For the server and the router.

    [[nodiscard]] const head_view& top() const noexcept { return from_.top; }

    /// A body that became whole after the route was planned.
    void body_is(std::string_view whole) noexcept { from_.body = whole; }
    void stream_is(body_reader& reader) noexcept { from_.stream = &reader; }

    /// The route found, with its parameters in the order of the pattern, still encoded.
    void matched(const http::route& by, const std::array<std::string_view, parameters_max>& values,
                 std::size_t count) noexcept;

private:
    /// "path parameter `id`", for messages.
    struct place {
        std::string_view part;
        std::string_view name;
    };
    [[nodiscard]] field_view field(std::size_t index) const noexcept;
    [[nodiscard]] std::string_view path_text(std::string_view name) const;
    [[nodiscard]] std::string_view query_text(std::string_view name) const;
    [[noreturn]] static void refuse(place at, std::string_view expected);
    [[noreturn]] static void refuse_range(place at, const std::string& least,
                                          const std::string& most);

    template <parameter_value T>
    static T read(std::string_view value, place at);
    template <std::integral T>
    static T bounded(std::string_view value, place at, T least, T most);

    [[nodiscard]] std::string_view decoded_or_refused(std::string_view text) const;

    request_source from_;
    const http::route* route_ = nullptr;
    std::size_t parameters_count_ = 0;
    std::array<std::string_view, parameters_max> parameters_;
    // Decoded when first asked for, what needs it. Behind pointers, so that their addresses outlive
    // a move.
    mutable std::vector<std::unique_ptr<std::string>> decoded_;
    mutable std::optional<std::vector<field_view>> query_;
    attachments attached_;
};

template <parameter_value T>
T request::read(std::string_view value, place at)
{
    if constexpr (std::same_as<T, std::string> || std::same_as<T, std::string_view>) {
        return T{value};
    } else if constexpr (std::same_as<T, bool>) {
        if (value == "true" || value == "1")
            return true;
        if (value == "false" || value == "0")
            return false;
        refuse(at, "true or false");
    } else if constexpr (std::same_as<T, double>) {
        if (const auto number = parse_number(value))
            return *number;
        refuse(at, "a number");
    } else {
        return bounded<T>(value, at, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    }
}

template <std::integral T>
T request::bounded(std::string_view value, place at, T least, T most)
{
    const auto number = parse_integer<T>(value);
    if (!number || *number < least || *number > most)
        refuse_range(at, std::to_string(least), std::to_string(most));
    return *number;
}

}  // namespace cohort::http
