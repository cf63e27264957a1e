#pragma once

#include <cohort/http/sessions/session_store.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// Sessions in the memory of one process: for tests and for programs with one worker. With more of
/// them, a session is known to the worker that made it alone: see shared_sessions. A resource; any
/// thread.
///
/// Bounded: who comes when it is full of sessions that have not expired is refused (answered 503).
/// Otherwise who asks often enough without a cookie would log everybody out.
class memory_sessions final : public session_store {
public:
    struct bounds {
        std::size_t sessions = 10'000;
        std::size_t bytes = std::size_t{64} << 20;
    };

    memory_sessions()
        : memory_sessions{bounds{}}
    {}
    explicit memory_sessions(bounds most) noexcept
        : most_{most}
    {}

    [[nodiscard]] std::optional<std::string> get(const session_key& key, std::int64_t now) override;
    [[nodiscard]] stored create(const session_key& key, entry what, std::int64_t now) override;
    [[nodiscard]] stored replace(const session_key& key, entry what, std::int64_t now) override;
    [[nodiscard]] stored renew(const session_key& key, std::string_view seen, entry what,
                               std::int64_t now) override;
    stored erase(const session_key& key, std::int64_t now) override;

    [[nodiscard]] std::size_t size() const;

    /// How often there was no room.
    [[nodiscard]] std::uint64_t refused() const;

private:
    using name = std::array<char, 32>;
    struct kept {
        std::string bytes;
        std::int64_t until;
    };
    using place = std::map<name, kept>::iterator;

    [[nodiscard]] stored change(place at, entry what, std::int64_t now);
    void put(const name& key, entry what);
    void remove(place at);
    struct growth {
        std::size_t sessions;
        std::size_t bytes;
    };
    /// Of what has expired.
    [[nodiscard]] bool make_room(growth by, std::int64_t now);
    [[nodiscard]] std::optional<place> find(const name& key, std::int64_t now);

    bounds most_;
    mutable std::mutex mutex_;
    std::map<name, kept> all_;
    std::set<std::pair<std::int64_t, name>> by_time_;
    std::size_t bytes_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace cohort::http
