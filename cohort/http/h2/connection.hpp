#pragma once
// The protocol side of one HTTP/2 connection: bytes in, bytes out, no socket and no clock.

#include <cohort/http/h2/head_builder.hpp>
#include <cohort/http/h2/options.hpp>
#include <cohort/http/limits.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/status.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct nghttp2_session;

namespace cohort::http::h2 {

/// The number of a stream: odd, and larger than those before it.
using stream_id = std::int32_t;

/// Source: RFC 9113 section 7.
enum class error_code : std::uint32_t {
    no_error = 0,
    protocol_error = 1,
    internal_error = 2,
    flow_control_error = 3,
    refused_stream = 7,
    cancel = 8,
    enhance_your_calm = 11,
};

/// Where an answer's body comes from. Stays until stream_closed().
class body_source {
public:
    /// A step of it.
    struct step {
        enum class kind : std::uint8_t {
            more,    ///< `bytes` of it.
            last,    ///< `bytes` of it, and that is all.
            later,   ///< Nothing now: see connection::more().
            broken,  ///< There will be no end: the client must see that.
        };
        kind what;
        std::size_t bytes = 0;
    };
    /// Fills `room`, or a part of it.
    [[nodiscard]] virtual step give(std::span<char> room) noexcept = 0;

protected:
    ~body_source() = default;
};

/// Whether the answer to a request with that method has a body.
[[nodiscard]] inline bool sends_body(const response& what, method verb) noexcept
{
    const auto status = static_cast<status_code>(what.status());
    return verb != method::head && !bodiless(status) && status != 205;
}

/// Hears what a client's bytes mean, inside connection::receive() and produce(). May call anything
/// of the connection but these two.
class connection_user {
public:
    /// What has come of a request: its head, or why it is refused.
    struct arrival {
        stream_id stream;
        head_builder::verdict verdict;  ///< whole or refused.
        head_builder::body body;
        const head* top;       ///< Offsets into text; of a refused one only `verb`.
        const violation* why;  ///< If it is refused.
        std::string text;      ///< Of a refused one: nothing.
    };
    virtual void request_came(arrival what) = 0;

    /// Bytes of a request's body. The client may send so many more once they are consumed().
    virtual void body_came(stream_id stream, std::string_view piece) = 0;
    virtual void body_ended(stream_id stream) = 0;

    /// Both sides are done with it, or one has reset it. Also for streams that never were requests.
    virtual void stream_closed(stream_id stream) noexcept = 0;

protected:
    ~connection_user() = default;
};

/// The automaton of one connection, around nghttp2's. A resource; not moved.
class connection {
public:
    /// Lifetime: all three must outlive it. `second` counts from 1, and never goes back.
    connection(const limits& bounds, const options& own, connection_user& user,
               std::uint32_t second);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection();

    /// Takes what came. After the end nothing is taken.
    void receive(std::string_view bytes, std::uint32_t second);

    /// Appends what is to be sent to `out`, until that has `bytes_max` or a frame more.
    void produce(std::string& out, std::size_t bytes_max);

    /// Is over once all that it produces is sent.
    [[nodiscard]] bool over() const noexcept;

    /// The client broke it: only our last words are still to be sent.
    [[nodiscard]] bool is_broken() const noexcept { return broken_; }

    /// The answer to a request with that method. Null: it has no body, or none is sent.
    void answer(stream_id stream, const response& what, method verb, body_source* body);
    /// "100 Continue".
    void say_continue(stream_id stream);
    /// A body_source that said `later` has something now.
    void more(stream_id stream);
    /// Ends a stream at once, both ways.
    void reset(stream_id stream, error_code why);

    /// What came of a body is gone from memory: the client may send so much more. Also of streams
    /// that are closed, for the connection's window.
    void consumed(stream_id stream, std::size_t bytes);

    /// Takes no more requests, in two steps, so that none is lost on its way: the client is told,
    /// and once it has answered that, which was the last. Those that run are answered.
    void drain();
    /// The second step, without waiting for the first.
    void finish();
    /// Ends it at once.
    void terminate(error_code why);

    [[nodiscard]] bool draining() const noexcept { return stage_ != stage::open; }
    /// The second in which a head began that is not whole yet. 0: there is none.
    [[nodiscard]] std::uint32_t head_since() const noexcept { return head_since_; }
    /// Is there room for more of this body, as the client knows it?
    [[nodiscard]] bool may_send(stream_id stream) const noexcept;
    [[nodiscard]] const tally& counts() const noexcept { return counts_; }

private:
    struct callbacks;  // of nghttp2
    friend struct callbacks;
    enum class stage : std::uint8_t { open, noticed, final };

    /// A token bucket.
    class bucket {
    public:
        explicit bucket(const rate& bounds) noexcept
            : rate_{bounds}, left_{bounds.burst}
        {}
        [[nodiscard]] bool take(std::uint32_t second) noexcept;

    private:
        rate rate_;
        std::uint32_t left_;
        std::uint32_t since_ = 0;
    };

    void frame_began(stream_id stream, std::uint8_t type, std::uint8_t flags,
                     std::size_t length) noexcept;
    [[nodiscard]] bool may_begin(stream_id stream) noexcept;
    void idle_frame() noexcept;
    void block_began(stream_id stream);
    [[nodiscard]] int field(stream_id stream, std::string_view name, std::string_view value);
    void block_ended(stream_id stream, head_builder::body after);
    void fail(int code) noexcept;
    void flooded(std::uint64_t& counter) noexcept;
    void break_off(error_code why) noexcept;
    void last_words(std::string& out) const;

    const limits& limits_;
    connection_user& user_;
    nghttp2_session* session_ = nullptr;
    head_builder builder_;
    std::unique_ptr<head> top_;
    /// Streams that the client has left out.
    struct range {
        stream_id first = 0;
        stream_id last = 0;
    };
    std::array<range, 8> left_out_{};  // the last ones
    stream_id newest_ = -1;
    tally counts_;
    bucket resets_;
    bucket errors_;
    bucket idle_;
    std::size_t trailer_bytes_ = 0;
    std::uint32_t trailer_fields_ = 0;
    std::uint32_t second_;
    std::uint32_t head_since_ = 0;
    stream_id head_of_ = 0;   // the request whose head is being read; 0: none, or trailers
    stream_id block_of_ = 0;  // whose head or trailers began last
    error_code broken_why_ = error_code::no_error;
    stage stage_ = stage::open;
    bool broken_ = false;  // nghttp2 must not be called any more
    bool said_last_ = false;
};

}  // namespace cohort::http::h2
