#pragma once

#include <cohort/http/middleware.hpp>

#include <cstdint>

namespace cohort::http {

/// Note of a route that is answered without TLS, too: checks of health, certificates' challenges.
struct plain_http_too {};

/// Choices for https_only(). A value.
struct https_options {
    /// Where this site is served with TLS, as clients see it.
    std::uint16_t port = 443;

    /// 301, 302, 307 or 308. 308 may be kept for ever.
    unsigned status = 308;
};

/// Sends GET and HEAD over http to the same host and target over https, and refuses other methods
/// with 403: their body has been read by whoever listens, and a redirect would hide that.
///
/// The redirect stays on the host that was asked; hosts() further out keeps that to your own.
/// The primary's own probes are answered: their connection never leaves this machine.
/// Behind proxies: trust_proxies() further out.
[[nodiscard]] hooks https_only(https_options choices = {});

}  // namespace cohort::http
