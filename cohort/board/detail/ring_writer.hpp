#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/detail/ring_words.hpp>
#include <cohort/board/message_ring.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::board {

/// One attempt to publish a message. `Probe` is called before every change of shared memory: a
/// test lets the writer die there, or lets others go first; otherwise it is nothing.
///
///     draw numbers | first: writing, words | each of the rest: writing, words, rest | checksum,
///     first
template <class Probe>
class ring_writer {
public:
    ring_writer(message_ring to, Probe& before) noexcept
        : to_{to}, before_{before}
    {}

    /// The message's number, or nothing: a reader gave it up, or the ring went once around.
    std::optional<std::uint64_t> write(std::string_view topic, std::string_view text)
    {
        const detail::ring_shape shape{topic.size(), text.size()};
        const std::uint64_t blocks = shape.blocks();
        before_();
        first_ = to_.head_->claimed.fetch_add(blocks) + 1;
        number_ = first_;
        detail::word_checksum sum{first_, shape.word()};
        if (!begin())
            return std::nullopt;
        put(shape.word());
        index_ = 2;  // the checksum comes last
        put(now_ns());
        for (const std::string_view part : {topic, text}) {
            for (std::size_t i = 0; i < detail::words_for(part.size()); ++i) {
                if (index_ == ring_block_words && !(finish() && begin()))
                    return std::nullopt;
                const std::uint64_t word = detail::load_word(part, i);
                sum.add(word);
                put(word);
            }
        }
        if (!finish())
            return std::nullopt;
        before_();
        to_.at(first_).data[1].store(sum.value(), std::memory_order_release);
        before_();
        return change(first_, ring_state::first) ? std::optional{first_} : std::nullopt;
    }

private:
    /// The block is ours, unless its number was given up or belongs to a later round.
    bool begin()
    {
        before_();
        if (to_.head_->claimed.load() - number_ >= to_.blocks_)
            return false;
        std::atomic<std::uint64_t>& word = to_.at(number_).word;
        std::uint64_t seen = word.load();
        while (detail::number_of(seen) < number_) {
            if (word.compare_exchange_weak(seen, detail::ring_word(number_, ring_state::writing))) {
                index_ = 0;
                return true;
            }
        }
        return false;
    }

    void put(std::uint64_t word)
    {
        before_();
        // Behind the block's word, for readers who still copy what was here.
        to_.at(number_).data[index_++].store(word, std::memory_order_release);
    }

    /// The first block counts when all others do.
    bool finish()
    {
        before_();
        const bool done = number_ == first_ || change(number_, ring_state::rest);
        ++number_;
        return done;
    }

    bool change(std::uint64_t number, ring_state to)
    {
        std::uint64_t expected = detail::ring_word(number, ring_state::writing);
        return to_.at(number).word.compare_exchange_strong(expected, detail::ring_word(number, to));
    }

    message_ring to_;
    Probe& before_;
    std::uint64_t first_ = 0;
    std::uint64_t number_ = 0;
    std::size_t index_ = 0;
};

}  // namespace cohort::board
