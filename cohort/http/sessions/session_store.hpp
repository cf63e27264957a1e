#pragma once

#include <cohort/crypto/digest.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// How a session is known to stores: SHA-256 of its id. Who can read a store cannot use what is in
/// it.
using session_key = crypto::digest;

/// What a store made of a session. absent: there is none of that key. full: there is no room.
enum class stored : std::uint8_t { done, absent, full };

/// Where sessions are kept. A resource; any thread may call, and several at a time. Nothing here
/// waits: memory, shared or not. Times are seconds since 1970.
class session_store {
public:
    virtual ~session_store() = default;

    /// The bytes that were put last, if they have not expired (`now` < `until`).
    [[nodiscard]] virtual std::optional<std::string> get(const session_key& key,
                                                         std::int64_t now) = 0;

    struct entry {
        std::string_view bytes;
        std::int64_t until;
    };

    /// A session that is new.
    [[nodiscard]] virtual stored create(const session_key& key, entry what, std::int64_t now) = 0;

    /// One that is there. Absent if it is not, or not any more: a request that began before the
    /// user left must not bring the session back.
    [[nodiscard]] virtual stored replace(const session_key& key, entry what, std::int64_t now) = 0;

    virtual void erase(const session_key& key) = 0;
};

}  // namespace cohort::http
