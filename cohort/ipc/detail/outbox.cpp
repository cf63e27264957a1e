#include <cohort/ipc/detail/outbox.hpp>

#include <cohort/base/assert.hpp>

#include <algorithm>
#include <utility>

namespace cohort::ipc::detail {

namespace {

/// Appends the part of `bytes` behind `skip` to the batch and reduces `skip` by what it hid.
void append(std::span<iovec> room, std::size_t& used, std::span<char> bytes, std::size_t& skip,
            std::size_t& total)
{
    const auto hidden = std::min(skip, bytes.size());
    skip -= hidden;
    const auto seen = bytes.subspan(hidden);
    if (seen.empty())
        return;
    room[used++] = iovec{.iov_base = seen.data(), .iov_len = seen.size()};
    total += seen.size();
}

}  // namespace

std::uint64_t outbox::push(envelope&& what)
{
    const frame_header header{
        .kind = what.kind,
        .flags = what.flags,
        .from = what.from,
        .to = what.to,
        .correlation = what.correlation,
        .body_bytes = static_cast<std::uint32_t>(what.body.size()),
        .cargo = static_cast<std::uint16_t>(what.cargo.size()),
    };
    waiting_.push_back(item{encode(header), std::move(what), ++pushed_});
    bytes_ += waiting_.back().size();
    return pushed_;
}

outbox::batch outbox::gather(std::span<iovec> room) const
{
    COHORT_ASSERT(!waiting_.empty() && room.size() >= 2);
    batch made;
    std::size_t used = 0;
    std::size_t skip = front_sent_;
    for (const item& one : waiting_) {
        const bool first = used == 0;
        if (!one.what.cargo.empty()) {
            // Its descriptors must be the only ones of their write (ipc/cargo.hpp).
            if (!first)
                break;
            made.cargo = one.what.cargo;
        }
        if (room.size() - used < 2)
            break;
        // iovec has no const; the kernel only reads here.
        auto* const head = const_cast<char*>(one.head.data());
        auto* const body = const_cast<char*>(one.what.body.data());
        append(room, used, {head, one.head.size()}, skip, made.total);
        append(room, used, {body, one.what.body.size()}, skip, made.total);
    }
    made.bytes = room.first(used);
    return made;
}

void outbox::sent(std::size_t bytes)
{
    COHORT_ASSERT(bytes <= bytes_ && bytes != 0);
    bytes_ -= bytes;
    // The kernel holds its own references now. Only the first can have had cargo.
    waiting_.front().what.cargo.clear();
    while (bytes != 0) {
        const auto rest = waiting_.front().size() - front_sent_;
        if (bytes < rest) {
            front_sent_ += bytes;
            return;
        }
        bytes -= rest;
        front_sent_ = 0;
        ++left_;
        waiting_.pop_front();
    }
}

bool outbox::withdraw(std::uint64_t ordinal)
{
    const auto at = std::ranges::find(waiting_, ordinal, &item::ordinal);
    if (at == waiting_.end() || (at == waiting_.begin() && front_begun()))
        return false;
    bytes_ -= at->size();
    waiting_.erase(at);
    return true;
}

std::vector<envelope> outbox::take_all()
{
    std::vector<envelope> all;
    all.reserve(waiting_.size());
    for (item& one : waiting_)
        all.push_back(std::move(one.what));
    waiting_.clear();
    front_sent_ = 0;
    bytes_ = 0;
    return all;
}

}  // namespace cohort::ipc::detail
