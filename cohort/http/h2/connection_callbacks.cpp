// What nghttp2 tells the automaton.
#include <cohort/http/h2/detail/callbacks.hpp>

#include <cohort/http/detail/rules.hpp>

#include <utility>

namespace cohort::http::h2 {

namespace {

/// A window that is opened by less is opened for the sake of the frame.
constexpr std::int32_t window_step_least = 256;

head_builder::body body_after(const nghttp2_frame& frame) noexcept
{
    return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 ? head_builder::body::none
                                                           : head_builder::body::follows;
}

connection& of(void* user) noexcept { return *static_cast<connection*>(user); }

std::string_view view(const std::uint8_t* bytes, std::size_t size) noexcept
{
    return {reinterpret_cast<const char*>(bytes), size};
}

bool is_request(const nghttp2_frame& frame) noexcept
{
    return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
}

/// Errors of streams that only a client's mistakes bring about (CVE-2025-8671).
bool is_clients_mistake(std::uint32_t code) noexcept
{
    return code != NGHTTP2_NO_ERROR && code != NGHTTP2_INTERNAL_ERROR &&
           code != NGHTTP2_REFUSED_STREAM && code != NGHTTP2_CANCEL;
}

}  // namespace

int connection::callbacks::began_frame(nghttp2_session*, const nghttp2_frame_hd* hd, void* user)
{
    connection& c = of(user);
    c.frame_began(hd->stream_id, hd->type, hd->flags, hd->length);
    return c.broken_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

int connection::callbacks::began_block(nghttp2_session*, const nghttp2_frame* frame, void* user)
{
    connection& c = of(user);
    // Not with the frame: nghttp2 skips some blocks without another word.
    c.head_since_ = c.second_;
    c.block_of_ = frame->hd.stream_id;
    c.block_began(is_request(*frame) ? frame->hd.stream_id : 0);
    return 0;
}

int connection::callbacks::had_field(nghttp2_session*, const nghttp2_frame* frame,
                                     const std::uint8_t* name, std::size_t name_size,
                                     const std::uint8_t* value, std::size_t value_size,
                                     std::uint8_t, void* user)
{
    return of(user).field(frame->hd.stream_id, view(name, name_size), view(value, value_size));
}

int connection::callbacks::had_bad_field(nghttp2_session*, const nghttp2_frame*,
                                         const std::uint8_t*, std::size_t, const std::uint8_t*,
                                         std::size_t, std::uint8_t, void* user)
{
    ++of(user).counts_.malformed;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream, PROTOCOL_ERROR
}

int connection::callbacks::had_frame(nghttp2_session*, const nghttp2_frame* frame, void* user)
{
    connection& c = of(user);
    switch (frame->hd.type) {
        case NGHTTP2_HEADERS:
            if (is_request(*frame))
                c.block_ended(frame->hd.stream_id, body_after(*frame));
            else if (body_after(*frame) == head_builder::body::none)
                c.user_.body_ended(frame->hd.stream_id);
            c.head_since_ = 0;
            break;
        case NGHTTP2_DATA:
            if (body_after(*frame) == head_builder::body::none)
                c.user_.body_ended(frame->hd.stream_id);
            else if (frame->hd.length != 0 && frame->hd.length <= frame->data.padlen)
                c.idle_frame();
            break;
        case NGHTTP2_WINDOW_UPDATE:
            if (frame->window_update.window_size_increment < window_step_least)
                c.idle_frame();
            break;
        case NGHTTP2_PING:
            if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && c.stage_ == stage::noticed)
                c.finish();
            break;
        default:
            break;
    }
    return c.broken_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

int connection::callbacks::had_bad_frame(nghttp2_session*, const nghttp2_frame* frame, int,
                                         void* user)
{
    connection& c = of(user);
    if (frame->hd.type == NGHTTP2_HEADERS) {
        ++c.counts_.malformed;
        c.head_since_ = 0;
    }
    return 0;
}

int connection::callbacks::had_data(nghttp2_session*, std::uint8_t, std::int32_t stream,
                                    const std::uint8_t* data, std::size_t size, void* user)
{
    of(user).user_.body_came(stream, view(data, size));
    return 0;
}

int connection::callbacks::closed_stream(nghttp2_session*, std::int32_t stream, std::uint32_t,
                                         void* user)
{
    connection& c = of(user);
    if (c.block_of_ == stream)
        c.head_since_ = 0;
    c.user_.stream_closed(stream);
    return 0;
}

int connection::callbacks::sent_frame(nghttp2_session* session, const nghttp2_frame* frame,
                                      void* user)
{
    connection& c = of(user);
    const bool answers = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (answers && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0)
    {
        // All is answered, and the rest of the body is not wanted: RFC 9113 section 8.1.
        c.reset(frame->hd.stream_id, error_code::no_error);
    } else if (frame->hd.type == NGHTTP2_RST_STREAM &&
               is_clients_mistake(frame->rst_stream.error_code))
    {
        ++c.counts_.errors;
        if (!c.errors_.take(c.second_))
            c.flooded(c.counts_.error_floods);
    } else if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        ++c.counts_.protocol_errors;
    }
    return c.broken_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

ssize_t connection::callbacks::read_body(nghttp2_session*, std::int32_t, std::uint8_t* buffer,
                                         std::size_t size, std::uint32_t* flags,
                                         nghttp2_data_source* source, void*)
{
    auto& body = *static_cast<body_source*>(source->ptr);
    const body_source::step taken = body.give({reinterpret_cast<char*>(buffer), size});
    switch (taken.what) {
        case body_source::step::kind::last:
            *flags |= NGHTTP2_DATA_FLAG_EOF;
            break;
        case body_source::step::kind::more:
            break;
        case body_source::step::kind::later:
            return NGHTTP2_ERR_DEFERRED;
        case body_source::step::kind::broken:
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // resets the stream, INTERNAL_ERROR
    }
    return static_cast<ssize_t>(taken.bytes);
}

void connection::frame_began(stream_id stream, std::uint8_t type, std::uint8_t flags,
                             std::size_t length) noexcept
{
    switch (type) {
        case NGHTTP2_HEADERS:
            if (!may_begin(stream))
                break_off(error_code::protocol_error);
            return;
        case NGHTTP2_RST_STREAM:
            ++counts_.resets;
            if (!resets_.take(second_))
                flooded(counts_.reset_floods);
            return;
        case NGHTTP2_DATA:
            if (length == 0 && (flags & NGHTTP2_FLAG_END_STREAM) == 0)
                idle_frame();
            return;
        case NGHTTP2_CONTINUATION:
        case NGHTTP2_WINDOW_UPDATE:  // looked at once it is whole
        case NGHTTP2_GOAWAY:
            return;
        default:
            idle_frame();
            return;
    }
}

void connection::idle_frame() noexcept
{
    ++counts_.idle_frames;
    if (!idle_.take(second_))
        flooded(counts_.idle_floods);
}

void connection::block_began(stream_id stream)
{
    head_of_ = stream;
    trailer_bytes_ = 0;
    trailer_fields_ = 0;
    if (stream != 0) {
        ++counts_.streams;
        builder_.begin();
    }
}

int connection::field(stream_id stream, std::string_view name, std::string_view value)
{
    if (head_of_ == stream) {
        builder_.add(name, value);
        return 0;
    }
    // Trailers: nobody asks for them, but they are bounded as in HTTP/1.1.
    trailer_bytes_ += name.size() + value.size() + 4;
    if (++trailer_fields_ > limits_.trailer_fields_max ||
        trailer_bytes_ > limits_.trailer_bytes_max)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return 0;
}

void connection::block_ended(stream_id stream, head_builder::body after)
{
    head_of_ = 0;
    const auto verdict = builder_.end(after, *top_);
    if (verdict == head_builder::verdict::malformed) {
        ++counts_.malformed;
        reset(stream, error_code::protocol_error);
        return;
    }
    user_.request_came({.stream = stream,
                        .verdict = verdict,
                        .body = after,
                        .top = top_.get(),
                        .why = &builder_.why(),
                        .text = builder_.take_text()});
}

}  // namespace cohort::http::h2
