#pragma once
// How long certificates are good, and when that must be said.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cohort::http::tls {

/// One of our certificates: the first of its file. A value.
struct certificate_life {
    std::string file;
    std::int64_t not_after = 0;  ///< Seconds since 1970: its last one, for metrics.
    friend bool operator==(const certificate_life&, const certificate_life&) = default;
};

/// Decides when people hear that a certificate ends: at once if it has 30 days left, and then once
/// a day. A value, without a clock of its own.
class expiry_watch {
public:
    static constexpr std::int64_t day_s = 86'400;
    static constexpr std::int64_t notice_s = 30 * day_s;

    enum class outlook : std::uint8_t { good, ends_soon, expired };
    [[nodiscard]] static outlook outlook_of(const certificate_life& of, std::int64_t now) noexcept;

    struct news {
        const certificate_life* of;
        outlook what;
        std::int64_t days;  ///< Whole ones, left or gone.
    };
    /// What is to be said now. A certificate that is new, or looks worse than it did, does not wait
    /// for the day to be over. Lifetime: of `all`.
    [[nodiscard]] std::vector<news> look(std::span<const certificate_life> all, std::int64_t now);

private:
    struct told {
        certificate_life of;
        outlook what;
        std::int64_t at;
    };
    std::vector<told> told_;
};

}  // namespace cohort::http::tls
