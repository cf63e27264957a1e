#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/request.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

/// Names and values of a form, in the order in which they were sent; a name may be there twice. A
/// value.
class form {
public:
    struct field {
        std::string name;
        std::string value;
        friend bool operator==(const field&, const field&) = default;
    };

    form() = default;
    explicit form(std::vector<field> fields)
        : fields_{std::move(fields)}
    {}

    /// The first value of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

    /// All values of that name, in order.
    [[nodiscard]] std::vector<std::string_view> find_all(std::string_view name) const;

    /// The first value of that name. Throws a refusal with 422 if there is none.
    [[nodiscard]] std::string_view at(std::string_view name) const;

    [[nodiscard]] const std::vector<field>& fields() const noexcept { return fields_; }

private:
    std::vector<field> fields_;
};

/// How much of a form is taken. Sizes are bytes, as sent.
struct urlencoded_limits {
    std::size_t pairs_max = 1000;
    std::size_t name_bytes_max = 1024;
    std::size_t value_bytes_max = 1024 * 1024;
    std::size_t bytes_max = 1024 * 1024;
};

/// Reads "a=1&b=two+words". Empty pairs ("a&&b") are skipped; a pair without "=" has an empty
/// value.
///
/// Errors:       errc::malformed, a broken percent escape, a NUL or no UTF-8; errc::too_large, over
///               a limit. The subject names the field.
/// Source:       WHATWG URL, application/x-www-form-urlencoded parsing; stricter where it would
///               take broken escapes and bytes for text.
[[nodiscard]] result<form> parse_urlencoded(std::string_view text,
                                            const urlencoded_limits& limits = {});

/// The form in a buffered body. Throws a refusal: 415 if Content-Type is another one, 400 if it is
/// malformed, 413 if it is over a limit.
[[nodiscard]] form form_of(const request& of, const urlencoded_limits& limits = {});

}  // namespace cohort::http
