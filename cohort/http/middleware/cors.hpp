#pragma once

#include <cohort/http/middleware.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

/// Every page of the web may read the answers: `cors({.origins = http::any_origin})`.
struct any_origin_t {};
inline constexpr any_origin_t any_origin{};

/// Whose pages may read answers. A value that is moved.
class cors_origins {
public:
    /// "https://app.example", "http://localhost:5173": as browsers write them. "null", which
    /// sandboxed frames and files say, is nobody.
    using predicate = std::move_only_function<bool(std::string_view origin) const>;

    /// Nobody.
    cors_origins() = default;
    cors_origins(any_origin_t) noexcept
        : any_{true}
    {}
    cors_origins(std::initializer_list<std::string> exact)
        : exact_(exact)
    {}
    cors_origins(std::vector<std::string> exact)
        : exact_(std::move(exact))
    {}
    template <class F>
        requires std::is_invocable_r_v<bool, const F&, std::string_view>
    cors_origins(F allows)
        : allows_{std::move(allows)}
    {}

    [[nodiscard]] bool any() const noexcept { return any_; }
    [[nodiscard]] const std::vector<std::string>& exact() const noexcept { return exact_; }
    [[nodiscard]] bool allow(std::string_view origin) const;

private:
    bool any_ = false;
    std::vector<std::string> exact_;
    predicate allows_;
};

/// Whether pages may send cookies and read what comes back. Never together with any_origin.
enum class cors_credentials : std::uint8_t { refused, allowed };

/// Whether pages of the internet may reach this server inside a private network.
enum class cors_private_network : std::uint8_t { refused, allowed };

/// Which request fields a page may set: those named, or `any_header`: whatever it asks for.
struct any_header_t {};
inline constexpr any_header_t any_header{};

/// Names of fields, or all of them. A value.
class cors_headers {
public:
    cors_headers(any_header_t) noexcept
        : any_{true}
    {}
    cors_headers(std::initializer_list<std::string> names)
        : names_(names)
    {}

    [[nodiscard]] bool any() const noexcept { return any_; }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

private:
    bool any_ = false;
    std::vector<std::string> names_;
};

/// Choices for cors(). A value that is moved.
struct cors_options {
    cors_origins origins = {};
    std::vector<std::string> methods = {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"};
    cors_headers headers = {"Authorization", "Content-Type"};
    /// Fields of answers that pages may read, besides the few that they always may.
    std::vector<std::string> exposed_headers = {};
    cors_credentials credentials = cors_credentials::refused;
    /// How long browsers may remember a preflight. Nothing: what they like (5 s mostly).
    std::optional<std::chrono::seconds> max_age = std::nullopt;
    cors_private_network private_network = cors_private_network::refused;
};

/// Cross-origin resource sharing: lets pages of other origins read answers. Answers preflights
/// itself, for paths without an OPTIONS route too; so put it outside of what asks for credentials,
/// which preflights never carry.
///
/// It protects nothing: requests of other origins run all the same. That is the CSRF check's work.
/// Throws cohort::failure (errc::bad_value) for credentials with any_origin, for origins that no
/// browser writes ("https://a.example/"), and for names that are no tokens.
/// Source: WHATWG Fetch, section 3.2, CORS protocol.
[[nodiscard]] hooks cors(cors_options choices);

}  // namespace cohort::http
