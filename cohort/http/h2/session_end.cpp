// How an HTTP/2 session ends: by the client, by the clock, by a drain, or cut.
#include <cohort/http/h2/service.hpp>
#include <cohort/http/h2/session.hpp>
#include <cohort/http/tls/stream.hpp>
#include <cohort/net/socket_option.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace cohort::http::h2 {

namespace {

constexpr violation head_late{408, "http.timeout.head", "the request's head took too long"};

/// A client that does not answer our first GOAWAY gets the second one after so many seconds.
constexpr std::uint32_t notice_seconds = 2;

constexpr int soak_turns_max = 4;

bool over(std::uint32_t since, std::chrono::seconds limit, std::uint32_t second) noexcept
{
    return limit.count() != 0 && second >= since + static_cast<std::uint64_t>(limit.count());
}

}  // namespace

void session::end_if_over()
{
    if (!open() || blocked_ || !out_.empty() || linger_since_ != 0)
        return;
    if (connection_.over() || (ended_ && streams_.empty()))
        begin_linger();
}

void session::client_ended()
{
    ended_ = true;
    watch_for(mask_ & ~input_events);
    for (stream* const who : all_streams())
        who->client_ended();
}

/// Whose streams nghttp2 will close no more: the connection is over.
void session::close_streams() noexcept
{
    while (!streams_.empty())
        stream_closed(streams_.begin()->first);
}

void session::begin_linger()
{
    close_streams();
    if (wire_.tls)
        wire_.tls->say_goodbye();
    if (ended_ || ::shutdown(wire_.fd.borrow(), SHUT_WR) == -1) {
        close_socket();
        return;
    }
    // A close with unread bytes would reset the connection under our last frames.
    linger_since_ = service_.second();
    watch_for(input_events);
}

void session::soak()
{
    for (int turn = 0; turn < soak_turns_max; ++turn) {
        const transfer got = plain_read(wire_.fd.borrow(), service_.scratch_);
        if (got.waits())
            return;
        if (!got.done()) {
            close_socket();
            return;
        }
    }
}

void session::drain()
{
    const visit here{*this};
    if (!open() || connection_.draining())
        return;
    drain_since_ = service_.second();
    connection_.drain();
}

std::optional<steady_time> session::idle_since() const noexcept
{
    const bool idle = open() && visits_ == 0 && alive() == 0 && !blocked_ && out_.empty() &&
                      linger_since_ == 0 && connection_.head_since() == 0;
    if (!idle)
        return std::nullopt;
    return service_.born_ + seconds{idle_since_ - 1};
}

void session::make_room() noexcept
{
    const visit here{*this};
    const std::uint32_t before = requests_;
    // A request may have come that the loop has not seen yet: it is answered.
    receive();
    if (!open() || requests_ != before || alive() != 0 || connection_.head_since() != 0)
        return;
    connection_.finish();
    flush();
    close_socket();
}

void session::cut()
{
    const visit here{*this};
    close_socket();
}

void session::close_socket()
{
    if (!open())
        return;
    if (std::exchange(watched_, false))
        poller_.forget(wire_.fd.borrow(), *this);
    blocked_ = false;
    out_.clear();
    out_sent_ = 0;
    close_streams();
    wire_.place.let_go();
    wire_.fd.reset();
    service_.closed(*this);
}

void session::on_time()
{
    const visit here{*this};
    if (!open())
        return;
    const std::uint32_t second = service_.second();
    const patience& most = service_.terms().patience;
    if (linger_since_ != 0) {
        if (over(linger_since_, most.linger, second))
            close_socket();
        return;
    }
    if (blocked_) {
        // While the client is busy with our answers, we do not read: nothing else can be late.
        for (stream* const who : all_streams())
            who->lose_time(second);
        if (takes_too_slowly(second)) {
            // Otherwise the kernel would keep what the client does not read, for minutes.
            net::reset_when_closed(wire_.fd.borrow());
            close_socket();
        }
        return;
    }
    answer_pace_.pause(second, most.for_answers());
    if (!streams_.empty() || connection_.head_since() != 0) {
        // A loop that was busy for long comes here first: what it has not seen yet is not late.
        receive();
        if (!open() || blocked_ || linger_since_ != 0)
            return;
    }
    if (connection_.head_since() != 0 && over(connection_.head_since(), most.head, second)) {
        wire_.place.count_refusal(head_late, peer_);
        connection_.terminate(error_code::enhance_your_calm);
        return;
    }
    if (drain_since_ != 0 && second >= drain_since_ + notice_seconds)
        connection_.finish();
    if (alive() == 0 && over(idle_since_, most.keep_alive, second))
        connection_.finish();
    look_at_streams(second);
}

std::vector<stream*> session::all_streams() const
{
    std::vector<stream*> all;
    all.reserve(streams_.size());
    for (const auto& [id, who] : streams_)
        all.push_back(who.get());
    return all;
}

void session::look_at_streams(std::uint32_t second)
{
    for (stream* const who : all_streams())
        who->on_time(second);  // frees none: that is done behind the last visit
}

bool session::takes_too_slowly(std::uint32_t second) noexcept
{
    const patience& most = service_.terms().patience;
    if (answer_pace_.begun())
        answer_pace_.go_on(second);
    else
        answer_pace_.begin(taken_, blocked_since_, most.for_answers());
    const std::uint64_t taken = uptake_.taken(wire_.fd.borrow(), given_);
    if (taken != 0)
        blocked_since_ = second;
    taken_ += taken;
    return answer_pace_.is_late(taken_, second, most.for_answers()) ||
           over(blocked_since_, most.send, second);
}

std::uint32_t session::due() const noexcept
{
    const std::uint32_t second = service_.second();
    const bool soon = !streams_.empty() || blocked_ || linger_since_ != 0 || drain_since_ != 0 ||
                      connection_.head_since() != 0;
    const auto keep = static_cast<std::uint32_t>(service_.terms().patience.keep_alive.count());
    if (soon)
        return second + 1;
    constexpr std::uint32_t hour = 3600;  // the wheel asks again after a lap
    return keep == 0 ? second + hour : std::max(second + 1, idle_since_ + keep);
}

void session::abandon_jobs() noexcept
{
    for (const auto& each : orphans_)
        each->abandon_job();
    orphans_.clear();
    again_ = false;
}

}  // namespace cohort::http::h2
