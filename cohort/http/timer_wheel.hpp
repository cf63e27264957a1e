#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cohort::http {

/// A place in a timer_wheel. Derive from it; linked into at most one wheel.
class timer_entry {
public:
    [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }
    /// The second for which it is linked.
    [[nodiscard]] std::uint32_t linked_for() const noexcept { return due_; }

protected:
    timer_entry() = default;
    ~timer_entry() = default;

private:
    friend class timer_wheel;
    timer_entry* prev_ = nullptr;
    timer_entry* next_ = nullptr;
    std::uint32_t due_ = 0;
};

/// Time-outs by the second, for very many that hardly ever come true: linking and unlinking are a
/// few stores, and whoever sees his time extended stays where he is and is asked again. A resource.
/// Seconds count up from 1; who links for more than a lap ahead is asked after a lap.
class timer_wheel {
public:
    /// Of those who are due in one turn of a loop: to cut a client whose answer waits costs tens of
    /// microseconds, and who comes in crowds is cut in crowds.
    static constexpr std::uint32_t turn = 32;

    explicit timer_wheel(std::uint32_t second) noexcept
        : last_{second}
    {
        for (timer_entry& slot : slots_)
            slot.prev_ = slot.next_ = &slot;
    }
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;

    /// Links `who`, or moves it. A second that is over counts as the next one.
    void link(timer_entry& who, std::uint32_t second) noexcept
    {
        unlink(who);
        if (second <= last_)
            second = last_ + 1;
        if (second - last_ >= lap)
            second = last_ + lap - 1;
        timer_entry& slot = slots_[second % lap];
        who.due_ = second;
        who.prev_ = slot.prev_;
        who.next_ = &slot;
        slot.prev_->next_ = &who;
        slot.prev_ = &who;
        ++size_;
    }

    void unlink(timer_entry& who) noexcept
    {
        if (who.next_ == nullptr)
            return;
        who.prev_->next_ = who.next_;
        who.next_->prev_ = who.prev_;
        who.prev_ = who.next_ = nullptr;
        --size_;
    }

    /// Unlinks those who are due, and calls `each` with them. They may link and unlink anybody.
    /// @return  Whether that was all; after `most` of them it was not, perhaps: call it again.
    template <class F>
    bool expire(std::uint32_t second, std::uint32_t most, F&& each)
    {
        for (;;) {
            if (size_ == 0) {
                last_ = std::max(last_, second);
                return true;
            }
            // Of the last slot some may be left: nobody is linked into it any more.
            timer_entry& slot = slots_[last_ % lap];
            while (slot.next_ != &slot) {
                if (most-- == 0)
                    return false;
                timer_entry& who = *slot.next_;
                unlink(who);
                each(who);
            }
            if (last_ >= second)
                return true;
            ++last_;
        }
    }

    /// The first second for which anyone is linked; 0: nobody is.
    [[nodiscard]] std::uint32_t earliest() const noexcept
    {
        if (size_ == 0)
            return 0;
        for (std::uint32_t second = last_ + 1;; ++second) {
            const timer_entry& slot = slots_[second % lap];
            if (slot.next_ != &slot)
                return second;
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::uint32_t lap = 128;

    struct slot_head : timer_entry {};
    std::array<slot_head, lap> slots_;
    std::uint32_t last_;
    std::size_t size_ = 0;
};

}  // namespace cohort::http
