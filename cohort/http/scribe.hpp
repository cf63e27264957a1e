#pragma once

#include <cohort/board/journal.hpp>
#include <cohort/http/exchange.hpp>
#include <cohort/http/record.hpp>

#include <cstddef>
#include <cstdint>

namespace cohort::http {

/// Keeps the journal's record of one connection true, in the order that net/adoption.hpp relies
/// on. A value: two pointers. Without a journal it is not on(), and nothing else may be called.
///
/// The session's own words (exchange, record) are the truth in this process; this class writes down
/// what of them a successor needs, and never reads the journal to decide what to do.
class scribe {
public:
    scribe() noexcept = default;
    /// Lifetime: `book` outlives it. A descriptor beyond the journal's records is not recorded.
    scribe(board::journal* book, int descriptor) noexcept;

    [[nodiscard]] bool on() const noexcept { return page_ != nullptr; }

    /// A connection begins, with this history.
    void begin(const exchange& x) noexcept;

    /// It ends. Before its descriptor is closed: the number may be another's a moment later.
    void end() noexcept;

    /// It goes to somebody who records nothing: a successor shall close it.
    void give_away() noexcept;

    /// Bytes are about to be received into r.input, where they will be found; or will not.
    void expect_input(const exchange& x, const record& r) noexcept;

    /// Bytes were received.
    void taken(std::uint64_t position) noexcept
    {
        page_->taken.store(position, std::memory_order_release);
    }

    /// Bytes were sent.
    void given(std::uint64_t position) noexcept
    {
        page_->given.store(position, std::memory_order_release);
    }

    /// Everything that is different from what the journal says, as one step. `r`: what the
    /// connection has borrowed, or null.
    void note(const exchange& x, record* r) noexcept;

    /// Copies what was added to r.output into the journal; note() makes it count. False: there is
    /// no room.
    [[nodiscard]] bool keep_output(const exchange& x, record& r) noexcept;

    /// The answer at hand, which begins at r.kept.answer, is not written down. Before its first
    /// byte is sent.
    void private_answer(const exchange& x, record& r) noexcept;

    /// Counts bytes that the journal had no room for.
    void count_private() noexcept;

    /// Another place for `bytes` of input: in the journal, or if it is full in our own memory.
    [[nodiscard]] input_place place(std::size_t bytes) noexcept;

    [[nodiscard]] board::journal& book() const noexcept { return *book_; }
    [[nodiscard]] board::connection_record& page() const noexcept { return *page_; }

private:
    [[nodiscard]] board::connection_state sketch(const exchange& x, const record* r) const noexcept;
    static void sketch_output(board::connection_state& s, const record& r, std::uint64_t given);
    static void sketch_body(board::connection_state& s, const record& r);
    static void sketch_input(board::connection_state& s, const record& r, std::uint64_t taken);
    void commit(const board::connection_state& next) noexcept;

    board::journal* book_ = nullptr;
    board::connection_record* page_ = nullptr;
};

}  // namespace cohort::http
