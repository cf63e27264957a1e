#pragma once

#include <cohort/schema/formats.hpp>
#include <cohort/schema/node.hpp>

#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace cohort::schema {

/// What a text has to be. A value.
struct text_rule {
    std::size_t least = 0;  ///< In characters (code points).
    std::size_t most = std::numeric_limits<std::size_t>::max();
    schema::format looks = format::any;
    std::string pattern = {};
    std::shared_ptr<const class pattern_program> compiled = {};
};

/// Describes a std::string: `text().length(1, 80).pattern("^[a-z ]*$")`. A value.
class text {
public:
    text() = default;

    /// Characters, both included.
    [[nodiscard]] text length(std::size_t least, std::size_t most) const;
    [[nodiscard]] text at_least(std::size_t least) const;
    [[nodiscard]] text at_most(std::size_t most) const;

    /// RE2's syntax; found anywhere in the text unless it says ^ and $. Compiled here, matched in
    /// linear time. Throws std::logic_error if it is malformed.
    [[nodiscard]] text pattern(std::string_view expression) const;

    [[nodiscard]] text format(schema::format which) const;
    [[nodiscard]] text date_time() const { return format(schema::format::date_time); }
    [[nodiscard]] text date() const { return format(schema::format::date); }
    [[nodiscard]] text email() const { return format(schema::format::email); }
    [[nodiscard]] text uuid() const { return format(schema::format::uuid); }
    [[nodiscard]] text uri() const { return format(schema::format::uri); }
    [[nodiscard]] text ipv4() const { return format(schema::format::ipv4); }
    [[nodiscard]] text ipv6() const { return format(schema::format::ipv6); }

    template <std::same_as<std::string> T>
    [[nodiscard]] node_ptr<T> bind() const
    {
        return bound();
    }

private:
    [[nodiscard]] node_ptr<std::string> bound() const;
    text_rule rule_;
};

}  // namespace cohort::schema
