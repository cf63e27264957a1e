#include <cohort/http/websocket/detail/message_stream.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/websocket/detail/wire.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace cohort::http::detail {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = boost::beast::websocket;

/// Buffers larger than this are given back after their message.
constexpr std::size_t kept_buffer_bytes = 8'192;

/// What is made room for at once, whatever a frame announces.
constexpr std::size_t piece_bytes_max = 262'144;

/// Close, 1002.
constexpr std::array<unsigned char, 4> protocol_error_frame{0x88, 2, 0x03, 0xea};

/// What Beast has to read, to be open as our own handshake has left it.
beast::http::request<beast::http::empty_body> handshake_again()
{
    beast::http::request<beast::http::empty_body> again{beast::http::verb::get, "/", 11};
    again.set(beast::http::field::host, "h");
    again.set(beast::http::field::connection, "Upgrade");
    again.set(beast::http::field::upgrade, "websocket");
    again.set(beast::http::field::sec_websocket_version, "13");
    again.set(beast::http::field::sec_websocket_key, "AAAAAAAAAAAAAAAAAAAAAA==");
    return again;
}

/// The terms in full, for Beast: its own view of them comes from the 101 that it would have sent.
std::string all_of(const deflate_terms& terms)
{
    std::string text =
        "permessage-deflate; server_max_window_bits=" + std::to_string(terms.our_window_bits) +
        "; client_max_window_bits=" + std::to_string(terms.their_window_bits);
    if (terms.we_begin_anew)
        text += "; server_no_context_takeover";
    if (terms.they_begin_anew)
        text += "; client_no_context_takeover";
    return text;
}

/// Of text that is UTF-8 as far as it goes.
bool ends_within_character(std::string_view text)
{
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte < 0x80)
            return false;
        if (byte >= 0xc0)
            return back < (byte >= 0xf0 ? 4U : byte >= 0xe0 ? 3U : 2U);
    }
    return false;
}

class beast_stream final : public message_stream, private wire_owner {
public:
    beast_stream(setup from, stream_owner& owner)
        : owner_{owner},
          socket_{wire::parts{std::move(from.connection), from.loop, from.poller,
                              from.options.fragments_max, *this}},
          compressed_from_{from.terms.deflate ? from.options.compression.least
                                              : std::numeric_limits<std::size_t>::max()}
    {
        socket_.read_message_max(from.options.message_bytes_max);
        socket_.auto_fragment(false);
        // Beast would answer 5000 and above with the same code, though nobody may send them.
        socket_.control_callback([this](ws::frame_type what, beast::string_view) {
            if (what == ws::frame_type::close && is_bad_code())
                socket_.next_layer().close_with(close_code::protocol_error);
        });
        if (from.terms.deflate) {
            const websocket_compression& ours = from.options.compression;
            ws::permessage_deflate how;
            how.server_enable = true;
            how.compLevel = ours.level;
            how.memLevel = ours.memory_level;
            how.msg_size_threshold = ours.least;
            socket_.set_option(how);
            socket_.set_option(ws::stream_base::decorator(
                [text = all_of(*from.terms.deflate)](ws::response_type& answer) {
                    answer.set(beast::http::field::sec_websocket_extensions, text);
                }));
        }
        boost::system::error_code ec;
        socket_.accept(handshake_again(), ec);
        COHORT_ASSERT(!ec);
    }

    ~beast_stream() override { COHORT_ASSERT(pending_ == 0); }

    void read() override
    {
        reading_ = true;
        ++pending_;
        read_piece();
    }

    void read_soon() override
    {
        reading_ = true;
        ++pending_;
        asio::post(socket_.get_executor(), [this] {
            read();
            done();
        });
    }

    /// Beast packs what is to be packed. It has nothing to add to the rest but two bytes or four,
    /// for which it takes an operation, three copies of it and a turn of the loop.
    sent write(const websocket_message& what) override
    {
        if (what.size() >= compressed_from_) {
            write_packed(what);
            return sent::later;
        }
        const unsigned char first = what.is_text() ? 0x81 : 0x82;
        switch (socket_.next_layer().send_frame(first, what.bytes())) {
            case wire::taken::whole:
                return sent::whole;
            case wire::taken::later:
                ++pending_;
                writing_ = true;
                break;
            case wire::taken::never:
                break;
        }
        return sent::later;
    }

    void frame_sent(boost::system::error_code ec) noexcept override
    {
        if (!closing_)
            message_sent(ec);
        else if (ec)
            tell_end(websocket_end::side::nobody, close_code::no_handshake, goodbye::unsaid);
        done();
    }

    void too_many_fragments() noexcept override
    {
        ++pending_;
        asio::post(socket_.get_executor(), [this] {
            owner_.on_violation(close_code::policy, "too many fragments");
            done();
        });
    }

    void write_packed(const websocket_message& what)
    {
        ++pending_;
        writing_ = true;
        socket_.text(what.is_text());
        const std::string_view bytes = what.bytes();
        socket_.async_write(asio::buffer(bytes.data(), bytes.size()),
                            [this](boost::system::error_code ec, std::size_t) {
                                message_sent(ec);
                                done();
                            });
    }

    void ping() override
    {
        if (std::exchange(pinging_, true))
            return;
        ++pending_;
        socket_.async_ping({}, [this](boost::system::error_code) {
            pinging_ = false;
            if (fails_ && !writing_)
                send_last_words();
            done();
        });
    }

    /// Not by Beast's async_close: where a read of Beast finds a broken rule while that one sends
    /// its frame, each waits for the lock that the other holds, and cutting the connection frees
    /// neither. So the frame is ours, and the answer is for the read that runs anyway. What Beast
    /// answers, thinking that it is open, goes nowhere (wire::send_close).
    void close(close_code code, std::string_view reason) override
    {
        closing_ = true;
        const auto number = static_cast<std::uint16_t>(code);
        last_words_ = {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
        last_words_ += reason;
        if (socket_.next_layer().send_close(last_words_) == wire::taken::later)
            ++pending_;
        if (!reading_)
            read();
    }

    void linger() override
    {
        ended_ = true;
        if (lingering_)
            return;
        lingering_ = true;
        ++pending_;
        soak();
    }

    void cut() override
    {
        ended_ = true;
        socket_.next_layer().cut();
        ++pending_;
        asio::post(socket_.get_executor(), [this] { done(); });
    }

    [[nodiscard]] connection_place& place() noexcept override
    {
        return socket_.next_layer().place();
    }
    [[nodiscard]] std::uint64_t heard() const noexcept override
    {
        return socket_.next_layer().heard();
    }
    [[nodiscard]] std::uint64_t written() noexcept override
    {
        return socket_.next_layer().written();
    }

private:
    using goodbye = stream_owner::goodbye;

    /// Not by Beast's async_read: that makes room for all that a frame announces, and a compressed
    /// one may announce 2^64 bytes.
    void read_piece()
    {
        socket_.async_read_some(input_, piece_bytes_max,
                                [this](boost::system::error_code ec, std::size_t) {
                                    if (!ec && !socket_.is_message_done()) {
                                        read_piece();
                                        return;
                                    }
                                    if (ec) {
                                        read_failed(ec);  // and nothing will be read again
                                    } else {
                                        reading_ = false;
                                        message_came();
                                    }
                                    done();
                                });
    }

    void message_came()
    {
        if (closing_) {
            input_.clear();
            read();  // the answer to our close frame is behind it
            return;
        }
        const auto bytes = input_.data();
        std::string copy(static_cast<const char*>(bytes.data()), bytes.size());
        if (input_.capacity() > kept_buffer_bytes)
            input_ = beast::flat_buffer{};
        else
            input_.clear();
        const auto kind =
            socket_.got_text() ? websocket_message::kind::text : websocket_message::kind::binary;
        // Beast does not see this where the last piece is empty.
        if (socket_.got_text() && ends_within_character(copy)) {
            owner_.on_violation(close_code::bad_payload, {});
            return;
        }
        owner_.on_message(websocket_message::checked(kind, std::move(copy)));
    }

    void read_failed(boost::system::error_code ec)
    {
        if (ec == ws::error::closed && is_bad_code()) {
            tell_end(websocket_end::side::us, close_code::protocol_error, goodbye::said);
        } else if (ec == ws::error::closed) {
            const ws::close_reason& why = socket_.reason();
            const auto code = why.code == ws::close_code::none
                                  ? close_code::no_code
                                  : static_cast<close_code>(static_cast<std::uint16_t>(why.code));
            const websocket_end how{websocket_end::side::them, code,
                                    std::string{why.reason.data(), why.reason.size()}};
            owner_.on_end(how, goodbye::said);
        } else if (ec == ws::error::message_too_big) {
            tell_end(websocket_end::side::us, close_code::too_large, goodbye::said);
        } else if (ec == ws::error::bad_frame_payload) {
            tell_end(websocket_end::side::us, close_code::bad_payload, goodbye::said);
        } else if (is_bad_deflate(ec)) {
            fails_ = true;
            if (!writing_ && !pinging_)
                send_last_words();
        } else if (ec == ws::condition::protocol_violation) {
            tell_end(websocket_end::side::us, close_code::protocol_error, goodbye::said);
        } else {
            tell_end(websocket_end::side::nobody, close_code::no_handshake, goodbye::unsaid);
        }
    }

    void message_sent(boost::system::error_code ec)
    {
        writing_ = false;
        if (fails_ && !pinging_)
            send_last_words();
        else if (!fails_)
            owner_.on_written(ec ? stream_owner::written::not_whole : stream_owner::written::whole);
    }

    [[nodiscard]] bool is_bad_code() const
    {
        const auto said = static_cast<std::uint16_t>(socket_.reason().code);
        return said != static_cast<std::uint16_t>(ws::close_code::none) &&
               !may_be_sent(static_cast<close_code>(said));
    }

    [[nodiscard]] static bool is_bad_deflate(boost::system::error_code ec)
    {
        return ec.category() == boost::system::error_code{beast::zlib::error::general}.category();
    }

    /// Beast has given up, without a word, over bytes that it cannot unpack. What was being written
    /// is out by now, a ping too: the wire takes one write at a time.
    void send_last_words()
    {
        fails_ = false;
        ++pending_;
        asio::async_write(socket_.next_layer(), asio::buffer(protocol_error_frame),
                          [this](boost::system::error_code ec, std::size_t) {
                              socket_.next_layer().end_sending();
                              tell_end(websocket_end::side::us, close_code::protocol_error,
                                       ec ? goodbye::unsaid : goodbye::said);
                              done();
                          });
    }

    void tell_end(websocket_end::side by, close_code code, goodbye was)
    {
        const websocket_end how{by, code, {}};
        owner_.on_end(how, was);
    }

    void soak()
    {
        socket_.next_layer().async_read_some(asio::buffer(void_),
                                             [this](boost::system::error_code ec, std::size_t) {
                                                 if (!ec) {
                                                     soak();
                                                     return;
                                                 }
                                                 socket_.next_layer().cut();
                                                 done();
                                             });
    }

    void done()
    {
        if (--pending_ == 0 && ended_)
            owner_.on_idle();
    }

    stream_owner& owner_;
    ws::stream<wire> socket_;
    beast::flat_buffer input_;
    std::array<char, 1'024> void_;
    std::size_t compressed_from_;  // bytes
    std::string last_words_;       // of our close frame: code and reason
    std::size_t pending_ = 0;
    bool reading_ = false;
    bool pinging_ = false;
    bool writing_ = false;
    bool fails_ = false;  // for bytes that cannot be unpacked; the end is not told yet
    bool closing_ = false;
    bool lingering_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<message_stream> message_stream::open(setup from, stream_owner& owner)
{
    return std::make_unique<beast_stream>(std::move(from), owner);
}

}  // namespace cohort::http::detail
