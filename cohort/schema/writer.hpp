#pragma once
// JSON text out of values: exact, and well-formed whatever they hold.

#include <cohort/base/append.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::schema {

/// With quotes and escapes. Bytes that are no UTF-8 become U+FFFD.
void append_text(std::string& out, std::string_view text);

void append_integer(std::string& out, std::int64_t value);
void append_integer(std::string& out, std::uint64_t value);
template <std::integral T>
void append_integer(std::string& out, T value)
{
    if constexpr (std::signed_integral<T>)
        append_integer(out, std::int64_t{value});
    else
        append_integer(out, std::uint64_t{value});
}

/// The shortest digits that are read as the same number; null for what JSON cannot say.
void append_number(std::string& out, double value);
void append_number(std::string& out, float value);

/// Remembers how long a text came out, so that the next one like it has room from the start. A
/// value; any thread.
class room_hint {
public:
    room_hint() = default;
    room_hint(const room_hint& other) noexcept
        : last_{other.last_.load(std::memory_order_relaxed)}
    {}
    room_hint& operator=(const room_hint& other) noexcept
    {
        note(other.last_.load(std::memory_order_relaxed));
        return *this;
    }

    [[nodiscard]] std::size_t bytes() const noexcept
    {
        const std::size_t last = last_.load(std::memory_order_relaxed);
        return last + last / 8;
    }
    void note(std::size_t written) noexcept
    {
        // One large text must not make all small ones after it large.
        constexpr std::size_t most = 16 * 1024;
        const auto now = static_cast<std::uint32_t>(std::min(written, most));
        // Not written when nothing changes: threads that write at once would wait for the line.
        if (last_.load(std::memory_order_relaxed) != now)
            last_.store(now, std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint32_t> last_{448};
};

}  // namespace cohort::schema
