#include <cohort/board/message_ring.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/board/detail/ring_words.hpp>
#include <cohort/board/detail/ring_writer.hpp>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

// The word of a block goes this way, for each number that comes to lie there:
//
//     an older number ──> writing ──> first or rest      whoever is faster: the writer commits,
//             └───────────────┴────> abandoned           or a reader gives it up
//
// Words of data are written and read without any such care. That they belong together is known from
// the block's word, which is the same before and after they were copied; that no writer who stalled
// for a whole round has written into them since, from the checksum.

namespace cohort::board {

using detail::number_of;
using detail::ring_shape;
using detail::ring_word;
using detail::state_of;

namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto relaxed = std::memory_order_relaxed;

/// Readers give up a writer who stalls. Who stalls each time has no processor.
constexpr int attempts_max = 16;

}  // namespace

message_ring::message_ring(std::span<std::byte> area) noexcept
{
    COHORT_ASSERT(area.size() >= bytes_for(blocks_min) &&
                  reinterpret_cast<std::uintptr_t>(area.data()) % alignof(ring_head) == 0);
    head_ = std::launder(reinterpret_cast<ring_head*>(area.data()));
    blocks_at_ = std::launder(reinterpret_cast<ring_block*>(area.data() + sizeof(ring_head)));
    const std::size_t fit = (area.size() - sizeof(ring_head)) / sizeof(ring_block);
    blocks_ = static_cast<std::uint32_t>(
        std::min<std::size_t>(fit, std::numeric_limits<std::uint32_t>::max()));
}

std::size_t message_ring::room() const noexcept
{
    const std::size_t words = std::max<std::size_t>(blocks_ / 8, 1) * ring_block_words;
    constexpr std::size_t others = ring_first_words + detail::words_for(topic_bytes_max);
    return std::min(text_bytes_max, (words - others) * 8);
}

std::uint64_t message_ring::last() const noexcept { return head_->claimed.load(); }

std::uint64_t message_ring::oldest() const noexcept
{
    const std::uint64_t newest = last();
    return newest > blocks_ ? newest - blocks_ : 0;
}

message_ring::totals message_ring::total() const noexcept
{
    return {.published = head_->published.load(relaxed),
            .published_bytes = head_->published_bytes.load(relaxed),
            .abandoned = head_->abandoned.load(relaxed),
            .repeated = head_->repeated.load(relaxed),
            .torn = head_->torn.load(relaxed)};
}

result<std::uint64_t> message_ring::publish(std::string_view topic, std::string_view text) const
{
    if (topic.empty() || topic.size() > topic_bytes_max)
        return failed(errc::bad_value, "publish to a topic whose name has 0 or over 255 bytes:",
                      std::string{topic.substr(0, 32)});
    if (text.size() > room())
        return failed(errc::too_large, "publish a message, bytes:", std::to_string(text.size()));
    const auto unobserved = []() noexcept {};
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        ring_writer writer{*this, unobserved};
        if (const auto number = writer.write(topic, text)) {
            head_->published.fetch_add(1, relaxed);
            head_->published_bytes.fetch_add(text.size(), relaxed);
            return *number;
        }
        head_->repeated.fetch_add(1, relaxed);
    }
    return failed(errc::queue_full, "publish a message to", std::string{topic});
}

ring_reader::ring_reader(message_ring in, std::uint64_t after) noexcept
    : in_{in}, next_{std::min(after, in.last()) + 1}
{}

ring_reader::found ring_reader::look(steady_time now) noexcept
{
    for (;;) {
        const std::uint64_t last = in_.last();
        if (next_ > last)
            return found::nothing;
        if (last - next_ >= in_.blocks_) {
            jump(last);
            continue;
        }
        switch (look_at(next_, last, now)) {
            case step::message:
                return found::message;
            case step::unfinished:
                return found::unfinished;
            case step::again:
                break;
        }
    }
}

/// To where the next round of writers is not at once.
void ring_reader::jump(std::uint64_t last) noexcept
{
    const std::uint64_t oldest = last - in_.blocks_ + 1;
    const std::uint64_t to = oldest + in_.blocks_ / 8;
    lost_ += to - next_;
    next_ = to;
}

ring_reader::step ring_reader::look_at(std::uint64_t number, std::uint64_t last,
                                       steady_time now) noexcept
{
    std::atomic<std::uint64_t>& at = in_.at(number).word;
    std::uint64_t word = at.load();
    if (number_of(word) > number) {
        // Overwritten, or nonsense. The numbers drawn tell which: if they do not, it is passed by.
        if (in_.last() - number < in_.blocks_) {
            ++lost_;
            ++next_;
        }
        return step::again;
    }
    if (number_of(word) == number && state_of(word) != ring_state::writing) {
        ++next_;
        return state_of(word) == ring_state::first && open(number, last) ? step::message
                                                                         : step::again;
    }
    if (!has_waited(number, last, now))
        return step::unfinished;
    if (at.compare_exchange_strong(word, ring_word(number, ring_state::abandoned))) {
        in_.head_->abandoned.fetch_add(1, relaxed);
        ++next_;
    }
    return step::again;
}

bool ring_reader::has_waited(std::uint64_t number, std::uint64_t last, steady_time now) noexcept
{
    if (number <= given_up_)
        return true;
    if (waits_for_ != number) {
        waits_for_ = number;
        waits_last_ = last;
        waits_since_ = now;
        return false;
    }
    if (now - waits_since_ < patience)
        return false;
    // Whatever had been drawn when we began to wait has had as much time.
    given_up_ = waits_last_;
    return true;
}

/// Learns what the message at `number` is; its first block is committed. False: it is none (any
/// more).
bool ring_reader::open(std::uint64_t number, std::uint64_t last) noexcept
{
    const ring_block& block = in_.at(number);
    const ring_shape shape = ring_shape::of(block.data[0].load(acquire));
    const std::uint64_t checksum = block.data[1].load(acquire);
    const std::uint64_t when = block.data[2].load(acquire);
    const bool possible = shape.topic_bytes != 0 &&
                          shape.topic_bytes <= message_ring::topic_bytes_max &&
                          shape.text_bytes <= in_.room() && shape.blocks() <= last - number + 1;
    // What this block says of others must be what they say themselves, or they would be passed by.
    if (!possible || !is_whole(number, shape.blocks())) {
        in_.head_->torn.fetch_add(1, relaxed);
        ++lost_;
        return false;
    }
    for (std::size_t i = 0; i < detail::words_for(shape.topic_bytes); ++i) {
        const std::uint64_t word = block.data[ring_first_words + i].load(acquire);
        std::memcpy(topic_.data() + i * 8, &word, 8);
    }
    if (!is_whole(number, 1)) {
        ++lost_;
        return false;
    }
    id_ = number;
    checksum_ = checksum;
    published_ns_ = when;
    topic_bytes_ = shape.topic_bytes;
    text_bytes_ = shape.text_bytes;
    next_ = number + shape.blocks();
    return true;
}

bool ring_reader::read(std::string& into)
{
    const ring_shape shape{topic_bytes_, text_bytes_};
    const std::size_t topic_words = detail::words_for(topic_bytes_);
    const std::size_t text_words = detail::words_for(text_bytes_);
    detail::word_checksum sum{id_, shape.word()};
    for (std::size_t i = 0; i < topic_words; ++i) {
        // As it was copied: behind its end are zeros.
        sum.add(detail::load_word({topic_.data(), topic_bytes_}, i));
    }
    into.resize(text_words * 8);
    std::size_t place = ring_first_words + topic_words;
    for (std::size_t i = 0; i < text_words; ++i, ++place) {
        const ring_block& block = in_.at(id_ + place / ring_block_words);
        const std::uint64_t word = block.data[place % ring_block_words].load(acquire);
        sum.add(word);
        std::memcpy(into.data() + i * 8, &word, 8);
    }
    const bool whole = is_whole(id_, shape.blocks());
    into.resize(text_bytes_);
    if (whole && sum.value() == checksum_)
        return true;
    if (whole)
        in_.head_->torn.fetch_add(1, relaxed);
    ++lost_;
    next_ = id_ + 1;
    into.clear();
    return false;
}

bool ring_reader::is_whole(std::uint64_t number, std::size_t blocks) const noexcept
{
    for (std::size_t i = 0; i < blocks; ++i) {
        const ring_state state = i == 0 ? ring_state::first : ring_state::rest;
        if (in_.at(number + i).word.load() != ring_word(number + i, state))
            return false;
    }
    return true;
}

}  // namespace cohort::board
