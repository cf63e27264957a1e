#pragma once
// Why handshakes fail, for counting and for logs.

#include <cohort/http/violation.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::http::tls {

/// What ended a handshake. Few different ones: fit for metrics.
enum class handshake_failure : std::uint8_t {
    none,
    nothing_said,  ///< The client closed without a word: a check of a load balancer, a scan.
    broken_off,    ///< It closed, or reset, in the middle.
    too_slow,      ///< options::handshake was over.
    plain_http,    ///< It spoke HTTP without TLS.
    no_tls,        ///< What came is no TLS, or damaged.
    version,       ///< It offers no version that is spoken here.
    ciphers,       ///< No cipher, group or signature that both know.
    protocols,     ///< By ALPN it offers none that is spoken here.
    no_client_certificate,  ///< It has to show one, and did not.
    client_certificate,     ///< The one that it showed is not good.
    refused_by_client,      ///< It sent an alert: it does not trust our certificate, say.
    other,
};

/// As the server counts it: `rule` is "tls.handshake.version", and `reason` (OpenSSL's, which lives
/// for ever) is the words if it is not empty. There is no status.
[[nodiscard]] violation violation_of(handshake_failure what, std::string_view reason) noexcept;

/// Of a number from OpenSSL's error queue.
[[nodiscard]] handshake_failure failure_of(unsigned long error) noexcept;

}  // namespace cohort::http::tls
