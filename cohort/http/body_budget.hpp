#pragma once
// What all bodies that a server has in memory may take together.

#include <cohort/base/clock.hpp>
#include <cohort/http/client_counts.hpp>
#include <cohort/http/ip_address.hpp>
#include <cohort/http/violation.hpp>

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohort::http {

class body_budget;

/// What a request is told whose body has no place.
inline constexpr violation no_room_for_body{.status = 503,
                                            .rule = "http.bodies.too-many",
                                            .words = "too many bodies are on their way at the same "
                                                     "time"};

/// Whoever has a body in memory.
class body_holder {
public:
    /// Others need the room, and this one is not whole: refuse the request, release the share.
    virtual void give_body_up() noexcept = 0;

protected:
    ~body_holder() = default;
};

/// What one client has of a budget. Lifetime: until the last of its shares is released.
struct body_client {
    body_budget* of;
    ip_address who;  ///< No address: all those who are nobody's.
    std::uint64_t bytes = 0;
};

/// What one request has of a budget. A resource; released with it at the latest.
class body_share {
public:
    body_share() = default;
    body_share(const body_share&) = delete;
    body_share& operator=(const body_share&) = delete;
    ~body_share() { release(); }

    /// All of the body is there: it counts on, but is not asked to be given up any more.
    void is_whole() noexcept;
    void release() noexcept;

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    friend class body_budget;
    body_client* client_ = nullptr;  // null: it has none
    body_holder* whose_ = nullptr;   // null: whole
    body_share* prev_ = nullptr;
    body_share* next_ = nullptr;
    std::uint64_t bytes_ = 0;
    steady_time since_{};
};

/// So many bytes, first come first served, but not for ever: when they are all taken, a body that
/// has been on its way for longer than `sure_for` makes room for those that come faster. And not
/// for one at the cost of all: a client that has more than a `large_part` of it makes room for
/// others before anybody else does, at once, and takes none from them. Who wants to keep others out
/// must send the whole budget anew in that time, from many addresses. A resource, of one event
/// loop.
class body_budget {
public:
    /// A body that came in this time was refused only because all others are as young, or whole.
    static constexpr std::chrono::seconds sure_for{5};

    /// One of so many parts: what one client can have without being the first to make room.
    static constexpr std::uint64_t large_part = 8;

    /// 0: no bound.
    explicit body_budget(std::uint64_t bytes_max);
    body_budget(const body_budget&) = delete;
    body_budget& operator=(const body_budget&) = delete;
    ~body_budget();

    /// This body has `bytes` by now. False: there is no room, and its share is released. May make
    /// other holders give up theirs, inside.
    /// @param of  client_counts::counted(); without an address: nobody's, and never large.
    [[nodiscard]] bool hold(body_share& by, body_holder& whose, std::uint64_t bytes,
                            steady_time now, const ip_address& of);

    /// Taken, by bodies that come and by whole ones whose requests run.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t bytes_max() const noexcept { return bytes_max_; }

    /// What a body that alone may have `wanted` can have: never more than all.
    [[nodiscard]] std::uint64_t most_of_one(std::uint64_t wanted) const noexcept
    {
        return bytes_max_ != 0 && bytes_max_ < wanted ? bytes_max_ : wanted;
    }

    /// Clients that have some.
    [[nodiscard]] std::size_t clients() const noexcept { return clients_.size(); }

    /// How often a body found no room, and how often an old one made some.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

private:
    friend class body_share;
    [[nodiscard]] body_share* next_to_go(const body_share& by, const body_client* of,
                                         steady_time now) const noexcept;
    [[nodiscard]] body_share* oldest_of(const body_client* of) const noexcept;
    void link(body_share& who, body_holder& whose, steady_time now) noexcept;
    void unlink(body_share& who) noexcept;
    [[nodiscard]] const body_client* find(const ip_address& who) const;
    [[nodiscard]] body_client& client_at(const ip_address& who);
    [[nodiscard]] bool is_large(const body_client& who) const noexcept;
    void add(body_client& to, std::uint64_t bytes);
    void take(body_client& from, std::uint64_t bytes) noexcept;

    std::uint64_t bytes_max_;
    std::uint64_t bytes_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t given_up_ = 0;
    body_share* oldest_ = nullptr;  // of those that are not whole
    body_share* newest_ = nullptr;
    body_client nobody_{.of = this, .who = {}};
    std::unordered_map<ip_address, body_client, client_counts::hash> clients_;
    std::vector<body_client*> large_;  // large_part of them at most
};

}  // namespace cohort::http
