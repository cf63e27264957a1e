#include <cohort/http/attachments.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

constexpr std::size_t aligned(std::size_t bytes) noexcept
{
    constexpr std::size_t step = alignof(std::max_align_t);
    return (bytes + step - 1) / step * step;
}

}  // namespace

void* attachments::room(std::size_t bytes)
{
    constexpr std::size_t head = aligned(sizeof(block));
    const std::size_t wanted = aligned(bytes);
    if (block_ == nullptr || block_->bytes - used_ < wanted) {
        const std::size_t size = std::max(block_bytes - head, wanted);
        block_ = std::construct_at(static_cast<block*>(::operator new(head + size)),
                                   block{.before = block_, .bytes = size});
        used_ = 0;
    }
    void* const place = reinterpret_cast<std::byte*>(block_) + head + used_;
    used_ += wanted;
    return place;
}

void attachments::clear() noexcept
{
    while (newest_ != nullptr) {
        entry* const last = std::exchange(newest_, newest_->before);
        last->end(*last);
    }
    while (block_ != nullptr)
        ::operator delete(std::exchange(block_, block_->before));
}

}  // namespace cohort::http
