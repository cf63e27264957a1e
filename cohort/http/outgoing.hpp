#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// The bytes on their way to one client, in the order in which they were added. A resource.
///
/// Everything is copied into one warm buffer but a long body, which is kept as it came and sent
/// from there. There is one way to add something behind it, so that nobody can write before it.
class outgoing {
public:
    outgoing() { front_.reserve(1024); }
    outgoing(const outgoing&) = delete;
    outgoing& operator=(const outgoing&) = delete;

    /// Append here. Do not keep the reference: only what is appended before the next call is safe.
    [[nodiscard]] std::string& end()
    {
        if (!back_.empty()) [[unlikely]]
            join();
        return front_;
    }

    /// Appends without copying.
    void append_long(std::string&& bytes)
    {
        if (!back_.empty())
            join();
        back_ = std::move(bytes);
    }

    [[nodiscard]] bool empty() const noexcept { return front_.empty() && back_.empty(); }

    /// Bytes not yet sent.
    [[nodiscard]] std::size_t size() const noexcept { return front().size() + back().size(); }

    /// Not yet sent, first this ...
    [[nodiscard]] std::string_view front() const noexcept
    {
        return std::string_view{front_}.substr(front_sent_);
    }
    /// ... then this.
    [[nodiscard]] std::string_view back() const noexcept
    {
        return std::string_view{back_}.substr(back_sent_);
    }

    /// Copies the last `count` bytes of it, which are not yet sent.
    void copy_last(std::size_t count, char* to) const noexcept
    {
        const std::string_view first = front();
        const std::string_view then = back();
        if (count > then.size())
            to += first.copy(to, std::string_view::npos, first.size() - (count - then.size()));
        then.copy(to, std::string_view::npos, then.size() - std::min(count, then.size()));
    }

    /// The socket took `count` bytes of it.
    void sent(std::size_t count) noexcept
    {
        const std::size_t of_front = front_.size() - front_sent_;
        if (count < of_front) {
            front_sent_ += count;
            return;
        }
        front_.clear();
        front_sent_ = 0;
        back_sent_ += count - of_front;
        if (back_sent_ == back_.size() && !back_.empty()) {
            std::string{}.swap(back_);
            back_sent_ = 0;
        }
    }

    /// Empty again; keeps a buffer of ordinary size.
    void clear() noexcept
    {
        constexpr std::size_t ordinary_bytes = 65'536;
        front_.clear();
        if (front_.capacity() > ordinary_bytes)
            std::string{}.swap(front_);
        std::string{}.swap(back_);
        front_sent_ = back_sent_ = 0;
    }

private:
    void join()
    {
        front_.append(back_, back_sent_);
        std::string{}.swap(back_);
        back_sent_ = 0;
    }

    std::string front_;
    std::string back_;
    std::size_t front_sent_ = 0;
    std::size_t back_sent_ = 0;
};

}  // namespace cohort::http
