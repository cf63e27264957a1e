#pragma once

#include <cohort/base/error.hpp>
#include <cohort/crypto/digest.hpp>
#include <cohort/http/auth/authenticated.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace cohort::http {

/// Names and passwords of machines: metrics scrapers, webhooks. A value until it is given away.
///
/// Passwords are kept as SHA-256, which is fast, so they must be long and random:
/// `openssl rand -base64 24`. People choose others; for them there are sessions, and
/// crypto::hash_password().
class basic_table {
public:
    /// Errors: errc::bad_value, for a name that is empty, has a colon or is there already, and for
    /// passwords of fewer than 20 bytes.
    result<> add(const std::string& name, std::string_view password, subject who);

    /// Takes as long for an unknown name as for a wrong password.
    [[nodiscard]] const subject* find(std::string_view name, std::string_view password) const;

private:
    struct entry {
        crypto::digest hash;
        subject who;
    };
    std::map<std::string, entry, std::less<>> all_;
};

/// Choices for basic(). A value.
struct basic_options {
    std::string realm = "api";

    /// The password travels as it is, so requests that did not come over TLS are not listened to.
    /// Behind a proxy that takes TLS off, trust_proxies() says so.
    bool also_without_encryption = false;
};

/// `Authorization: Basic …` (RFC 7617), in UTF-8.
[[nodiscard]] authenticator basic(std::shared_ptr<const basic_table> known,
                                  basic_options more = {});

}  // namespace cohort::http
