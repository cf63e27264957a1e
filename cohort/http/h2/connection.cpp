#include <cohort/http/h2/connection.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/h2/detail/callbacks.hpp>
#include <cohort/http/h2/detail/field_block.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

namespace cohort::http::h2 {

namespace {

struct option_free {
    void operator()(nghttp2_option* made) const noexcept { nghttp2_option_del(made); }
};
struct callbacks_free {
    void operator()(nghttp2_session_callbacks* made) const noexcept
    {
        nghttp2_session_callbacks_del(made);
    }
};
using option_set = std::unique_ptr<nghttp2_option, option_free>;
using callback_set = std::unique_ptr<nghttp2_session_callbacks, callbacks_free>;

/// Of a call that can only fail for want of memory, or because the stream has gone.
void check(int code)
{
    if (code == NGHTTP2_ERR_NOMEM)
        throw std::bad_alloc{};
}

option_set make_options(const options& own)
{
    nghttp2_option* made = nullptr;
    check(nghttp2_option_new(&made));
    option_set set{made};
    // A handler's pace is the client's pace: windows open when bytes are consumed().
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_max_settings(made, own.settings_max);
    nghttp2_option_set_max_continuations(made, own.continuations_max);
    nghttp2_option_set_max_outbound_ack(made, own.acks_waiting_max);
    // Ours has a counter and our clock; nghttp2 counts by a clock of its own.
    constexpr std::uint64_t never = std::numeric_limits<std::uint32_t>::max();
    nghttp2_option_set_stream_reset_rate_limit(made, never, never);
    return set;
}

}  // namespace

tally& tally::operator+=(const tally& other) noexcept
{
    streams += other.streams;
    resets += other.resets;
    errors += other.errors;
    idle_frames += other.idle_frames;
    malformed += other.malformed;
    reset_floods += other.reset_floods;
    error_floods += other.error_floods;
    idle_floods += other.idle_floods;
    ack_floods += other.ack_floods;
    head_floods += other.head_floods;
    protocol_errors += other.protocol_errors;
    return *this;
}

bool connection::bucket::take(std::uint32_t second) noexcept
{
    const std::uint64_t came = std::uint64_t{second - since_} * rate_.per_second;
    left_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(left_ + came, rate_.burst));
    since_ = second;
    if (left_ == 0)
        return false;
    --left_;
    return true;
}

connection::connection(const limits& bounds, const options& own, connection_user& user,
                       std::uint32_t second)
    : limits_{bounds},
      user_{user},
      builder_{bounds},
      top_{std::make_unique<head>()},
      resets_{own.resets},
      errors_{own.errors},
      idle_{own.idle_frames},
      second_{second}
{
    nghttp2_session_callbacks* made = nullptr;
    check(nghttp2_session_callbacks_new(&made));
    const callback_set set{made};
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, &callbacks::began_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, &callbacks::began_block);
    nghttp2_session_callbacks_set_on_header_callback(made, &callbacks::had_field);
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, &callbacks::had_bad_field);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, &callbacks::had_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, &callbacks::had_bad_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &callbacks::had_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, &callbacks::closed_stream);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, &callbacks::sent_frame);
    const option_set bent = make_options(own);
    check(nghttp2_session_server_new2(&session_, made, this, bent.get()));

    const auto settings = std::to_array<nghttp2_settings_entry>(
        {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, own.streams_max},
         {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, own.stream_window},
         {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, own.header_list_bytes}});
    check(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()));
    check(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                                static_cast<std::int32_t>(own.connection_window)));
}

connection::~connection() { nghttp2_session_del(session_); }

void connection::receive(std::string_view bytes, std::uint32_t second)
{
    second_ = second;
    if (broken_ || bytes.empty())
        return;
    const auto taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (taken < 0)
        fail(static_cast<int>(taken));
}

void connection::produce(std::string& out, std::size_t bytes_max)
{
    while (!broken_ && out.size() < bytes_max) {
        const std::uint8_t* bytes = nullptr;
        const auto size = nghttp2_session_mem_send(session_, &bytes);
        if (size < 0)
            fail(static_cast<int>(size));
        if (size <= 0)
            break;
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    if (broken_ && !std::exchange(said_last_, true))
        last_words(out);
}

bool connection::over() const noexcept
{
    if (broken_)
        return said_last_;
    return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void connection::fail(int code) noexcept
{
    if (std::exchange(broken_, true))
        return;  // by ourselves, and we know why
    broken_why_ = error_code::enhance_your_calm;
    switch (code) {
        case NGHTTP2_ERR_FLOODED:
            ++counts_.ack_floods;
            break;
        case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
            ++counts_.head_floods;
            break;
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
            ++counts_.protocol_errors;
            broken_why_ = error_code::protocol_error;
            break;
        default:
            broken_why_ = error_code::internal_error;
            break;
    }
}

/// Clients number their streams upwards, and what they leave out is closed for ever (RFC 9113,
/// 5.1.1). nghttp2 ignores such streams; here they are told from those that it has forgotten.
bool connection::may_begin(stream_id stream) noexcept
{
    if (stream % 2 == 0)
        return true;  // nghttp2 knows what to say
    if (stream > newest_) {
        if (stream > newest_ + 2) {
            std::ranges::rotate(left_out_, left_out_.begin() + 1);
            left_out_.back() = {.first = newest_ + 2, .last = stream - 2};
        }
        newest_ = stream;
        return true;
    }
    return std::ranges::none_of(
        left_out_, [=](const range& r) { return stream >= r.first && stream <= r.last; });
}

void connection::flooded(std::uint64_t& counter) noexcept
{
    if (!broken_)
        ++counter;
    break_off(error_code::enhance_your_calm);
}

/// nghttp2 would go on reading until a GOAWAY of its own is sent: after this nothing more is taken.
void connection::break_off(error_code why) noexcept
{
    if (std::exchange(broken_, true))
        return;
    broken_why_ = why;
    if (why == error_code::protocol_error)
        ++counts_.protocol_errors;
}

void connection::last_words(std::string& out) const
{
    // A GOAWAY by hand, behind whole frames: RFC 9113 section 6.8.
    const auto number = [&out](std::uint32_t value) {
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            out += static_cast<char>(value >> shift & 0xffU);
    };
    out.append("\0\0\x08\x07\0", 5);
    number(0);
    number(static_cast<std::uint32_t>(nghttp2_session_get_last_proc_stream_id(session_)));
    number(std::to_underlying(broken_why_));
}

void connection::answer(stream_id stream, const response& what, method verb, body_source* body)
{
    answer_facts facts{.status = static_cast<status_code>(what.status()),
                       .verb = verb,
                       .connection = persistence::keep};
    facts.length = what.length();
    const detail::field_block fields{what, plan_answer(facts)};
    nghttp2_data_provider provider{};
    provider.source.ptr = body;
    provider.read_callback = &callbacks::read_body;
    check(nghttp2_submit_response(session_, stream, fields.data(), fields.size(),
                                  body != nullptr ? &provider : nullptr));
}

void connection::say_continue(stream_id stream)
{
    const detail::field_block fields{status_code{100}};
    check(nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream, nullptr, fields.data(),
                                 fields.size(), nullptr));
}

void connection::more(stream_id stream) { check(nghttp2_session_resume_data(session_, stream)); }

void connection::reset(stream_id stream, error_code why)
{
    check(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, std::to_underlying(why)));
}

void connection::consumed(stream_id stream, std::size_t bytes)
{
    if (!broken_ && bytes != 0)
        check(nghttp2_session_consume(session_, stream, bytes));
}

void connection::drain()
{
    if (broken_ || stage_ != stage::open)
        return;
    stage_ = stage::noticed;
    check(nghttp2_submit_shutdown_notice(session_));
    // Once the client has answered this, it knows: what it began before that has come by then.
    check(nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr));
}

void connection::finish()
{
    if (broken_ || stage_ == stage::final)
        return;
    stage_ = stage::final;
    check(nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                                nullptr, 0));
}

void connection::terminate(error_code why)
{
    if (!broken_)
        check(nghttp2_session_terminate_session(session_, std::to_underlying(why)));
}

bool connection::may_send(stream_id stream) const noexcept
{
    return nghttp2_session_get_effective_recv_data_length(session_) <
               nghttp2_session_get_effective_local_window_size(session_) &&
           nghttp2_session_get_stream_effective_recv_data_length(session_, stream) <
               nghttp2_session_get_stream_effective_local_window_size(session_, stream);
}

}  // namespace cohort::http::h2
