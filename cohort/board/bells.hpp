#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cohort::board {

/// Who wants to be woken up, in an area of the commons; all zeros: nobody.
struct alignas(128) bell_table {
    static constexpr std::size_t bells_max = 512;

    std::array<std::atomic<std::uint64_t>, bells_max / 64> sleeping;     // one bit each
    std::atomic<std::uint64_t> rung;                                     // how often, all of them
    alignas(128) std::array<std::atomic<std::uint64_t>, bells_max> who;  // 0: free
};

/// Wakes processes of this cohort that sleep. Each of them has a datagram socket with a name that
/// only the cohort knows, and a row in shared memory that says that it sleeps; only who sleeps is
/// rung. A ring may get lost, and may come for nothing: look at what you wait for, before you sleep
/// and once in a while. A resource.
///
/// Nothing here is cleaned up by the dead: who rings a bell whose socket is gone takes it down.
class bells {
public:
    /// A view of an area of sizeof(bell_table) bytes. Where there are no sockets to be had, nobody
    /// is ever woken up.
    /// @param identity  commons::identity()
    bells(std::span<std::byte> area, std::uint64_t identity) noexcept;

    /// Wakes everybody who sleeps. Order: after what they wait for was changed, by an operation
    /// that is sequentially consistent. Any thread; never blocks; costs eight loads if nobody does.
    void ring() const noexcept;

    /// The bell of one loop. A resource; taken down when it is destroyed.
    class bell {
    public:
        bell(bell&& other) noexcept;
        bell& operator=(bell&& other) noexcept;
        bell(const bell&) = delete;
        bell& operator=(const bell&) = delete;
        ~bell();

        /// Readable once somebody has rung. Non-blocking.
        [[nodiscard]] int descriptor() const noexcept { return socket_.borrow(); }
        /// Rings from now on reach us. Order: then look once more at what you wait for.
        void sleep() noexcept;
        /// No more rings; those that came are forgotten.
        void wake() noexcept;

    private:
        friend class bells;
        bell(bell_table& in, std::size_t row, std::uint64_t who, unique_fd socket) noexcept;
        void take_down() noexcept;

        bell_table* in_;
        std::size_t row_;
        std::uint64_t who_;
        unique_fd socket_;
    };

    /// Errors: those of socket(2) and bind(2); errc::queue_full, 512 are there already.
    [[nodiscard]] result<bell> hang() const;

private:
    [[nodiscard]] bool reach(std::uint64_t who) const noexcept;
    [[nodiscard]] std::optional<std::size_t> take_row(std::uint64_t who) const noexcept;

    bell_table* in_;
    std::uint64_t identity_;
    unique_fd sender_;
};

}  // namespace cohort::board
