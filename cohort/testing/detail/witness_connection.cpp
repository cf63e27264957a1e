#include <cohort/testing/detail/witness_connection.hpp>

#include <fmt/format.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace cohort::testing::detail {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t bite_bytes = 16 * 1024;
constexpr nanoseconds bite_pause = 2ms;
constexpr nanoseconds gate_pause = 3ms;

bool ended_by_reset(int error) noexcept { return error == ECONNRESET || error == EPIPE; }

/// Where a slow writer pauses: inside the head, behind it, inside the body.
std::deque<std::size_t> gates_of(std::string_view request)
{
    const std::size_t head = request.find("\r\n\r\n") + 4;
    return {head / 2, head, head + (request.size() - head) / 2};
}

std::string_view path_of(const witness_item& item, std::uint64_t number) noexcept
{
    switch (item.kind) {
        case witness_kind::slow:
            return number % 2 == 0 ? "/witness/slow/" : "/witness/busy/";
        case witness_kind::stream:
            return "/witness/stream/";
        default:
            return item.work.count() != 0 ? "/witness/slow/" : "/witness/";
    }
}

std::string_view verb_of(witness_kind kind) noexcept
{
    switch (kind) {
        case witness_kind::post:
            return "POST";
        case witness_kind::put:
        case witness_kind::slow_writer:
            return "PUT";
        default:
            return "GET";
    }
}

}  // namespace

witness_connection::witness_connection(std::uint32_t number, int epoll, witness_setting& setting,
                                       witness_book& book)
    : number_{number}, epoll_{epoll}, setting_{setting}, book_{book}
{}

void witness_connection::compose(const witness_item& item, std::uint64_t number)
{
    if (!setting_.plain_target.empty()) {
        fmt::format_to(std::back_inserter(out_), "{} {}", verb_of(item.kind),
                       setting_.plain_target);
    } else {
        fmt::format_to(std::back_inserter(out_), "{} {}{}?bytes={}", verb_of(item.kind),
                       path_of(item, number), number, item.answer_bytes);
        if (item.work.count() != 0)
            fmt::format_to(std::back_inserter(out_), "&ms={}", item.work.count());
    }
    out_ += " HTTP/1.1\r\nHost: witness\r\n";
    if (item.body_bytes != 0)
        fmt::format_to(std::back_inserter(out_), "Content-Length: {}\r\n", item.body_bytes);
    out_ += "\r\n";
    if (item.body_bytes != 0)
        out_ += witness_body(number_of_request_body(number), item.body_bytes);
}

void witness_connection::take(const witness_item& item, std::uint64_t first_number,
                              steady_time planned, steady_time when)
{
    out_.clear();
    out_given_ = 0;
    gates_.clear();
    next_unsent_ = 0;
    pause_ = item.pause;
    for (std::uint64_t number = first_number; number < first_number + item.requests; ++number) {
        flight one{.number = number,
                   .kind = item.kind,
                   .connection = number_,
                   .answer_bytes = item.answer_bytes,
                   .planned = planned,
                   .asked = when};
        one.begins = out_.size();
        compose(item, number);
        one.ends = out_.size();
        flights_.push_back(one);
    }
    if (item.kind == witness_kind::slow_writer)
        gates_ = gates_of(out_);
    expect_next();

    if (item.fresh)
        close();
    if (stage_ == stage::closed)
        open(when);
    else
        send(when);
}

void witness_connection::expect_next()
{
    if (flights_.empty())
        return;
    const flight& next = flights_.front();
    reader_.expect({.number = next.number,
                    .bytes = next.answer_bytes,
                    .body = setting_.plain_target.empty() ? nullptr : &setting_.plain_body});
}

void witness_connection::open(steady_time when)
{
    const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    socket_.reset(::socket(setting_.server.family(), type, 0));
    if (!socket_.valid())
        return lost(end::refused, when, std::strerror(errno));
    if (setting_.server.family() != AF_UNIX) {
        const int on = 1;
        ::setsockopt(socket_.borrow(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    watched_.reset();
    stage_ = stage::connecting;
    if (::connect(socket_.borrow(), setting_.server.get(), setting_.server.length) == 0)
        return connected(when);
    if (errno == EINPROGRESS)
        return watch();
    if (errno == EAGAIN) {
        // A Unix listener whose queue is full says so instead of making us wait.
        close();
        return wait_for(wait::connect, when + 1ms);
    }
    lost(end::refused, when, std::strerror(errno));
}

void witness_connection::connected(steady_time when)
{
    stage_ = stage::open;
    book_.connected();
    send(when);
}

void witness_connection::ready(std::uint32_t events, steady_time when)
{
    if (stage_ == stage::connecting) {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket_.borrow(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0)
            return lost(ended_by_reset(error) ? end::reset : end::refused, when,
                        std::strerror(error));
        if ((events & EPOLLOUT) != 0)
            connected(when);
        return;
    }
    if (stage_ == stage::open && (events & EPOLLOUT) != 0)
        send(when);
    if (stage_ == stage::open && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
        receive(when);
}

void witness_connection::send(steady_time when)
{
    while (out_given_ < out_.size() && wait_ != wait::write) {
        const std::size_t until = gates_.empty() ? out_.size() : gates_.front();
        const auto given = ::send(socket_.borrow(), out_.data() + out_given_, until - out_given_,
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
        if (given == -1) {
            if (errno == EAGAIN)
                break;
            // What the server said before it closed is still to be read.
            const std::string words = std::strerror(errno);
            receive(when);
            if (stage_ == stage::open && out_given_ < out_.size())
                lost(end::reset, when, words);
            return;
        }
        out_given_ += static_cast<std::size_t>(given);
        note_sent(when);
        if (!gates_.empty() && out_given_ == gates_.front()) {
            gates_.pop_front();
            wait_for(wait::write, when + gate_pause);
        }
    }
    watch();
}

void witness_connection::note_sent(steady_time when)
{
    for (; next_unsent_ < flights_.size() && flights_[next_unsent_].begins < out_given_;
         ++next_unsent_)
    {
        flight& one = flights_[next_unsent_];
        one.sent = when;
        book_.sent();
        if (one.kind == witness_kind::slow_reader) {
            // Less than two of loopback's 64 KiB segments, and each window waits for a probe.
            const int bytes = 128 * 1024;
            ::setsockopt(socket_.borrow(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        }
    }
}

bool witness_connection::reads_slowly() const noexcept
{
    return !flights_.empty() && flights_.front().kind == witness_kind::slow_reader;
}

void witness_connection::receive(steady_time when)
{
    static thread_local std::array<char, 64 * 1024> buffer;
    while (stage_ == stage::open && wait_ != wait::read) {
        const std::size_t most = reads_slowly() ? bite_bytes : buffer.size();
        const auto got = ::recv(socket_.borrow(), buffer.data(), most, MSG_DONTWAIT);
        if (got == -1) {
            if (errno == EAGAIN)
                break;
            return lost(end::reset, when, std::strerror(errno));
        }
        if (got == 0) {
            if (reader_.end() == answer_reader::state::done && !flights_.empty())
                return answered(when);
            return lost(end::clean, when, {});
        }
        eat({buffer.data(), static_cast<std::size_t>(got)}, when);
        if (stage_ == stage::open && reads_slowly())
            wait_for(wait::read, when + bite_pause);
    }
    if (stage_ == stage::open)
        watch();
}

void witness_connection::eat(std::string_view bytes, steady_time when)
{
    while (!bytes.empty() && stage_ == stage::open) {
        if (flights_.empty()) {
            book_.stray(bytes.size());
            return close();
        }
        switch (reader_.feed(bytes)) {
            case answer_reader::state::reading:
                break;
            case answer_reader::state::done:
                answered(when);
                break;
            case answer_reader::state::broken:
                return lost(end::nonsense, when, std::string{reader_.why()});
        }
    }
}

void witness_connection::answered(steady_time when)
{
    const bool keeps_alive = reader_.seen().keeps_alive;
    book_.answered(flights_.front(), reader_, when);
    const bool whole = out_given_ >= flights_.front().ends;
    flights_.pop_front();
    next_unsent_ -= std::min<std::size_t>(next_unsent_, 1);
    expect_next();
    if (!keeps_alive) {
        book_.said_close();
        return lost(end::clean, when, "behind an answer that said close");
    }
    if (!flights_.empty())
        return;
    // Answered before all of it was sent: the rest would be taken for the next request.
    if (!whole)
        close();
    rest(when);
}

void witness_connection::rest(steady_time when)
{
    wait_ = wait::nothing;
    if (pause_ > 0ns)
        wait_for(wait::rest, when + pause_);
}

witness_outcome witness_connection::outcome_of(const flight& of, bool first, end how) const noexcept
{
    const bool begun = first && reader_.begun();
    switch (how) {
        case end::refused:
            return witness_outcome::refused;
        case end::late:
            return witness_outcome::timed_out;
        case end::nonsense:
            return witness_outcome::wrong_body;
        case end::clean:
            return begun ? witness_outcome::truncated : witness_outcome::eof;
        case end::reset:
            break;
    }
    if (begun)
        return witness_outcome::truncated;
    return out_given_ >= of.ends ? witness_outcome::reset_after
                                 : witness_outcome::reset_before_complete;
}

void witness_connection::lost(end how, steady_time when, const std::string& detail)
{
    if (flights_.empty() && how == end::clean && detail.empty())
        book_.closed_while_idle();
    bool first = true;
    for (const flight& one : flights_) {
        book_.failed(one, outcome_of(one, first, how), when, detail);
        first = false;
    }
    const bool resting = flights_.empty() && wait_ == wait::rest;
    flights_.clear();
    close();
    if (how == end::refused)
        wait_for(wait::rest, when + 1ms);  // so that a closed loop does not spin
    else if (!resting)
        rest(when);
}

void witness_connection::close() noexcept
{
    socket_.reset();
    stage_ = stage::closed;
    watched_.reset();
}

void witness_connection::wake(steady_time when)
{
    const wait was = wait_;
    wait_ = wait::nothing;
    switch (was) {
        case wait::connect:
            return open(when);
        case wait::write:
            return send(when);
        case wait::read:
            return receive(when);
        default:
            break;
    }
}

void witness_connection::expire(steady_time when)
{
    if (!flights_.empty() && when - flights_.front().asked > setting_.timeout)
        lost(end::late, when, reader_.begun() ? "in the middle of its answer" : "no byte came");
}

void witness_connection::wait_for(wait what, steady_time until) noexcept
{
    wait_ = what;
    wake_at_ = until;
}

void witness_connection::watch()
{
    std::uint32_t wanted = wait_ == wait::read ? 0U : static_cast<std::uint32_t>(EPOLLIN);
    if (stage_ == stage::connecting || (out_given_ < out_.size() && wait_ != wait::write))
        wanted |= EPOLLOUT;
    if (stage_ == stage::closed || wanted == watched_)
        return;
    epoll_event event{};
    event.events = wanted;
    event.data.u32 = number_;
    ::epoll_ctl(epoll_, watched_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket_.borrow(), &event);
    watched_ = wanted;
}

}  // namespace cohort::testing::detail
