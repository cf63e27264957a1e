#include <cohort/http/websocket/detail/wire.hpp>

#include <cohort/http/tls/stream.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>

#include <sys/socket.h>

namespace cohort::http::detail {

namespace asio = boost::asio;

wire::wire(parts from)
    : connection_{std::move(from.connection)},
      loop_{from.loop},
      poller_{from.poller},
      meter_{from.fragments_max},
      on_excess_{std::move(from.on_excess)}
{}

wire::~wire() { cut(); }

void wire::change_close_frame() noexcept
{
    if (pieces_count_ != 1 || pieces_[0].iov_len != close_frame_.size())
        return;
    std::memcpy(close_frame_.data(), pieces_[0].iov_base, close_frame_.size());
    if (close_frame_[0] != 0x88 || close_frame_[1] != 2)
        return;
    const auto code = static_cast<std::uint16_t>(*std::exchange(close_with_, std::nullopt));
    close_frame_[2] = static_cast<unsigned char>(code >> 8);
    close_frame_[3] = static_cast<unsigned char>(code & 0xffU);
    pieces_[0].iov_base = close_frame_.data();
}

void wire::begin_read()
{
    read_waits_ = 0;
    if (is_cut()) {
        read_error_ = asio::error::operation_aborted;
        read_bytes_ = 0;
        finish_read_later();
    } else if (readable_ ? try_read() : (read_waits_ = EPOLLIN, false)) {
        finish_read_later();
    } else {
        watch_for(mask_ | read_waits_);
    }
}

void wire::begin_write()
{
    write_waits_ = 0;
    if (is_cut()) {
        write_error_ = asio::error::operation_aborted;
        write_bytes_ = 0;
        finish_write_later();
    } else if (try_write()) {
        finish_write_later();
    } else {
        watch_for(mask_ | write_waits_);
    }
}

/// True: it is done, one way or the other.
bool wire::try_read() noexcept
{
    read_waits_ = 0;
    read_error_ = {};
    read_bytes_ = 0;
    if (into_.empty())
        return true;
    if (!connection_.unread.empty()) {
        const std::size_t count = std::min(connection_.unread.size(), into_.size());
        std::memcpy(into_.data(), connection_.unread.data(), count);
        connection_.unread.erase(0, count);
        came(count);
        return true;
    }
    const transfer got = connection_.read(into_);
    switch (got.what) {
        case transfer::outcome::done:
            // TLS may hold more than it has given.
            readable_ = got.bytes == into_.size() || connection_.tls != nullptr;
            came(got.bytes);
            return true;
        case transfer::outcome::readable:
            readable_ = false;
            read_waits_ = EPOLLIN;
            return false;
        case transfer::outcome::writable:
            read_waits_ = EPOLLOUT;
            return false;
        case transfer::outcome::ended:
            read_error_ = asio::error::eof;
            return true;
        case transfer::outcome::broken:
            break;
    }
    read_error_ = asio::error::connection_reset;
    return true;
}

void wire::came(std::size_t bytes) noexcept
{
    read_bytes_ = bytes;
    ++heard_;
    if (!meter_.take(std::as_bytes(into_.first(bytes))) && on_excess_)
        std::exchange(on_excess_, nullptr)();
}

transfer wire::write_pieces() noexcept
{
    if (pieces_count_ == 1) {
        return connection_.write(
            {static_cast<const char*>(pieces_[0].iov_base), pieces_[0].iov_len});
    }
    // A frame's head and its payload leave together: copying a little is cheaper than two calls,
    // and than two records of TLS.
    std::array<char, joined_max> joined;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < pieces_count_ && bytes < joined.size(); ++i) {
        const std::size_t count = std::min(pieces_[i].iov_len, joined.size() - bytes);
        std::memcpy(joined.data() + bytes, pieces_[i].iov_base, count);
        bytes += count;
    }
    return connection_.write({joined.data(), bytes});
}

bool wire::try_write() noexcept
{
    write_waits_ = 0;
    write_error_ = {};
    write_bytes_ = 0;
    if (pieces_count_ == 0)
        return true;
    const transfer gone = write_pieces();
    switch (gone.what) {
        case transfer::outcome::done:
            write_bytes_ = gone.bytes;
            ++written_;
            return true;
        case transfer::outcome::writable:
            write_waits_ = EPOLLOUT;
            return false;
        case transfer::outcome::readable:
            write_waits_ = EPOLLIN;
            return false;
        case transfer::outcome::ended:
        case transfer::outcome::broken:
            break;
    }
    write_error_ = asio::error::broken_pipe;
    return true;
}

void wire::finish_read_later()
{
    asio::post(loop_, [this] { reader_.finish(read_error_, read_bytes_); });
}

void wire::finish_write_later()
{
    asio::post(loop_, [this] { writer_.finish(write_error_, write_bytes_); });
}

void wire::ready(std::uint32_t events) noexcept
{
    // An error or a hang-up is for everybody who waits: they try, and see what it is.
    const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (broken)
        readable_ = true;
    if ((events & EPOLLIN) != 0)
        readable_ = true;
    const bool read_now = read_waits_ != 0 && (broken || (events & read_waits_) != 0);
    const bool write_now = write_waits_ != 0 && (broken || (events & write_waits_) != 0);
    const bool wrote = write_now && try_write();
    const bool read = read_now && try_read();
    // EPOLLIN stays watched where a next read is likely; it goes when nobody wanted the event.
    std::uint32_t wanted = read_waits_ | write_waits_;
    if (read || (mask_ == EPOLLIN && (events & EPOLLIN) == 0))
        wanted |= EPOLLIN;
    watch_for(wanted);
    if (broken && !read_now && !write_now && watched_) {
        // The kernel says so whatever is watched, and would say it for ever.
        poller_.forget(connection_.fd.borrow(), *this);
        watched_ = false;
        mask_ = 0;
    }
    if (wrote)
        writer_.finish(write_error_, write_bytes_);
    if (read)
        reader_.finish(read_error_, read_bytes_);
}

void wire::watch_for(std::uint32_t events) noexcept
{
    if (is_cut() || (watched_ && events == mask_))
        return;
    const auto done = watched_ ? poller_.change(connection_.fd.borrow(), events, *this)
                               : poller_.watch(connection_.fd.borrow(), events, *this);
    if (!done) {
        // Out of watches: the connection is of no use to us.
        cut();
        return;
    }
    watched_ = true;
    mask_ = events;
}

std::uint64_t wire::written() noexcept
{
    if (!is_cut() && write_waits_ != 0 && uptake_.went_on(connection_.fd.borrow()))
        ++written_;
    return written_;
}

void wire::end_sending() noexcept
{
    if (is_cut())
        return;
    if (connection_.tls)
        connection_.tls->say_goodbye();
    ::shutdown(connection_.fd.borrow(), SHUT_WR);
}

void wire::cut() noexcept
{
    if (is_cut())
        return;
    if (std::exchange(watched_, false))
        poller_.forget(connection_.fd.borrow(), *this);
    connection_.place = {};
    connection_.fd.reset();
    if (std::exchange(read_waits_, 0) != 0) {
        read_error_ = asio::error::operation_aborted;
        read_bytes_ = 0;
        finish_read_later();
    }
    if (std::exchange(write_waits_, 0) != 0) {
        write_error_ = asio::error::operation_aborted;
        write_bytes_ = 0;
        finish_write_later();
    }
}

}  // namespace cohort::http::detail
