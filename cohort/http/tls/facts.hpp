#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http::tls {

/// The certificate that a client has shown, and that was found good. A value.
struct client_certificate {
    std::string subject;             ///< RFC 2253: "CN=ada,O=Example".
    std::string fingerprint;         ///< SHA-256 of it, in hexadecimal: 64 characters.
    std::vector<std::string> names;  ///< Its alternative names: DNS names, mail addresses, URIs.
};

/// What a handshake came to. A value, which never changes afterwards: any thread may read it.
struct facts {
    std::string_view version;                  ///< "TLSv1.3"; lives for ever.
    std::string server_name;                   ///< What the client asked for; empty: nothing.
    bool resumed = false;                      ///< It went on from a ticket.
    std::optional<client_certificate> client;  ///< With client_check only.
};

/// What handlers find with `request.attached<tls::secured>()`; null: the connection is plain. A
/// value; the facts live as long as the request.
struct secured {
    const facts* by;
    const facts* operator->() const noexcept { return by; }
};

}  // namespace cohort::http::tls
