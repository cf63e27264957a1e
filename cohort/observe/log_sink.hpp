#pragma once
// Getting lines out of the process without ever waiting for who reads them.

#include <cohort/base/error.hpp>
#include <cohort/observe/line_ring.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>
#include <sys/un.h>

namespace cohort::observe {

/// Writes lines to a descriptor that belongs to somebody else. A resource; any thread.
///
/// O_NONBLOCK is never set: it belongs to the open file, which a shell or a sibling shares. Instead
/// each kind of file is asked in its own way not to block (see write_now). Lines of at most
/// line_bytes_max() are never torn by other writers. What the reader does not take is held back up
/// to `held_bytes_max`; beyond that, new lines are dropped, counted, and the count is written when
/// the reader is back. Lines that come between hold() and release() are written together. On a full
/// disk lines are dropped at once, and counted, too; one that was cut by it ends where it was cut.
/// What another process has left half written in a file is ended before the count is written there.
class log_sink {
public:
    static constexpr std::size_t held_bytes_max = 256 * 1024;
    /// PIPE_BUF on Linux: longer writes to a pipe may be torn.
    static constexpr std::size_t untorn_bytes_max = 4096;
    /// No line is longer anywhere.
    static constexpr std::size_t line_bytes_most = std::size_t{16} * 1024;

    /// How long a line may be that goes where lines go now: others write there, too.
    [[nodiscard]] std::size_t line_bytes_max() const noexcept
    {
        return line_bytes_max_.load(std::memory_order_relaxed);
    }

    /// What a mapping must have for keep_in().
    static constexpr std::size_t memory_bytes = held_bytes_max + line_ring::head_bytes;

    explicit log_sink(int descriptor) noexcept;

    /// From now on lines wait in `memory`, of memory_bytes, which outlives this process. What a
    /// predecessor has left there is written first. Of what it was killed over, a file is asked
    /// what is there (settle_remains): each line is in it once, and none is torn. Where nobody can
    /// be asked (a pipe, a socket, a file that may not be read) that is taken for written.
    /// Lifetime: of `memory`, the process's. Order: the predecessor is dead.
    void keep_in(std::span<std::byte> memory) noexcept;

    /// From now on writes there. What is held back goes there, too.
    void redirect(int descriptor) noexcept;

    /// The same number is another open file from now on: `fresh`, which stays the caller's. A line
    /// that was begun in the old file does not end in the new one: it is dropped, and counted.
    /// Errors: errno of dup3(2); then all is as before.
    [[nodiscard]] result<> replace(int fresh) noexcept;

    /// This process has crashed, and its successor may have the memory of keep_in() already: its
    /// other threads write nothing more. Async-signal-safe.
    void abandon() noexcept { abandoned_.store(true); }

    /// When a line must go: with the others that came since hold(), or at once, with all of them.
    enum class haste : std::uint8_t { with_others, at_once };

    /// One line, with its line end. Never waits.
    void line(std::string_view text, haste how = haste::with_others) noexcept;

    /// Lines may wait until release() now: soon there will be more of them. Not nested.
    void hold() noexcept;
    void release() noexcept;

    /// Writes held lines as far as the reader takes them. `timeout_ms` 0: without waiting.
    void flush(int timeout_ms) noexcept;

    /// Forgets what is held back, and the memory of keep_in(): it is another process's, who will
    /// write it itself.
    void forget() noexcept;

    /// Lines dropped since the start.
    [[nodiscard]] std::uint64_t dropped() const noexcept;

    /// From now on each line is a datagram to the journal at `address`, in which we are called
    /// `name`. `descriptor`: a datagram socket without a peer. A journal that is away for a moment
    /// is a reader that pauses; the one that comes back may have a socket that was made anew.
    void redirect_to_journal(int descriptor, const sockaddr_un& address, std::string name) noexcept;

    /// Makes the sentence that tells of `count` dropped lines; set by log.cpp so that it has the
    /// same shape as all other lines.
    using notice_maker = std::string (*)(std::uint64_t count);
    void set_notice(notice_maker make) noexcept { notice_ = make; }

private:
    enum class kind { file, pipe, socket, journal, other };
    enum class outcome { written, busy, broken };

    [[nodiscard]] kind kind_of(int descriptor) const noexcept;
    [[nodiscard]] ssize_t send_to_journal(std::string_view text) const noexcept;
    outcome write_now(std::string_view text, std::size_t& taken) noexcept;
    bool end_torn_line() noexcept;
    [[nodiscard]] bool may_write() noexcept;
    void settle(line_ring& kept) noexcept;
    void use_own_memory() noexcept;
    void becomes(kind what) noexcept;
    void flush_locked() noexcept;
    [[nodiscard]] bool pour() noexcept;
    void tell_dropped(bool was_torn) noexcept;
    void drop_held() noexcept;
    [[nodiscard]] std::string_view next_piece(std::span<char> scratch) const noexcept;

    struct freed {
        void operator()(std::byte* memory) const noexcept { std::free(memory); }
    };

    mutable std::mutex mutex_;
    int descriptor_ = -1;
    kind kind_ = kind::other;
    std::atomic<std::size_t> line_bytes_max_{untorn_bytes_max};
    int journal_number_ = -1;  // the descriptor that leads to the journal
    sockaddr_un journal_{};
    std::string identifier_;
    std::unique_ptr<std::byte, freed> own_;  // pages of it that nothing waits in cost nothing
    line_ring held_;
    pid_t kept_by_ = 0;  // who has the memory of keep_in(): what is forked from it does not
    std::atomic<bool> abandoned_{false};
    bool holding_ = false;
    bool torn_ = false;  // the last line that was written has no end, and will have none
    std::uint64_t dropped_ = 0;
    std::uint64_t dropped_told_ = 0;
    notice_maker notice_ = nullptr;
};

/// That of the process: what log::write and its like write to.
[[nodiscard]] log_sink& process_sink() noexcept;

}  // namespace cohort::observe
