#pragma once

#include <cohort/http/content_policy.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/request.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// helmet8: for sites with pages, byte for byte what helmet 8 sends. api: for services that answer
/// with data: nothing may load or frame it, and answers to requests that carry credentials
/// (Authorization, Cookie) are not kept by caches unless they say so themselves.
enum class helmet_profile : std::uint8_t { helmet8, api };

/// Says that a header is not sent: `helmet({.x_frame_options = http::left_out})`.
struct left_out_t {};
inline constexpr left_out_t left_out{};

/// One header of helmet(): what the profile says, a value of one's own, or not sent. A value.
class helmet_header {
public:
    enum class kind : std::uint8_t { by_profile, own, absent };

    helmet_header() noexcept = default;
    helmet_header(left_out_t) noexcept
        : kind_{kind::absent}
    {}
    helmet_header(std::string value) noexcept
        : kind_{kind::own}, value_{std::move(value)}
    {}
    helmet_header(const char* value)
        : helmet_header{std::string{value}}
    {}

    [[nodiscard]] kind is() const noexcept { return kind_; }
    [[nodiscard]] const std::string& value() const noexcept { return value_; }

private:
    kind kind_ = kind::by_profile;
    std::string value_;
};

/// A Content-Security-Policy, or one that is not sent.
class helmet_policy {
public:
    helmet_policy() noexcept = default;
    helmet_policy(left_out_t) noexcept
        : header{left_out}
    {}
    helmet_policy(content_policy own)
        : header{own.text()}, policy{std::move(own)}
    {}
    helmet_policy(std::string text)
        : header{std::move(text)}
    {}
    helmet_policy(const char* text)
        : header{text}
    {}

    helmet_header header;
    content_policy policy;
};

/// Choices for helmet(), one for each header. A value.
struct helmet_options {
    helmet_profile profile = helmet_profile::helmet8;

    helmet_policy content_security_policy = {};
    /// helmet8 and api leave it out: it stops pages that load anything from elsewhere.
    helmet_header cross_origin_embedder_policy = {};
    helmet_header cross_origin_opener_policy = {};
    helmet_header cross_origin_resource_policy = {};
    helmet_header origin_agent_cluster = {};
    helmet_header referrer_policy = {};
    /// Over TLS only, ours or a trusted proxy's (RFC 6797, 7.2); see requester_of().
    helmet_header strict_transport_security = {};
    helmet_header x_content_type_options = {};
    helmet_header x_dns_prefetch_control = {};
    helmet_header x_download_options = {};
    helmet_header x_frame_options = {};
    helmet_header x_permitted_cross_domain_policies = {};
    helmet_header x_xss_protection = {};
};

/// The request's nonce, 128 random bits: attached where the policy has one.
struct csp_nonce_value {
    std::string text;
};

/// For `<script nonce="…">`. Throws std::logic_error if no helmet() around this route has a policy
/// with content_policy::nonce in it.
[[nodiscard]] std::string_view csp_nonce(const request& of);

/// The headers that make browsers careful, on every answer, errors too. What a handler has set
/// itself stays. Removes X-Powered-By. Throws cohort::failure for a value that cannot be sent.
[[nodiscard]] hooks helmet(helmet_options choices = {});

}  // namespace cohort::http
