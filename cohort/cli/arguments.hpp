#pragma once
// What somebody typed after a verb. No library: a verb knows its flags, and what it does not know
// is an error that names the nearest.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::cli {

/// Something that a verb can be told. A value, known when we compile.
struct flag_rule {
    std::string_view name;    ///< "--workers"
    std::string_view letter;  ///< "-w", or empty
    std::string_view value;   ///< what it takes: "auto|N|min..max"; empty: nothing
    std::string_view about;   ///< a line of help
};

/// The words after a verb, sorted. A value.
class arguments {
public:
    arguments() = default;

    /// Flags may stand anywhere before "--"; what follows that are words. A value may be written
    /// `--name value`, `--name=value`, `-n value` or `-nvalue`.
    ///
    /// @param programs  the first word ends the flags if this says so of it: it is a program, and
    ///                  what follows is `rest`, for that program. nullptr: no word is one.
    ///
    /// Errors: errc::bad_value: an unknown flag with the nearest known one, a value that is missing
    /// or not wanted.
    using is_program = bool (*)(std::string_view word);
    [[nodiscard]] static result<arguments> parse(std::span<const std::string> words,
                                                 std::span<const flag_rule> known,
                                                 is_program programs = nullptr);

    [[nodiscard]] bool flag(std::string_view name) const;
    /// The last value that was given.
    [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
    /// "30s", "5m". Errors: errc::bad_value.
    [[nodiscard]] result<milliseconds> duration(std::string_view name,
                                                milliseconds otherwise) const;
    /// A number from 0 on. Errors: errc::bad_value.
    [[nodiscard]] result<std::size_t> number(std::string_view name, std::size_t otherwise) const;

    [[nodiscard]] const std::vector<std::string>& words() const noexcept { return words_; }
    [[nodiscard]] std::optional<std::string> word(std::size_t index) const;
    /// What is for the program.
    [[nodiscard]] const std::vector<std::string>& rest() const noexcept { return rest_; }

private:
    std::map<std::string, std::vector<std::string>, std::less<>> given_;
    std::vector<std::string> words_;
    std::vector<std::string> rest_;
};

/// The one of `known` that somebody who typed `word` meant, most likely; empty if none is near.
[[nodiscard]] std::string_view nearest_of(std::string_view word,
                                          const std::vector<std::string_view>& known);

}  // namespace cohort::cli
