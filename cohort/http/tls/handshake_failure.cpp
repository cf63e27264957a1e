#include <cohort/http/tls/handshake_failure.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <utility>

namespace cohort::http::tls {

namespace {

struct entry {
    std::string_view rule;
    std::string_view words;
};

// In the order of the enumeration.
constexpr std::array<entry, std::to_underlying(handshake_failure::other) + 1> entries{{
    {"tls.handshake.none", ""},
    {"tls.handshake.nothing-said", "the client closed the connection without a word"},
    {"tls.handshake.broken-off", "the connection broke off"},
    {"tls.handshake.too-slow", "the handshake took too long"},
    {"tls.handshake.plain-http", "the client speaks HTTP without TLS"},
    {"tls.handshake.no-tls", "what came is no TLS"},
    {"tls.handshake.version", "the client offers no version of TLS that is spoken here"},
    {"tls.handshake.ciphers", "there is no cipher that both know"},
    {"tls.handshake.protocols", "the client offers no protocol that is spoken here"},
    {"tls.handshake.no-client-certificate", "the client shows no certificate"},
    {"tls.handshake.client-certificate", "the client's certificate is not good"},
    {"tls.handshake.refused-by-client", "the client refused"},
    {"tls.handshake.other", "the handshake failed"},
}};

}  // namespace

violation violation_of(handshake_failure what, std::string_view reason) noexcept
{
    const entry& known = entries[std::to_underlying(what)];
    return {.status = 0, .rule = known.rule, .words = reason.empty() ? known.words : reason};
}

handshake_failure failure_of(unsigned long error) noexcept
{
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return handshake_failure::other;
    const int reason = ERR_GET_REASON(error);
    switch (reason) {
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
            return handshake_failure::plain_http;
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            return handshake_failure::broken_off;
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
            return handshake_failure::version;
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_NO_SUITABLE_KEY_SHARE:
        case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
            return handshake_failure::ciphers;
        case SSL_R_NO_APPLICATION_PROTOCOL:
            return handshake_failure::protocols;
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return handshake_failure::no_client_certificate;
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            return handshake_failure::client_certificate;
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_UNEXPECTED_MESSAGE:
        case SSL_R_BAD_RECORD_TYPE:
        case SSL_R_BAD_LENGTH:
        case SSL_R_LENGTH_MISMATCH:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_RECORD_TOO_SMALL:
            return handshake_failure::no_tls;
        default:
            // Numbers of alerts begin there: this one came from the client.
            return reason >= SSL_AD_REASON_OFFSET ? handshake_failure::refused_by_client
                                                  : handshake_failure::other;
    }
}

}  // namespace cohort::http::tls
