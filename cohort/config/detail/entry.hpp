#pragma once
// One value of a TOML file on its way into a setting. Closed to other rooms.

#include <cohort/config/detail/toml.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/read.hpp>
#include <cohort/config/values.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cohort::config::detail {

/// Where complaints go while one file is read.
class desk {
public:
    explicit desk(std::string_view file)
        : file_{file}
    {}

    void complain(const toml::source_position& at, std::string key, std::string words);

    /// A complaint about a value that was well-formed, found later by its full key; if the file
    /// does not have that key, it has no line.
    void complain_later(const std::string& key, std::string words);

    /// Remembers where a key stands.
    void saw(const std::string& key, const toml::source_position& at);

    [[nodiscard]] const std::map<std::string, place>& places() const noexcept { return seen_; }

    /// All complaints in the order of the file.
    [[nodiscard]] std::vector<problem> take();

private:
    std::string file_;
    std::map<std::string, place> seen_;
    std::vector<problem> list_;
};

/// What an environment variable gets.
using variable = std::variant<std::string, secret>;

/// One key with its value. The readers complain and return nothing if the type is wrong.
class entry {
public:
    entry(desk& to, std::string key, const toml::node& node)
        : desk_{to}, key_{std::move(key)}, node_{node}
    {}

    [[nodiscard]] std::optional<std::string> text() const;
    [[nodiscard]] std::optional<std::string> text_or_number() const;
    [[nodiscard]] std::optional<bool> on_or_off() const;
    [[nodiscard]] std::optional<unsigned> count() const;
    [[nodiscard]] std::optional<std::vector<std::string>> texts() const;
    /// Each a text (or a number), or where it lies: {file = "…"}, {fd = 5}.
    [[nodiscard]] std::optional<std::map<std::string, variable>> variables() const;

    void complain(std::string words) const;

private:
    [[nodiscard]] std::optional<variable> variable_of(const std::string& key,
                                                      const toml::node& node) const;

    desk& desk_;
    std::string key_;
    const toml::node& node_;
};

}  // namespace cohort::config::detail
