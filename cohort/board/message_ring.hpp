#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/message_ring_layout.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cohort::board {

/// Messages in shared memory, in one order for everybody: the newest ones, as many as there is room
/// for. Any number of writers and readers in any processes, which may die or stall at any
/// instruction; nobody waits for anybody. A view; a value. Lifetime: the area's.
///
/// A writer draws as many numbers as its message has blocks, writes them, and commits the first
/// one last. A reader who finds a number that was drawn and not written waits for a while, and then
/// gives it up, for all: an exchange on the block's word decides, so that a message is there for
/// every reader or for none, and a writer who was merely slow learns it and publishes again.
class message_ring {
public:
    static constexpr std::size_t topic_bytes_max = 255;
    static constexpr std::size_t text_bytes_max = 65'536;
    static constexpr std::uint32_t blocks_min = 8;

    [[nodiscard]] static constexpr std::size_t bytes_for(std::uint32_t blocks) noexcept
    {
        return sizeof(ring_head) + std::size_t{blocks} * sizeof(ring_block);
    }

    /// An area that was all zeros when it began, of bytes_for(blocks_min) at least, at a page.
    explicit message_ring(std::span<std::byte> area) noexcept;

    /// Any thread; never blocks.
    /// @param topic  1 to 255 bytes
    /// @param text   up to 65,536 bytes, and at most an eighth of the ring
    /// @return       The message's number. Those of one thread's messages grow.
    /// Errors:       errc::bad_value, the topic's length; errc::too_large, the text's;
    ///               errc::queue_full, readers gave this writer up again and again, or it was
    ///               overtaken by a whole round: nothing was published (again later).
    [[nodiscard]] result<std::uint64_t> publish(std::string_view topic,
                                                std::string_view text) const;

    /// The last number that was drawn: messages that are published from now on have greater ones.
    [[nodiscard]] std::uint64_t last() const noexcept;
    /// Messages after this number may all be there still.
    [[nodiscard]] std::uint64_t oldest() const noexcept;
    [[nodiscard]] std::uint32_t blocks() const noexcept { return blocks_; }
    /// Bytes that a text may have here.
    [[nodiscard]] std::size_t room() const noexcept;

    /// Since the cohort began. A value.
    struct totals {
        std::uint64_t published = 0;
        std::uint64_t published_bytes = 0;  ///< of texts
        std::uint64_t abandoned = 0;        ///< blocks given up by readers
        std::uint64_t repeated = 0;         ///< times that a writer had to begin again
        std::uint64_t torn = 0;             ///< messages of which something else was found
    };
    [[nodiscard]] totals total() const noexcept;

private:
    friend class ring_reader;
    template <class Probe>
    friend class ring_writer;

    [[nodiscard]] ring_block& at(std::uint64_t number) const noexcept
    {
        return blocks_at_[number % blocks_];
    }

    ring_head* head_;
    ring_block* blocks_at_;
    std::uint32_t blocks_;
};

/// One reader's place in a ring. A value, private to its process.
class ring_reader {
public:
    /// Longer than any writer takes that is not dead or starved.
    static constexpr nanoseconds patience = milliseconds{50};

    /// Reads what comes after that number.
    ring_reader(message_ring in, std::uint64_t after) noexcept;

    enum class found : std::uint8_t {
        message,     ///< A message: id(), topic(), read().
        nothing,     ///< All has been read.
        unfinished,  ///< Somebody writes: look again within `patience`, or when woken up.
    };
    /// Moves on to the next message.
    [[nodiscard]] found look(steady_time now) noexcept;

    // Of the message that look() found.

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] std::string_view topic() const noexcept { return {topic_.data(), topic_bytes_}; }
    [[nodiscard]] std::size_t text_bytes() const noexcept { return text_bytes_; }
    /// CLOCK_MONOTONIC when it was published.
    [[nodiscard]] std::uint64_t published_ns() const noexcept { return published_ns_; }
    /// Copies its text. False: it was overwritten meanwhile, and counts as lost.
    [[nodiscard]] bool read(std::string& into);

    /// Everything up to this number has been looked at.
    [[nodiscard]] std::uint64_t position() const noexcept { return next_ - 1; }
    /// How many messages, at most, were overwritten before this reader came to them.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

private:
    enum class step : std::uint8_t { again, message, unfinished };

    [[nodiscard]] step look_at(std::uint64_t number, std::uint64_t last, steady_time now) noexcept;
    [[nodiscard]] bool open(std::uint64_t number, std::uint64_t last) noexcept;
    [[nodiscard]] bool has_waited(std::uint64_t number, std::uint64_t last,
                                  steady_time now) noexcept;
    [[nodiscard]] bool is_whole(std::uint64_t number, std::size_t blocks) const noexcept;
    void jump(std::uint64_t last) noexcept;

    message_ring in_;
    std::uint64_t next_;  // number to be looked at
    std::uint64_t lost_ = 0;

    std::uint64_t waits_for_ = 0;  // a number that was not written
    std::uint64_t waits_last_ = 0;
    steady_time waits_since_{};
    std::uint64_t given_up_ = 0;  // every unwritten number up to this one

    std::uint64_t id_ = 0;
    std::uint64_t checksum_ = 0;
    std::uint64_t published_ns_ = 0;
    std::size_t topic_bytes_ = 0;
    std::size_t text_bytes_ = 0;
    std::array<char, message_ring::topic_bytes_max + 1> topic_{};
};

}  // namespace cohort::board
