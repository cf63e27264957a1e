#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http {

/// Header fields in the form in which they are sent: "Name: value\r\n", one after another, in one
/// string. A value.
///
/// What comes in is checked, so that no text can become a header by accident: a name is a token
/// (RFC 9110, 5.1), a value has no control characters but tabs. Names are compared without case.
class field_lines {
public:
    /// Adds a line, also if there is one of that name. Throws cohort::failure (errc::bad_value) if
    /// the name is no token or the value has CR, LF, NUL or another control character.
    void add(std::string_view name, std::string_view value);

    /// Adds lines that were checked before, all at once.
    void add(const field_lines& more);

    /// True: no name is in both. False: one may be.
    [[nodiscard]] bool is_disjoint(const field_lines& other) const noexcept;

    /// Replaces all lines of that name by this one. Throws like add().
    void set(std::string_view name, std::string_view value);

    /// Removes all lines of that name.
    void remove(std::string_view name);

    /// The first value of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

    /// All values of that name, in order.
    [[nodiscard]] std::vector<std::string_view> find_all(std::string_view name) const;

    /// The lines as they are sent, each with its CR LF; no empty line at the end.
    [[nodiscard]] std::string_view wire() const noexcept { return lines_; }

    [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }

private:
    struct span {
        std::size_t begin;
        std::size_t end;  // after the CR LF
        std::string_view value;
    };
    /// Which names may be there, a bit for 1 in 256 of all names: most questions are about names
    /// that are not, and need no look at the lines. Bits of what was removed stay.
    class name_set {
    public:
        void add(std::string_view name) noexcept;
        void add(const name_set& more) noexcept;
        [[nodiscard]] bool may_have(std::string_view name) const noexcept;
        [[nodiscard]] bool is_disjoint(const name_set& other) const noexcept;

    private:
        std::array<std::uint64_t, 4> bits_{};
    };

    void append(std::string_view name, std::string_view value);
    [[nodiscard]] std::optional<span> seek(std::string_view name, std::size_t from) const noexcept;

    std::string lines_;
    name_set names_;
};

}  // namespace cohort::http
