#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

/// A Content-Security-Policy, directive by directive. A value.
///
///     http::helmet({.content_security_policy =
///                       http::content_policy::helmet8()
///                           .set("script-src", {"'self'", http::content_policy::nonce})
///                           .set("img-src", {"'self'", "https://images.example"})});
///
/// Source: Content Security Policy Level 3, sections 2.2 and 2.3.
class content_policy {
public:
    /// Stands for 'nonce-…' with the request's own nonce; see csp_nonce() in middleware/helmet.hpp.
    static constexpr std::string_view nonce = "'nonce'";

    /// No directive: everything is allowed.
    content_policy() = default;

    /// The defaults of helmet 8.
    [[nodiscard]] static content_policy helmet8();

    /// Sets a directive in place of the one of that name, or adds it. Throws cohort::failure
    /// (errc::bad_value) for a name that is none, or a value with white space, ";" or ",", which
    /// would be a directive of somebody else's choice.
    content_policy& set(std::string_view directive,
                        std::initializer_list<std::string_view> values) &;
    content_policy&& set(std::string_view directive,
                         std::initializer_list<std::string_view> values) &&
    {
        return std::move(set(directive, values));
    }

    content_policy& remove(std::string_view directive) &;
    content_policy&& remove(std::string_view directive) && { return std::move(remove(directive)); }

    [[nodiscard]] bool uses_nonce() const noexcept;

    /// As the header has it.
    [[nodiscard]] std::string text(std::string_view nonce_is = {}) const;

private:
    struct rule {
        std::string name;
        std::vector<std::string> values;
    };
    std::vector<rule> all_;
};

}  // namespace cohort::http
