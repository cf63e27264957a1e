#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::observe {

/// What callers hand on to all who work for them: the header field baggage. Names with values that
/// anybody on the way may have written; never trust one. A value; bounded.
///
/// Source: W3C, "Propagation format for distributed context: Baggage".
class baggage {
public:
    static constexpr std::size_t members_max = 64;
    static constexpr std::size_t bytes_max = 8192;

    struct member {
        std::string key;
        std::string value;       ///< Decoded.
        std::string properties;  ///< As it came, "a;b=c"; handed on, and not looked at.
        friend bool operator==(const member&, const member&) = default;
    };

    /// Several fields of that name are to be joined by "," before. Nothing if any of it is
    /// malformed or there is too much. Of two members with one key the last one counts.
    [[nodiscard]] static std::optional<baggage> parse(std::string_view text);

    /// As a field's value; empty: none is to be sent.
    [[nodiscard]] std::string text() const;

    [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const noexcept;

    /// False: the key is no token, or there would be too much; nothing has changed.
    bool set(std::string_view key, std::string_view value);
    void erase(std::string_view key) noexcept;

    [[nodiscard]] const std::vector<member>& members() const noexcept { return members_; }
    [[nodiscard]] bool empty() const noexcept { return members_.empty(); }

    friend bool operator==(const baggage&, const baggage&) = default;

private:
    bool put(member one);

    std::vector<member> members_;
    std::size_t bytes_ = 0;  // as they are sent
};

/// "service.name=shop,service.version=1" as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS
/// have it: keys and values, both percent-encoded; nothing if it is malformed.
/// Source: OpenTelemetry, resource SDK, "Specifying resource information via an environment
/// variable".
[[nodiscard]] std::optional<std::vector<baggage::member>> parse_pairs(std::string_view text);

}  // namespace cohort::observe
