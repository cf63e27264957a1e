#pragma once
// Where sessions are: behind an id in a store, or in the cookie itself.

#include <cohort/crypto/key_ring.hpp>
#include <cohort/http/sessions/sessions.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http::detail {

/// A session as it came.
struct found_session {
    std::string id;
    session_record record;
    bool by_old_key = false;  // write it down again
};

/// Why there is none.
enum class no_session : std::uint8_t { malformed, unknown };

/// Finds and keeps sessions. A resource; any thread.
class session_keeper {
public:
    virtual ~session_keeper() = default;

    /// By the value of the cookie. Who calls looks whether it has expired.
    [[nodiscard]] virtual std::expected<found_session, no_session> find(std::string_view text,
                                                                        std::int64_t now) = 0;

    /// What is kept of it now; `began_as` is what a request found. Nothing: it is gone meanwhile.
    [[nodiscard]] virtual std::optional<session_record>
    find_again(std::string_view id, const session_record& began_as, std::int64_t now) = 0;

    enum class how : std::uint8_t { anew, again };
    struct kept {
        stored outcome;
        std::string cookie;  ///< Its new value; empty: it stays.
    };
    [[nodiscard]] virtual kept keep(std::string_view id, const session_record& record,
                                    std::int64_t until, how wanted) = 0;

    /// `next` is `found` but for its time. What others changed since it was found stays.
    [[nodiscard]] virtual kept renew(std::string_view id, const session_record& found,
                                     const session_record& next, std::int64_t until) = 0;

    /// Absent if there was none (any more).
    virtual stored forget(std::string_view id) = 0;

    /// How long a record may be, at most.
    [[nodiscard]] virtual std::size_t bytes_max() const noexcept = 0;
};

[[nodiscard]] std::unique_ptr<session_keeper> keeper_in_store(std::shared_ptr<session_store> store,
                                                              const session_options& by);

/// `empty_line_bytes` is how long the Set-Cookie line is without a value.
[[nodiscard]] std::unique_ptr<session_keeper> keeper_in_cookies(const crypto::key_ring& keys,
                                                                const session_options& by,
                                                                std::size_t empty_line_bytes);

}  // namespace cohort::http::detail
