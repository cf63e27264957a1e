#pragma once
// What all bodies that a server has in memory may take together.

#include <cohort/base/clock.hpp>
#include <cohort/http/violation.hpp>

#include <cstdint>

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
    body_budget* of_ = nullptr;
    body_holder* whose_ = nullptr;  // null: whole
    body_share* prev_ = nullptr;
    body_share* next_ = nullptr;
    std::uint64_t bytes_ = 0;
    steady_time since_{};
};

/// So many bytes, first come first served, but not for ever: when they are all taken, a body that
/// has been on its way for longer than `sure_for` makes room for those that come faster. Who wants
/// to keep others out must send the whole budget anew in that time. A resource, of one event loop.
class body_budget {
public:
    /// A body that came in this time was refused only because all others are as young, or whole.
    static constexpr std::chrono::seconds sure_for{5};

    /// 0: no bound.
    explicit body_budget(std::uint64_t bytes_max) noexcept
        : bytes_max_{bytes_max}
    {}
    body_budget(const body_budget&) = delete;
    body_budget& operator=(const body_budget&) = delete;
    ~body_budget();

    /// This body has `bytes` by now. False: there is no room, and its share is released. May make
    /// other holders give up theirs, inside.
    [[nodiscard]] bool hold(body_share& by, body_holder& whose, std::uint64_t bytes,
                            steady_time now) noexcept;

    /// Taken, by bodies that come and by whole ones whose requests run.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t bytes_max() const noexcept { return bytes_max_; }

    /// How often a body found no room, and how often an old one made some.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

private:
    friend class body_share;
    void unlink(body_share& who) noexcept;

    std::uint64_t bytes_max_;
    std::uint64_t bytes_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t given_up_ = 0;
    body_share* oldest_ = nullptr;  // of those that are not whole
    body_share* newest_ = nullptr;
};

}  // namespace cohort::http
