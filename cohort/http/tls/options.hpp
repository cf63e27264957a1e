#pragma once

#include <cohort/base/clock.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cohort::http::tls {

/// A certificate and its key, as PEM files. A value.
struct certificate_files {
    std::string certificate;  ///< With what leads to the root behind it.
    std::string key;          ///< Without a passphrase.
    friend bool operator==(const certificate_files&, const certificate_files&) = default;
};

/// Whether clients show a certificate.
enum class client_check : std::uint8_t {
    off,
    optional,  ///< One that is shown must be good; who shows none comes in without a name.
    required,
};

/// The oldest version that is spoken. There is nothing below 1.2.
enum class least_version : std::uint8_t { tls_1_2, tls_1_3 };

/// What tickets are sealed with, and since when. A value; whoever has it can open every ticket
/// from that hour on.
struct ticket_secret {
    std::array<unsigned char, 32> bytes{};
    std::uint64_t hour = 0;  ///< Of CLOCK_MONOTONIC; 0 with zeros: make one.

    [[nodiscard]] static ticket_secret make(steady_time now);
    friend bool operator==(const ticket_secret&, const ticket_secret&) = default;
};

/// How TLS is spoken. A value.
struct options {
    /// At least one. A client that names a host gets the first certificate that is good for it,
    /// wildcards included, else the first of all.
    std::vector<certificate_files> certificates;

    /// Who may vouch for clients: a PEM file. Needed unless client is off.
    std::string client_ca;
    client_check client = client_check::off;

    least_version least = least_version::tls_1_2;

    /// From the first byte to the end of the handshake. Then the connection is closed.
    seconds handshake{10};

    /// Servers with the same secret resume each other's sessions; workers that are forked after
    /// the context was made have it.
    ticket_secret tickets{};

    /// Of tickets, for tests.
    steady_time (*clock)() noexcept = &now_coarse;
};

}  // namespace cohort::http::tls
