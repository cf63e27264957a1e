#pragma once
// What waits to be written, and how it is cut into writes. A pure automaton.

#include <cohort/base/unique_fd.hpp>
#include <cohort/ipc/envelope.hpp>
#include <cohort/ipc/frame.hpp>

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace cohort::ipc::detail {

/// Envelopes in the order in which they leave. Each has an ordinal: 1, 2, 3…
class outbox {
public:
    /// One write: as many frames as fit, at most one of them with cargo, and that the first.
    struct batch {
        std::span<const iovec> bytes;
        std::span<const unique_fd> cargo;
        std::size_t total = 0;
    };

    /// Returns the ordinal of `what`.
    std::uint64_t push(envelope&& what);

    /// The next write, described in `room`. Not when empty().
    [[nodiscard]] batch gather(std::span<iovec> room) const;

    /// The kernel took that many bytes of the last batch (more than 0), and its cargo.
    void sent(std::size_t bytes);

    /// Takes an envelope back if none of it has left.
    bool withdraw(std::uint64_t ordinal);

    /// Has `ordinal` left whole, or been withdrawn?
    [[nodiscard]] bool done(std::uint64_t ordinal) const noexcept
    {
        return waiting_.empty() || ordinal < waiting_.front().ordinal;
    }

    /// The first envelope; nothing of it has left. Not when empty().
    [[nodiscard]] std::uint64_t front() const noexcept { return waiting_.front().ordinal; }
    [[nodiscard]] bool front_begun() const noexcept { return front_sent_ != 0; }

    /// All that has not left whole.
    [[nodiscard]] std::vector<envelope> take_all();

    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// What the waiting envelopes cost here, so that a bound on it bounds empty ones too.
    [[nodiscard]] std::size_t weight() const noexcept
    {
        return bytes_ + waiting_.size() * sizeof(item);
    }
    [[nodiscard]] std::uint64_t pushed() const noexcept { return pushed_; }
    [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

private:
    struct item {
        frame_header_image head;
        envelope what;
        std::uint64_t ordinal;

        [[nodiscard]] std::size_t size() const noexcept { return head.size() + what.body.size(); }
    };

    std::deque<item> waiting_;
    std::size_t front_sent_ = 0;  // bytes of the first item that have left
    std::size_t bytes_ = 0;
    std::uint64_t pushed_ = 0;
    std::uint64_t left_ = 0;
};

}  // namespace cohort::ipc::detail
