#pragma once

#include <cohort/crypto/key_ring.hpp>
#include <cohort/http/cookies/set_cookie.hpp>
#include <cohort/http/date_clock.hpp>
#include <cohort/http/middleware.hpp>
#include <cohort/http/sessions/session_store.hpp>
#include <cohort/http/sessions/user_session.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace cohort::http {

/// What became of sessions, for metrics. A resource; any thread reads and counts.
struct session_counts {
    std::atomic<std::uint64_t> created{0};
    std::atomic<std::uint64_t> destroyed{0};
    std::atomic<std::uint64_t> malformed{
        0};  ///< Cookies that we never set: tampered, or of old keys.
    std::atomic<std::uint64_t> unknown{0};  ///< Ids that no session has, or has any more.
    std::atomic<std::uint64_t> expired{0};
    std::atomic<std::uint64_t> full{0};  ///< Not kept, since the store had no room: answered 503.
};

/// Choices for sessions. A value.
struct session_options {
    std::string cookie = "__Host-session";

    /// A session ends when nobody came for that long, and this long after its beginning in any
    /// case. Both begin anew with regenerate().
    std::chrono::seconds idle = std::chrono::minutes{30};
    std::chrono::seconds absolute = std::chrono::hours{12};

    same_site site = same_site::lax;

    /// Values and their names, with 8 bytes for each, and 17. Sessions in cookies end earlier,
    /// where the cookie would be too long.
    std::size_t bytes_max = 16'384;

    /// The browser keeps the cookie when it closes, for `absolute` at most.
    bool kept_by_browser = false;

    /// For development without TLS. The cookie needs another name then: "__Host-" promises Secure.
    bool also_without_encryption = false;

    /// Where to count. Null: nowhere.
    std::shared_ptr<session_counts> counts = nullptr;

    date_clock now = machine_clock();
};

/// Gives every request a session_of(), kept in `store` by the hash of its id (256 random bits, in a
/// cookie). A cookie that names no session means a new one: ids are never taken from clients.
///
/// Answers of requests that used their session are not stored by caches (Cache-Control: no-store),
/// unless they say otherwise; those that set the cookie never are. Throws cohort::failure for
/// options that contradict themselves.
[[nodiscard]] hooks sessions(std::shared_ptr<session_store> store, session_options more = {});

/// The same, with all of a session in its cookie, sealed: nothing is kept here, all workers and
/// machines with these keys know it, and it has room for some 2.8 KB.
///
/// What nobody keeps, nobody can take back: destroy() and regenerate() change what this browser
/// has, and a copy of an old cookie is good until it expires. Choose a store where that matters.
[[nodiscard]] hooks sessions_in_cookies(const crypto::key_ring& keys, session_options more = {});

}  // namespace cohort::http
