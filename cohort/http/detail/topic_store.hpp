#pragma once

#include <cohort/board/bells.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/message_ring.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cohort::http::detail {

/// Where the messages of all topics lie, and who is told of new ones. A resource; there is one for
/// each commons that this process has had, and it stays.
class topic_store {
public:
    static constexpr std::uint32_t blocks = 16'384;

    /// That of commons::here(). Any thread.
    [[nodiscard]] static topic_store& current();
    /// Has anybody asked for that one? Any thread.
    [[nodiscard]] static bool is_there() noexcept;

    explicit topic_store(board::commons in);
    topic_store(const topic_store&) = delete;
    topic_store& operator=(const topic_store&) = delete;

    [[nodiscard]] board::message_ring ring() const noexcept { return ring_; }
    [[nodiscard]] const board::bells& bells() const noexcept { return bells_; }
    /// Of the cohort's identity, what positions carry.
    [[nodiscard]] std::uint32_t cohort() const noexcept { return cohort_; }

    // Of this process.
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> missed{0};
    std::atomic<std::uint64_t> subscribers{0};
    std::atomic<std::uint64_t> subscribers_max{100'000};

private:
    board::commons in_;
    board::message_ring ring_;
    board::bells bells_;
    std::uint32_t cohort_;
};

}  // namespace cohort::http::detail
