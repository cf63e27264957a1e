#pragma once

#include <cohort/crypto/digest.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
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

    /// One that is there; the last one counts. Absent if it is not, or not any more: a request that
    /// began before the user left must not bring the session back.
    [[nodiscard]] virtual stored replace(const session_key& key, entry what, std::int64_t now) = 0;

    /// One that is there and is still `seen`, byte for byte: somebody was here, and nothing else is
    /// new. done, too, if another request has written it meanwhile, whose word then stays.
    [[nodiscard]] virtual stored renew(const session_key& key, std::string_view seen, entry what,
                                       std::int64_t now) = 0;

    /// Absent if there was none, or none any more.
    virtual stored erase(const session_key& key, std::int64_t now) = 0;

    /// The longest bytes that are taken.
    [[nodiscard]] virtual std::size_t bytes_max() const noexcept
    {
        return std::numeric_limits<std::size_t>::max();
    }
};

}  // namespace cohort::http
