#pragma once
// The bytes of one connection, for Beast: an AsyncStream on the server's poller. A connection that
// waits costs no Asio object, and a message that comes costs one recv.

#include <cohort/http/takeover.hpp>
#include <cohort/http/websocket/close_code.hpp>
#include <cohort/http/websocket/detail/completion.hpp>
#include <cohort/http/websocket/frame_meter.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/net/uptake.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace cohort::http::detail {

/// Who is told, on the loop, never inside a call to the wire.
class wire_owner {
public:
    /// A frame that was to go later is gone, or the connection is.
    virtual void frame_sent(boost::system::error_code ec) noexcept = 0;
    /// In one message of the client. Once; this one may be inside a call.
    virtual void too_many_fragments() noexcept = 0;

protected:
    ~wire_owner() = default;
};

/// A resource, of one event loop. One read and one write at a time, and one frame beside them.
class wire final : public net::watcher {
public:
    using executor_type = boost::asio::io_context::executor_type;

    struct parts {
        taken_connection connection;
        boost::asio::io_context& loop;
        net::poller& poller;
        std::size_t fragments_max;
        wire_owner& owner;
    };

    explicit wire(parts from);
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;
    ~wire();

    [[nodiscard]] executor_type get_executor() const noexcept { return loop_.get_executor(); }

    template <class Buffers, class Handler>
    void async_read_some(const Buffers& into, Handler&& then)
    {
        into_ = first_of(into);
        reader_.hold(std::forward<Handler>(then));
        begin_read();
    }

    template <class Buffers, class Handler>
    void async_write_some(const Buffers& from, Handler&& then)
    {
        gather(from);
        writer_.hold(std::forward<Handler>(then));
        begin_write();
    }

    /// Sends a whole frame past Beast, between the frames of Beast; not behind a close frame. One
    /// at a time. Lifetime: the payload until frame_sent().
    enum class taken : std::uint8_t {
        whole,  ///< The kernel has it.
        later,  ///< frame_sent() says when.
        never,  ///< A close frame is gone; who reads hears how it ends.
    };
    [[nodiscard]] taken send_frame(unsigned char first, std::string_view payload);

    /// The same with our close frame. What Beast begins to write behind it is said to be written
    /// once ours is out, and is not. Lifetime: the payload until the wire's end.
    [[nodiscard]] taken send_close(std::string_view payload);

    // Beast writes its 101 into the void, since ours is sent already; it never reads so.
    template <class Buffers>
    std::size_t write_some(const Buffers& from)
    {
        return boost::asio::buffer_size(from);
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& from, boost::system::error_code& ec)
    {
        ec = {};
        return boost::asio::buffer_size(from);
    }
    template <class Buffers>
    std::size_t read_some(const Buffers&)
    {
        return 0;
    }
    template <class Buffers>
    std::size_t read_some(const Buffers&, boost::system::error_code& ec)
    {
        ec = boost::asio::error::operation_not_supported;
        return 0;
    }

    /// The close frame that comes next, without words, shall say this code instead.
    void close_with(close_code code) noexcept { close_with_ = code; }

    /// Says that we send nothing more, to TLS too.
    void end_sending() noexcept;

    /// Closes now; what is pending ends at the loop's next turn.
    void cut() noexcept;

    /// Its place among the server's connections, if it has one.
    [[nodiscard]] connection_place& place() noexcept { return connection_.place; }

    [[nodiscard]] bool is_cut() const noexcept { return !connection_.fd.valid(); }

    /// Reads that brought something, and writes that took something.
    [[nodiscard]] std::uint64_t heard() const noexcept { return heard_; }
    /// While a write waits: what the client has acknowledged since the last call counts as one.
    [[nodiscard]] std::uint64_t written() noexcept;

    void ready(std::uint32_t events) noexcept override;

private:
    static constexpr std::size_t pieces_max = 8;
    static constexpr std::size_t joined_max = 8'192;

    template <class Buffers>
    [[nodiscard]] static std::span<char> first_of(const Buffers& all)
    {
        for (auto at = boost::asio::buffer_sequence_begin(all);
             at != boost::asio::buffer_sequence_end(all); ++at)
        {
            const boost::asio::mutable_buffer each{*at};
            if (each.size() != 0)
                return {static_cast<char*>(each.data()), each.size()};
        }
        return {};
    }

    template <class Buffers>
    void gather(const Buffers& all)
    {
        pieces_count_ = 0;
        for (auto at = boost::asio::buffer_sequence_begin(all);
             at != boost::asio::buffer_sequence_end(all) && pieces_count_ < pieces_max; ++at)
        {
            const boost::asio::const_buffer each{*at};
            if (each.size() != 0)
                pieces_[pieces_count_++] = {const_cast<void*>(each.data()), each.size()};
        }
        if (foreign_left_ == 0)
            begin_foreign_frame();
    }

    void begin_foreign_frame() noexcept;
    void change_close_frame() noexcept;
    void put_head(unsigned char first, std::size_t bytes) noexcept;
    void begin_read();
    void begin_write();
    [[nodiscard]] bool try_read() noexcept;
    [[nodiscard]] bool try_write() noexcept;
    [[nodiscard]] bool try_frame() noexcept;
    [[nodiscard]] bool has_written(const transfer& gone, boost::system::error_code& ec) noexcept;
    [[nodiscard]] transfer write_pieces() noexcept;
    [[nodiscard]] transfer write_frame() noexcept;
    [[nodiscard]] bool go_on_writing();
    void begin_waiting_frame();
    void came(std::size_t bytes) noexcept;
    void watch_for(std::uint32_t events) noexcept;
    void finish_read_later();
    void finish_write_later();
    void finish_frame_later();

    taken_connection connection_;
    boost::asio::io_context& loop_;
    net::poller& poller_;
    frame_meter meter_;
    wire_owner& owner_;

    completion reader_;
    completion writer_;
    std::span<char> into_;
    std::array<::iovec, pieces_max> pieces_{};
    std::array<unsigned char, 4> close_frame_{};
    std::optional<close_code> close_with_;
    std::size_t pieces_count_ = 0;
    std::size_t foreign_left_ = 0;  // bytes of Beast's frame that are not out

    // Our own frame. waiting: for the end of Beast's. ending: the owner is about to be told.
    enum class own : std::uint8_t { none, waiting, begun, ending };
    own own_ = own::none;
    std::uint8_t head_bytes_ = 0;
    std::array<char, 10> head_{};
    std::string_view payload_;
    std::size_t frame_left_ = 0;  // bytes that are not out
    boost::system::error_code read_error_;
    boost::system::error_code write_error_;
    boost::system::error_code frame_error_;
    std::size_t read_bytes_ = 0;
    std::size_t write_bytes_ = 0;
    std::uint64_t heard_ = 0;
    std::uint64_t written_ = 0;
    net::uptake uptake_;            // looked at while a write waits
    std::uint32_t mask_ = 0;        // what the poller watches for us
    std::uint32_t read_waits_ = 0;  // for EPOLLIN or EPOLLOUT; 0: it does not wait
    std::uint32_t write_waits_ = 0;
    bool watched_ = false;
    bool foreign_waits_ = false;  // for the socket, or for our own frame
    bool excess_ = false;
    bool said_close_ = false;  // by Beast
    bool closed_ = false;      // by us, or about to be
    bool foreign_void_ = false;
    bool readable_ = true;  // maybe
};

// Beast's customisation points.

inline void beast_close_socket(wire& which) { which.cut(); }

template <class Handler>
void async_teardown(boost::beast::role_type, wire& which, Handler&& then)
{
    which.end_sending();
    boost::asio::post(which.get_executor(), [held = std::forward<Handler>(then)]() mutable {
        held(boost::system::error_code{});
    });
}

inline void teardown(boost::beast::role_type, wire& which, boost::system::error_code& ec)
{
    which.end_sending();
    ec = {};
}

}  // namespace cohort::http::detail
