#pragma once
// What the fields of a head mean together: framing, host, persistence, expectation.

#include <cohort/http/head.hpp>
#include <cohort/http/violation.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::http::detail {

/// Is told of each field as it is complete, and judges it at once where it can. A value.
class head_rules {
public:
    /// @param value_at  Where `value` is in the request.
    /// @return          The rule it breaks, or null.
    [[nodiscard]] const violation* field(std::string_view name, std::string_view value,
                                         text_span value_at, head& out) noexcept;

    /// The end of the head: decides framing and persistence. Null, or the rule that is broken.
    [[nodiscard]] const violation* finish(head& out) const noexcept;

private:
    enum fact : std::uint16_t {
        host = 1,
        length = 2,
        coding = 4,
        chunked = 8,
        other_coding = 16,
        close = 32,
        keep_alive = 64,
        upgrade_option = 128,
        upgrade_field = 256,
        expectation = 512,
    };

    [[nodiscard]] bool has(fact f) const noexcept { return (seen_ & f) != 0; }
    void note(fact f) noexcept { seen_ = static_cast<std::uint16_t>(seen_ | f); }

    [[nodiscard]] const violation* on_host(std::string_view value, text_span at,
                                           head& out) noexcept;
    [[nodiscard]] const violation* on_length(std::string_view value, head& out) noexcept;
    [[nodiscard]] const violation* on_coding(std::string_view value, const head& out) noexcept;
    [[nodiscard]] const violation* on_expect(std::string_view value, const head& out) noexcept;
    void on_connection(std::string_view value) noexcept;

    std::uint16_t seen_ = 0;
};

}  // namespace cohort::http::detail
