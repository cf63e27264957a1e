#include <cohort/http/websocket/detail/wire.hpp>

#include <cohort/base/assert.hpp>
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
      owner_{from.owner}
{}

wire::~wire() { cut(); }

void wire::begin_foreign_frame() noexcept
{
    for (std::size_t i = 0; i < pieces_count_; ++i)
        foreign_left_ += pieces_[i].iov_len;
    foreign_void_ = closed_;
    if (closed_ || foreign_left_ == 0 ||
        *static_cast<const unsigned char*>(pieces_[0].iov_base) != 0x88)
        return;
    said_close_ = true;
    if (close_with_)
        change_close_frame();
}

void wire::change_close_frame() noexcept
{
    if (pieces_count_ != 1 || pieces_[0].iov_len != close_frame_.size())
        return;
    std::memcpy(close_frame_.data(), pieces_[0].iov_base, close_frame_.size());
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
    if (is_cut()) {
        write_error_ = asio::error::operation_aborted;
        write_bytes_ = 0;
        finish_write_later();
        return;
    }
    foreign_waits_ = true;
    if (own_ == own::begun)
        return;
    if (try_write()) {
        finish_write_later();
        begin_waiting_frame();
    } else {
        watch_for(mask_ | write_waits_);
    }
}

wire::taken wire::send_frame(unsigned char first, std::string_view payload)
{
    COHORT_ASSERT(own_ == own::none && !closed_);
    if (said_close_)
        return taken::never;
    put_head(first, payload.size());
    payload_ = payload;
    frame_left_ = head_bytes_ + payload.size();
    if (foreign_left_ != 0) {
        own_ = own::waiting;
        return taken::later;
    }
    own_ = own::begun;
    if (is_cut()) {
        frame_error_ = asio::error::operation_aborted;
    } else if (!try_frame()) {
        watch_for(mask_ | write_waits_);
        return taken::later;
    } else if (!frame_error_) {
        own_ = own::none;
        return taken::whole;
    }
    finish_frame_later();
    return taken::later;
}

wire::taken wire::send_close(std::string_view payload)
{
    const taken how = send_frame(0x88, payload);
    closed_ = true;
    return how;
}

/// RFC 6455, 5.2; what a server sends is not masked.
void wire::put_head(unsigned char first, std::size_t bytes) noexcept
{
    const std::uint8_t more = bytes < 126 ? 0 : bytes < 65'536 ? 2 : 8;
    const std::size_t second = more == 0 ? bytes : more == 2 ? 126 : 127;
    head_[0] = static_cast<char>(first);
    head_[1] = static_cast<char>(second);
    for (std::uint8_t i = 0; i < more; ++i)
        head_[2U + i] = static_cast<char>(bytes >> 8U * (more - 1U - i) & 0xffU);
    head_bytes_ = 2 + more;
}

void wire::begin_waiting_frame()
{
    if (own_ != own::waiting || foreign_left_ != 0 || said_close_)
        return;
    own_ = own::begun;
    if (try_frame())
        finish_frame_later();
    else
        watch_for(mask_ | write_waits_);
}

/// True: what Beast writes is done.
bool wire::go_on_writing()
{
    if (own_ == own::begun) {
        if (!try_frame())
            return false;
        finish_frame_later();
    }
    const bool wrote = foreign_waits_ && try_write();
    begin_waiting_frame();
    return wrote;
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
    if (!meter_.take(std::as_bytes(into_.first(bytes))) && !std::exchange(excess_, true))
        owner_.too_many_fragments();
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
    write_error_ = {};
    write_bytes_ = 0;
    if (foreign_void_) {
        write_bytes_ = std::exchange(foreign_left_, 0);
    } else if (pieces_count_ != 0) {
        const transfer gone = write_pieces();
        if (!has_written(gone, write_error_))
            return false;
        write_bytes_ = gone.bytes;
        foreign_left_ -= gone.bytes;
    }
    foreign_waits_ = false;
    return true;
}

transfer wire::write_frame() noexcept
{
    const std::size_t out = head_bytes_ + payload_.size() - frame_left_;
    if (out >= head_bytes_)
        return connection_.write(payload_.substr(out - head_bytes_));
    std::array<char, joined_max> joined;
    const std::size_t head = head_bytes_ - out;
    const std::size_t rest = std::min(payload_.size(), joined.size() - head);
    std::memcpy(joined.data(), head_.data() + out, head);
    if (rest != 0)
        std::memcpy(joined.data() + head, payload_.data(), rest);
    return connection_.write({joined.data(), head + rest});
}

/// True: it is out, or never will be.
bool wire::try_frame() noexcept
{
    frame_error_ = {};
    while (frame_left_ != 0 && !frame_error_) {
        const transfer gone = write_frame();
        if (!has_written(gone, frame_error_))
            return false;
        frame_left_ -= gone.bytes;
    }
    return true;
}

/// False: it has to wait.
bool wire::has_written(const transfer& gone, boost::system::error_code& ec) noexcept
{
    write_waits_ = 0;
    switch (gone.what) {
        case transfer::outcome::done:
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
    ec = asio::error::broken_pipe;
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

void wire::finish_frame_later()
{
    own_ = own::ending;
    asio::post(loop_, [this] {
        own_ = own::none;
        owner_.frame_sent(std::exchange(frame_error_, {}));
    });
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
    const bool wrote = write_now && go_on_writing();
    const bool read = read_now && !is_cut() && try_read();
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
    write_waits_ = 0;
    if (std::exchange(foreign_waits_, false)) {
        write_error_ = asio::error::operation_aborted;
        write_bytes_ = 0;
        finish_write_later();
    }
    if (own_ == own::waiting || own_ == own::begun) {
        frame_error_ = asio::error::operation_aborted;
        finish_frame_later();
    }
}

}  // namespace cohort::http::detail
