#include <cohort/observe/log_sink.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/journal_words.hpp>

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

/// Would a write of at most PIPE_BUF bytes go through at once? For a pipe POLLOUT means exactly
/// that.
bool writable(int descriptor, int timeout_ms) noexcept
{
    pollfd ask{.fd = descriptor, .events = POLLOUT, .revents = 0};
    return ::poll(&ask, 1, timeout_ms) == 1 && (ask.revents & POLLOUT) != 0;
}

/// The last thing that anybody wrote there is no line end. A log is open for writing alone, so it
/// is opened once more; who may not do that has to assume the worst.
bool ends_within_line(int descriptor) noexcept
{
    struct stat seen{};
    if (::fstat(descriptor, &seen) == 0 && seen.st_size == 0)
        return false;
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", descriptor);
    const unique_fd file{::open(path.data(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    char last = '\0';
    return !file.valid() || ::fstat(file.borrow(), &seen) == -1 ||
           ::pread(file.borrow(), &last, 1, seen.st_size - 1) != 1 || last != '\n';
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
    kind_ = kind::journal;
    journal_number_ = descriptor;
    journal_ = address;
    identifier_ = std::move(name);
}

void log_sink::redirect(int descriptor) noexcept
{
    const std::scoped_lock lock{mutex_};
    const kind what = kind_of(descriptor);
    descriptor_ = descriptor;
    kind_ = what;
}

result<> log_sink::replace(int fresh) noexcept
{
    const std::scoped_lock lock{mutex_};
    const kind what = kind_of(fresh);
    if (::dup3(fresh, descriptor_, O_CLOEXEC) == -1)
        return failed("replace the log's file");
    kind_ = what;
    torn_ = false;
    if (std::exchange(within_line_, false)) {
        held_.erase(0, held_.find('\n') + 1);
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

void log_sink::line(std::string_view text) noexcept
{
    const std::scoped_lock lock{mutex_};
    flush_locked();
    if (torn_) {
        ++dropped_;
        return;
    }
    std::size_t taken = 0;
    if (held_.empty()) {
        if (write_now(text, taken) == outcome::broken) {
            ++dropped_;
            return;
        }
        if (taken == text.size())
            return;
    }
    // The rest of a line that was begun must follow, whatever the limit says.
    if (taken == 0 && held_.size() + text.size() > held_bytes_max) {
        ++dropped_;
        return;
    }
    try {
        held_.append(text.substr(taken));
        within_line_ = within_line_ || taken != 0;
    } catch (const std::exception&) {
        ++dropped_;
        torn_ = torn_ || taken != 0;
    }
}

void log_sink::flush_locked() noexcept
{
    const bool was_torn = torn_;
    if (!end_torn_line())
        return;
    while (!held_.empty()) {
        // Whole lines, at most PIPE_BUF bytes of them, so that no sibling's line lands in ours.
        std::size_t piece = std::min(held_.size(), line_bytes_max);
        if (const auto end = held_.rfind('\n', piece - 1); end != std::string::npos)
            piece = end + 1;
        std::size_t taken = 0;
        switch (write_now(std::string_view{held_}.substr(0, piece), taken)) {
            case outcome::written:
                if (taken != 0)
                    within_line_ = held_[taken - 1] != '\n';
                held_.erase(0, taken);
                break;
            case outcome::busy:
                return;
            case outcome::broken:
                dropped_ += static_cast<std::uint64_t>(std::ranges::count(held_, '\n'));
                held_.clear();
                torn_ = torn_ || std::exchange(within_line_, false);
                return;
        }
    }
    if (notice_ == nullptr || dropped_told_ == dropped_)
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
        held_.append(words, taken);
        within_line_ = !held_.empty() && taken != 0;
    } catch (const std::exception&) {
        return;  // no memory for the notice: the count stays untold until the next line
    }
}

void log_sink::flush(int timeout_ms) noexcept
{
    const std::scoped_lock lock{mutex_};
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
    held_.clear();
    within_line_ = false;
    dropped_ = 0;
    dropped_told_ = 0;
}

std::uint64_t log_sink::dropped() const noexcept
{
    const std::scoped_lock lock{mutex_};
    return dropped_;
}

}  // namespace cohort::observe
