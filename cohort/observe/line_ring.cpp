#include <cohort/observe/line_ring.hpp>

#include <cohort/base/assert.hpp>

#include <algorithm>
#include <cstring>
#include <new>

namespace cohort::observe {

namespace {

std::uint64_t read(const std::atomic<std::uint64_t>& word) noexcept
{
    return word.load(std::memory_order_relaxed);
}

/// A crash shows the program's own order to who comes after it; the compiler must keep it.
void set(std::atomic<std::uint64_t>& word, std::uint64_t value) noexcept
{
    word.store(value, std::memory_order_release);
}

}  // namespace

line_ring::line_ring(std::span<std::byte> memory) noexcept
{
    COHORT_ASSERT(memory.size() > head_bytes);
    head_ = std::launder(reinterpret_cast<head*>(memory.data()));
    room_ = {reinterpret_cast<char*>(memory.data() + head_bytes), memory.size() - head_bytes};
    const std::uint64_t begin = read(head_->begin);
    const std::uint64_t end = read(head_->end);
    if (begin > end || end - begin > room_.size() || end > UINT64_MAX / 2) {
        set(head_->end, 0);
        set(head_->claimed, 0);
        set(head_->within_line, 0);
        set(head_->begin, 0);
    }
}

std::size_t line_ring::size() const noexcept
{
    if (head_ == nullptr)
        return 0;
    const std::uint64_t begin = read(head_->begin);
    const std::uint64_t end = read(head_->end);
    return begin < end ? end - begin : 0;
}

bool line_ring::append(std::string_view line) noexcept
{
    if (head_ == nullptr || room_.size() - size() < line.size())
        return false;
    const std::uint64_t end = read(head_->end);
    // Mostly it has been empty since its first byte: a division would cost more than the copy.
    const std::size_t at = end < room_.size() ? end : end % room_.size();
    const std::size_t first = std::min(line.size(), room_.size() - at);
    std::memcpy(room_.data() + at, line.data(), first);
    if (first != line.size())
        std::memcpy(room_.data(), line.data() + first, line.size() - first);
    set(head_->end, end + line.size());
    return true;
}

std::string_view line_ring::front(std::size_t most, std::span<char> scratch) const noexcept
{
    std::size_t bytes = std::min(size(), most);
    if (bytes == 0)
        return {};
    const std::size_t at = read(head_->begin) % room_.size();
    const std::size_t first = std::min(bytes, room_.size() - at);
    if (first == bytes)
        return {room_.data() + at, bytes};
    bytes = std::min(bytes, scratch.size());
    const std::size_t before = std::min(first, bytes);
    std::memcpy(scratch.data(), room_.data() + at, before);
    std::memcpy(scratch.data() + before, room_.data(), bytes - before);
    return {scratch.data(), bytes};
}

void line_ring::claim(std::size_t bytes) noexcept
{
    set(head_->claimed, read(head_->begin) + bytes);
}

void line_ring::written(std::size_t bytes) noexcept
{
    if (head_ == nullptr)
        return;
    const std::uint64_t begin = read(head_->begin) + std::min(bytes, size());
    if (begin == read(head_->end)) {
        // Back to the first pages: a log that is written as it comes needs no others. In this
        // order `begin` lies behind `end`, or both are where they should be.
        set(head_->within_line, 0);
        set(head_->end, 0);
        set(head_->claimed, 0);
        set(head_->begin, 0);
        return;
    }
    if (bytes > 0) {
        const bool whole = room_[(begin - 1) % room_.size()] == '\n';
        set(head_->within_line, whole ? 0 : begin);
    }
    set(head_->begin, begin);
    set(head_->claimed, 0);
}

std::size_t line_ring::doubted() const noexcept
{
    if (head_ == nullptr)
        return 0;
    const std::uint64_t begin = read(head_->begin);
    const std::uint64_t claimed = read(head_->claimed);
    return claimed > begin ? std::min<std::uint64_t>(claimed - begin, size()) : 0;
}

void line_ring::touch() const noexcept
{
    constexpr std::size_t page = 4096;  // or more
    const std::size_t bytes = size();
    const auto look_at = [this](std::size_t which) noexcept {
        const volatile char* const at = &room_[(read(head_->begin) + which) % room_.size()];
        static_cast<void>(*at);
    };
    for (std::size_t which = 0; which < bytes; which += page)
        look_at(which);
    if (bytes > 0)
        look_at(bytes - 1);
}

bool line_ring::begins_within_line() const noexcept
{
    return !empty() && read(head_->within_line) == read(head_->begin) && read(head_->begin) != 0;
}

}  // namespace cohort::observe
