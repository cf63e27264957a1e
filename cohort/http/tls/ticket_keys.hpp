#pragma once

#include <cohort/http/tls/options.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cohort::http::tls {

/// The keys of session tickets, one an hour. A resource, of one thread.
///
/// Each hour's secret is made of the one before, which is then forgotten: who steals them can open
/// tickets of the last three hours and of all to come, but none before. Processes that began with
/// the same secret have the same keys at the same time, without a word between them.
class ticket_keys {
public:
    struct key {
        std::array<unsigned char, 16> name;
        std::array<unsigned char, 32> cipher;
        std::array<unsigned char, 32> mac;
    };
    struct found {
        const key* with;  ///< Null: too old, or another's.
        bool current;
    };

    explicit ticket_keys(const ticket_secret& first) noexcept;
    ticket_keys(const ticket_keys&) = delete;
    ticket_keys& operator=(const ticket_keys&) = delete;
    ~ticket_keys();

    /// For a new ticket.
    [[nodiscard]] const key& current(steady_time now) noexcept;
    /// For a ticket that says this name.
    [[nodiscard]] found find(std::span<const unsigned char, 16> name, steady_time now) noexcept;

private:
    static constexpr std::size_t accepted = 3;

    void move_on(steady_time now) noexcept;
    void derive(key& into) const noexcept;

    std::array<unsigned char, 32> secret_;  // of hour_
    std::uint64_t hour_;
    std::array<key, accepted> keys_{};  // of hour_, and of the hours before
    std::size_t known_ = 1;
};

}  // namespace cohort::http::tls
