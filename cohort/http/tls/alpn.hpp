#pragma once
// Which protocol is spoken over a TLS connection (RFC 7301). For context.cpp and generation.cpp.

#include <cohort/http/tls/context.hpp>

#include <openssl/ssl.h>

namespace cohort::http::tls {

/// What this connection may choose.
void offer(SSL* on, context::protocols spoken) noexcept;

/// OpenSSL's callback. Clients that only speak something else are refused: bytes that were meant
/// for another protocol shall not be taken for requests.
int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned in_length, void*) noexcept;

}  // namespace cohort::http::tls
