#pragma once
// PEM files in, with words for people who have mixed them up.

#include <cohort/base/error.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace cohort::http::tls {

struct x509_freed {
    void operator()(X509* what) const noexcept { X509_free(what); }
};
struct key_freed {
    void operator()(EVP_PKEY* what) const noexcept { EVP_PKEY_free(what); }
};
using certificate = std::unique_ptr<X509, x509_freed>;
using private_key = std::unique_ptr<EVP_PKEY, key_freed>;

/// At most 1 MiB. Errors: errno, errc::too_large.
[[nodiscard]] result<std::string> read_pem(const std::string& path);

/// All certificates of a file, at least one. Errors: errno, errc::bad_value.
[[nodiscard]] result<std::vector<certificate>> read_certificates(const std::string& path);

/// Errors: errno, errc::bad_value: there is none, or it wants a passphrase.
[[nodiscard]] result<private_key> read_key(const std::string& path);

}  // namespace cohort::http::tls
