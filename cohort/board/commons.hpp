#pragma once

#include <cohort/base/assert.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/layout.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohort::board {

/// Memory for the application's kit (rate limits, topics, sessions), shared by all workers of a
/// cohort. It outlives workers, primaries and generations. A view; a value.
///
/// Named areas, which are all zeros at first, never move and are never freed. Every process may
/// write anything into them and die at any instruction: what lies there has words that are changed
/// by one store or one exchange, no locks, no pointers, and readers that range-check everything.
///
/// Lifetime: the segment's.
class commons {
public:
    /// Areas that there can be, and bytes for all of them; what is never touched costs nothing.
    static constexpr std::size_t areas_max = board::areas_max;
    static constexpr std::size_t room = commons_room;

    commons(commons_head& head, std::byte* areas, std::span<const slot> rows = {}) noexcept
        : head_{&head}, areas_{areas}, rows_{rows.data()}, slots_{rows.size()}
    {}

    /// The area of that name and size, which every caller with the same two words shares. Begins at
    /// a page. Another size is another area: say in the name what layout it has ("limits/2"), since
    /// a reload may bring another program.
    /// Errors: errc::bad_value, no name or no bytes; errc::too_large, there is no room (it will not
    ///         come back: give up or go on without sharing).
    [[nodiscard]] result<std::span<std::byte>> area(std::string_view name, std::size_t bytes) const;

    /// A number that no other cohort has, for names outside of this memory.
    [[nodiscard]] std::uint64_t identity() const noexcept;
    /// Bytes of `room` that are taken.
    [[nodiscard]] std::size_t taken() const noexcept;

    /// The board's rows, by slot. A tenant's word changes before a successor runs anything, and
    /// when the dead are buried: what somebody has left here with it counts while it is the same.
    /// None: there are no workers, and this process is all there is.
    [[nodiscard]] std::span<const slot> rows() const noexcept { return {rows_, slots_}; }

    /// Those of this process. In a worker, the cohort's, from before its main on, and in a primary
    /// while it runs. Anywhere else (tests, plain programs, before a worker is born) memory of this
    /// process alone. So ask when you use it, not when routes are set up; common_area does that for
    /// you. Any thread.
    [[nodiscard]] static commons here() noexcept;
    /// This process is of a cohort from now on, and these are its. Lifetime: the process's, or
    /// until leave(). Order: before anybody else looks, on one thread.
    static void settle(commons of_the_cohort) noexcept;
    /// They go: what is asked for from now on is this process's alone again. Order: likewise.
    static void leave() noexcept;

    friend bool operator==(const commons&, const commons&) = default;

private:
    commons_head* head_;
    std::byte* areas_;
    const slot* rows_;
    std::size_t slots_;
};

/// This process has a cohort's commons for as long as this lives. A resource; one at a time.
class commons_stay {
public:
    explicit commons_stay(commons of_the_cohort) noexcept { commons::settle(of_the_cohort); }
    commons_stay(const commons_stay&) = delete;
    commons_stay& operator=(const commons_stay&) = delete;
    ~commons_stay() { commons::leave(); }
};

/// An area of commons::here(), found when it is first used and from then on known. A resource, for
/// middleware and the like: made when routes are set up, used when a worker serves.
class common_area {
public:
    common_area(std::string name, std::size_t bytes) noexcept
        : name_{std::move(name)}, bytes_{bytes}
    {}

    /// Errors: those of commons::area(). Any thread; two loads once it is known.
    [[nodiscard]] result<std::span<std::byte>> find() noexcept;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
    std::size_t bytes_;
    std::atomic<std::byte*> memory_{nullptr};
    std::atomic<std::uint32_t> settled_{0};  // of the commons where that is, their number + 1
};

/// The area as one object. All zeros must be a T; T's words are atomics.
template <class T>
[[nodiscard]] T& area_as(std::span<std::byte> area) noexcept
{
    static_assert(alignof(T) <= commons_page && std::is_standard_layout_v<T>);
    COHORT_ASSERT(area.size() >= sizeof(T));
    return *std::launder(reinterpret_cast<T*>(area.data()));
}

}  // namespace cohort::board
