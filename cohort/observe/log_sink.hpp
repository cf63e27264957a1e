#pragma once
// Getting lines out of the process without ever waiting for who reads them.

#include <cohort/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
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
/// PIPE_BUF bytes are never torn by other writers. What the reader does not take is held back up to
/// `held_bytes_max`; beyond that, new lines are dropped, counted, and the count is written when the
/// reader is back. On a full disk lines are dropped at once, and counted, too; one that was cut by
/// it ends where it was cut. What another process has left half written in a file is ended before
/// the count is written there.
class log_sink {
public:
    static constexpr std::size_t held_bytes_max = 256 * 1024;
    /// PIPE_BUF on Linux: longer writes to a pipe may be torn.
    static constexpr std::size_t line_bytes_max = 4096;

    explicit log_sink(int descriptor) noexcept { redirect(descriptor); }

    /// From now on writes there. What is held back goes there, too.
    void redirect(int descriptor) noexcept;

    /// The same number is another open file from now on: `fresh`, which stays the caller's. A line
    /// that was begun in the old file does not end in the new one: it is dropped, and counted.
    /// Errors: errno of dup3(2); then all is as before.
    [[nodiscard]] result<> replace(int fresh) noexcept;

    /// One line, with its line end. Never waits.
    void line(std::string_view text) noexcept;

    /// Writes held lines as far as the reader takes them. `timeout_ms` 0: without waiting.
    void flush(int timeout_ms) noexcept;

    /// Forgets what is held back: it is another process's, who will write it itself.
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
    void flush_locked() noexcept;

    mutable std::mutex mutex_;
    int descriptor_ = -1;
    kind kind_ = kind::other;
    int journal_number_ = -1;  // the descriptor that leads to the journal
    sockaddr_un journal_{};
    std::string identifier_;
    std::string held_;
    bool within_line_ = false;  // what is held begins in the middle of one
    bool torn_ = false;         // the last line that was written has no end, and will have none
    std::uint64_t dropped_ = 0;
    std::uint64_t dropped_told_ = 0;
    notice_maker notice_ = nullptr;
};

/// That of the process: what log::write and its like write to.
[[nodiscard]] log_sink& process_sink() noexcept;

}  // namespace cohort::observe
