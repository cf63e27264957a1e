#include <cohort/observe/log_sink.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/process_id.hpp>
#include <cohort/observe/journal_words.hpp>
#include <cohort/observe/log_remains.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <utility>

namespace cohort::observe {

namespace {

/// So much is written at once where that tears nothing, and does not wait for release().
constexpr std::size_t pour_from = 64 * 1024;

/// Would a write of at most PIPE_BUF bytes go through at once? For a pipe POLLOUT means exactly
/// that.
bool writable(int descriptor, int timeout_ms) noexcept
{
    pollfd ask{.fd = descriptor, .events = POLLOUT, .revents = 0};
    return ::poll(&ask, 1, timeout_ms) == 1 && (ask.revents & POLLOUT) != 0;
}

ssize_t write_pipe(int descriptor, std::string_view text) noexcept
{
    // RWF_NOWAIT says "do not block" for this one call. Kernels before 6.4 know it for files only;
    // there a sibling may fill the pipe between the question and the write, and the reader's
    // slowness is ours for that moment.
    const iovec part{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    const ssize_t taken = ::pwritev2(descriptor, &part, 1, -1, RWF_NOWAIT);
    if (taken != -1 || errno != EOPNOTSUPP)
        return taken;
    if (!writable(descriptor, 0)) {
        errno = EAGAIN;
        return -1;
    }
    return ::write(descriptor, text.data(), text.size());
}

}  // namespace

log_sink::log_sink(int descriptor) noexcept
    // Zeros that the kernel has not given yet; without them every line would be dropped.
    : own_{static_cast<std::byte*>(std::calloc(1, memory_bytes))}
{
    use_own_memory();
    redirect(descriptor);
}

void log_sink::keep_in(std::span<std::byte> memory) noexcept
{
    const std::scoped_lock lock{mutex_};
    line_ring kept{memory};
    settle(kept);
    kept.touch();
    std::array<char, line_bytes_most> scratch{};
    // Ours are later than those of a predecessor.
    for (auto piece = next_piece(scratch); !piece.empty(); piece = next_piece(scratch)) {
        if (!kept.append(piece))
            dropped_ += static_cast<std::uint64_t>(std::ranges::count(piece, '\n'));
        held_.written(piece.size());
    }
    held_ = kept;
    kept_by_ = process_id();
    flush_locked();
}

/// What a predecessor was killed over. In a file one can look whether it is there; elsewhere it is
/// taken for written: a process is killed within a system call far more often than right before it.
void log_sink::settle(line_ring& kept) noexcept
{
    const std::size_t doubted = kept.doubted();
    if (doubted == 0)
        return;
    std::size_t there = doubted;
    // The rest of a line that a full disk has cut cannot be told from other lines.
    if (kind_ == kind::file && !kept.begins_within_line()) {
        try {
            std::string scratch(doubted, '\0');
            there = settle_remains(descriptor_, kept.front(doubted, scratch)).value_or(doubted);
        } catch (const std::exception&) {
            there = doubted;  // no memory to look
        }
    }
    kept.written(there);
    torn_ = torn_ || (there < doubted && ends_within_line(descriptor_));
}

void log_sink::use_own_memory() noexcept
{
    held_ = own_ != nullptr ? line_ring{{own_.get(), memory_bytes}} : line_ring{};
    held_.clear();
    kept_by_ = 0;
    holding_ = false;
}

/// The kernel lets nobody into a longer write to a file, and a datagram is a datagram.
void log_sink::becomes(kind what) noexcept
{
    kind_ = what;
    const bool takes_more = what == kind::file || what == kind::journal;
    line_bytes_max_.store(takes_more ? line_bytes_most : untorn_bytes_max,
                          std::memory_order_relaxed);
}

/// Under the lock. False: this process is dead already.
bool log_sink::may_write() noexcept
{
    if (kept_by_ != 0 && kept_by_ != process_id())
        use_own_memory();  // a fork of who keeps it: what lies there is its parent's
    return !abandoned_.load();
}

log_sink::kind log_sink::kind_of(int descriptor) const noexcept
{
    if (descriptor == journal_number_)
        return kind::journal;
    struct stat file{};
    if (::fstat(descriptor, &file) == -1)
        return kind::other;
    if (S_ISREG(file.st_mode))
        return kind::file;
    if (S_ISFIFO(file.st_mode))
        return kind::pipe;
    return S_ISSOCK(file.st_mode) ? kind::socket : kind::other;
}

/// The first line of it. Returns how much of the text that was.
ssize_t log_sink::send_to_journal(std::string_view text) const noexcept
{
    const std::size_t end = std::min(text.find('\n'), text.size());
    try {
        const std::string words = journal_words(text.substr(0, end), identifier_);
        // To the name each time: a peer would stay the socket that had it at first.
        if (::sendto(descriptor_, words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                     reinterpret_cast<const sockaddr*>(&journal_), sizeof journal_) == -1)
        {
            if (errno == ECONNREFUSED || errno == ENOENT)
                errno = EAGAIN;  // it is being started anew
            return -1;
        }
    } catch (const std::exception&) {
        errno = ENOMEM;
        return -1;
    }
    return static_cast<ssize_t>(std::min(end + 1, text.size()));
}

void log_sink::redirect_to_journal(int descriptor, const sockaddr_un& address,
                                   std::string name) noexcept
{
    const std::scoped_lock lock{mutex_};
    descriptor_ = descriptor;
    becomes(kind::journal);
    journal_number_ = descriptor;
    journal_ = address;
    identifier_ = std::move(name);
}

void log_sink::redirect(int descriptor) noexcept
{
    const std::scoped_lock lock{mutex_};
    const kind what = kind_of(descriptor);
    descriptor_ = descriptor;
    becomes(what);
}

result<> log_sink::replace(int fresh) noexcept
{
    const std::scoped_lock lock{mutex_};
    const kind what = kind_of(fresh);
    if (::dup3(fresh, descriptor_, O_CLOEXEC) == -1)
        return failed("replace the log's file");
    becomes(what);
    torn_ = false;
    if (held_.begins_within_line()) {
        std::array<char, line_bytes_most> scratch{};
        const std::string_view rest = held_.front(line_bytes_most, scratch);
        held_.written(std::min(rest.find('\n'), rest.size() - 1) + 1);
        ++dropped_;
    }
    return {};
}

log_sink::outcome log_sink::write_now(std::string_view text, std::size_t& taken) noexcept
{
    taken = 0;
    ssize_t count = -1;
    do {
        switch (kind_) {
            case kind::file:  // into the page cache
                count = ::write(descriptor_, text.data(), text.size());
                break;
            case kind::pipe:
                count = write_pipe(descriptor_, text);
                break;
            case kind::socket:
                count = ::send(descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
                break;
            case kind::journal:
                count = send_to_journal(text);
                break;
            case kind::other:  // a terminal: it is stopped with ^S for as long as somebody likes
                if (!writable(descriptor_, 0))
                    return outcome::busy;
                count = ::write(descriptor_, text.data(), text.size());
                break;
        }
    } while (count == -1 && errno == EINTR);

    if (count == -1)
        return errno == EAGAIN ? outcome::busy : outcome::broken;
    taken = static_cast<std::size_t>(count);
    return outcome::written;
}

/// So that what comes next is not read as a part of it. False: there is still no room.
bool log_sink::end_torn_line() noexcept
{
    std::size_t taken = 0;
    if (torn_ && write_now("\n", taken) == outcome::written)
        torn_ = taken == 0;
    return !torn_;
}

void log_sink::line(std::string_view text, haste how) noexcept
{
    const std::scoped_lock lock{mutex_};
    if (!may_write())
        return;
    if (torn_ || dropped_told_ != dropped_)
        flush_locked();
    if (torn_) {
        ++dropped_;
        return;
    }
    if (!held_.append(text)) {
        flush_locked();
        if (torn_ || !held_.append(text)) {
            ++dropped_;
            return;
        }
    }
    if (!holding_ || how == haste::at_once || held_.size() >= pour_from)
        flush_locked();
}

void log_sink::hold() noexcept
{
    const std::scoped_lock lock{mutex_};
    holding_ = may_write();
}

void log_sink::release() noexcept
{
    const std::scoped_lock lock{mutex_};
    holding_ = false;
    if (may_write() && !held_.empty())
        flush_locked();
}

/// Whole lines, if one ends in what may be written at once: PIPE_BUF bytes, so that no sibling's
/// line lands in ours; a file takes more.
std::string_view log_sink::next_piece(std::span<char> scratch) const noexcept
{
    const std::size_t most = kind_ == kind::file ? pour_from : line_bytes_max();
    const std::string_view piece = held_.front(most, scratch);
    if (piece.size() == held_.size())
        return piece;
    const auto end = piece.rfind('\n');
    return end == piece.npos ? piece : piece.substr(0, end + 1);
}

/// Writes what is held. False: the reader is gone, and so is what was held.
bool log_sink::pour() noexcept
{
    std::array<char, line_bytes_most> scratch;
    while (!held_.empty()) {
        const std::string_view piece = next_piece(scratch);
        held_.claim(piece.size());
        if (abandoned_.load())
            return false;  // another thread has crashed: who comes after us looks, and writes it
        std::size_t taken = 0;
        const outcome how = write_now(piece, taken);
        if (abandoned_.load())
            return false;
        held_.written(taken);
        if (how == outcome::busy)
            return true;
        if (how == outcome::broken) {
            drop_held();
            return false;
        }
    }
    return true;
}

void log_sink::drop_held() noexcept
{
    torn_ = torn_ || held_.begins_within_line();
    std::array<char, line_bytes_most> scratch;
    while (!held_.empty()) {
        const std::string_view piece = held_.front(line_bytes_most, scratch);
        dropped_ += static_cast<std::uint64_t>(std::ranges::count(piece, '\n'));
        held_.written(piece.size());
    }
}

void log_sink::flush_locked() noexcept
{
    const bool was_torn = torn_;
    if (end_torn_line() && pour() && held_.empty() && dropped_told_ != dropped_)
        tell_dropped(was_torn);
}

void log_sink::tell_dropped(bool was_torn) noexcept
{
    if (notice_ == nullptr)
        return;
    try {
        std::string words = notice_(dropped_ - dropped_told_);
        // Another process may have been cut by the same full disk, and have died: nobody else ends
        // its line, and in it the notice would be lost, too.
        if (kind_ == kind::file && !was_torn && ends_within_line(descriptor_))
            words.insert(0, 1, '\n');
        std::size_t taken = 0;
        if (write_now(words, taken) != outcome::written)
            return;
        dropped_told_ = dropped_;
        if (taken < words.size() && held_.append(words))
            held_.written(taken);
    } catch (const std::exception&) {
        return;  // no memory for the notice: the count stays untold until the next line
    }
}

void log_sink::flush(int timeout_ms) noexcept
{
    const std::scoped_lock lock{mutex_};
    if (!may_write())
        return;
    flush_locked();
    // By the clock, not by rounds: the journal's queue may take ten lines at a time.
    const steady_time until = now() + milliseconds{timeout_ms};
    while (!held_.empty() && now() < until) {
        // A socket without a peer is always writable.
        if (kind_ == kind::journal)
            ::poll(nullptr, 0, 1);
        else
            static_cast<void>(writable(descriptor_, std::min(timeout_ms, 10)));
        flush_locked();
    }
}

void log_sink::forget() noexcept
{
    const std::scoped_lock lock{mutex_};
    use_own_memory();
    dropped_ = 0;
    dropped_told_ = 0;
}

std::uint64_t log_sink::dropped() const noexcept
{
    const std::scoped_lock lock{mutex_};
    return dropped_;
}

}  // namespace cohort::observe
