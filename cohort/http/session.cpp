#include <cohort/http/session.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/fault_point.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/stream_port.hpp>
#include <cohort/http/tls/stream.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace cohort::http {

namespace {

static_assert(sizeof(session) + 16 + sizeof(board::connection_record) <= 512,
              "an idle connection costs at most 512 bytes, malloc's words included");

/// Answers to pipelined requests are collected up to here before they are sent.
constexpr std::size_t output_high_water = 65'536;

}  // namespace

session::session(server& owner, unique_fd connection, std::uint32_t second,
                 std::unique_ptr<tls::stream> through, const peer* from)
    : server_{owner},
      fd_{std::move(connection)},
      mask_{input_events},
      exchange_{owner.rules_, second},
      // What we know of such a connection dies with the process: nobody could go on.
      scribe_{through || from != nullptr ? nullptr : owner.options_.survival.journal, fd_.borrow()},
      tls_{std::move(through)},
      peer_{from != nullptr ? peer_lookup{*from} : peer_lookup{fd_.borrow()}},
      proxied_{from != nullptr}
{}

session::~session() { COHORT_ASSERT(!open() && visits_ == 0 && job_ == job::none); }

session::visit::visit(session& of) noexcept
    : of_{of}
{
    if (of_.visits_++ == 0) {
        of_.server_.look_at_clock();
        if (of_.scribe_.on())
            named_before_ = of_.server_.name_suspect(of_.fd_.valid() ? of_.fd_.borrow() : -1);
    }
}

session::visit::~visit()
{
    if (of_.tls_ && of_.visits_ == 1) [[unlikely]]
        of_.read_what_is_held();
    if (--of_.visits_ != 0)
        return;
    if (of_.scribe_.on()) {
        if (of_.open())
            of_.scribe_.note(of_.exchange_, of_.record_.get());
        of_.server_.name_suspect_again(named_before_);
    }
    if (of_.open())
        of_.idle_or_read();
    if ((of_.server_.handover_ || of_.share_turn_ != 0) && of_.at_boundary()) {
        if (handover* const heir = of_.server_.heir_of(of_))
            of_.pass_on(*heir);
        else
            of_.share_turn_ = 0;
    }
    if (of_.open()) {
        of_.watch_clock();
        // It was busy when a drain looked for idle ones.
        if (of_.server_.draining_ && of_.exchange_.now() == phase::idle && !of_.blocked_)
            of_.server_.changed_.notify_all();
    } else if (of_.job_ == job::none) {
        of_.server_.bury(of_);
    }
}

void session::begin()
{
    const visit here{*this};
    fault_point("http.begin");
    if (scribe_.on())
        scribe_.begin(exchange_);
    fault_point("http.begun");
    // The first request has often come by the time its connection is accepted. Looking first saves
    // a turn of the loop, and a client that asks once and closes never enters the epoll set.
    receive();
    watch();
}

void session::watch()
{
    if (!open())
        return;
    watched_ = true;
    if (!server_.poller_.watch(fd_.borrow(), mask_, *this)) {
        watched_ = false;
        close_socket();  // ENOSPC or ENOMEM: without news of the socket we cannot go on
    }
}

void session::ready(std::uint32_t events) noexcept
{
    const visit here{*this};
    if ((events & EPOLLERR) != 0 || ((events & EPOLLHUP) != 0 && (events & EPOLLIN) == 0)) {
        if (tls_ && !tls_->is_ready() && exchange_.now() == phase::idle) [[unlikely]]
            count_failed_handshake(tls_->how_it_breaks_off());
        close_socket();  // reset, or closed on both sides
        return;
    }
    if (tls_ && !tls_->is_ready() && exchange_.now() == phase::idle) [[unlikely]] {
        if (shake_hands())
            receive();
        return;
    }
    if ((events & EPOLLOUT) != 0 && blocked_) {
        blocked_ = false;
        flush();
        if (!blocked_ && open()) {
            if (port_ != nullptr)
                port_->moved();
            proceed(std::exchange(pending_, order::wait));
        }
    }
    if (!open() || (events & (input_events | EPOLLHUP)) == 0)
        return;

    switch (exchange_.now()) {
        case phase::lingering:
            soak();
            return;
        case phase::running:
            if (reading_body_) {
                receive();
                return;
            }
            [[fallthrough]];
        case phase::routing:
            // Not now: the bytes stay in the kernel, where the window tells the client to wait.
            watch_for(mask_ & ~((events & EPOLLRDHUP) != 0 ? input_events : EPOLLIN));
            if ((events & EPOLLRDHUP) != 0)
                client_closed_its_side();
            return;
        default:
            break;
    }
    if (blocked_)
        watch_for(mask_ & ~input_events);
    else
        receive();
}

void session::receive()
{
    if (tls_ && !tls_->is_ready() && !shake_hands()) [[unlikely]]
        return;
    if (!record_)
        record_ = server_.lend();
    record& r = *record_;
    if (r.whole && !scribe_.on()) {
        // A descriptor beyond the journal's records: served all the same, for as long as we live.
        r.input = input_place{server_.input_bytes()};
        r.capacity = r.input.size();
        r.whole = false;
    }
    const std::size_t room = scribe_.on() ? room_for_input() : exchange_.make_room(r);
    if (room == 0) {
        watch_for(mask_ & ~static_cast<std::uint32_t>(EPOLLIN));
        return;
    }
    fault_point("http.receive");
    const transfer got = read_some({r.input.get() + r.end, room});
    fault_point("http.received");
    if (got.done()) {
        if (scribe_.on())
            scribe_.taken(exchange_.state().bytes_read + got.bytes);
        if (server_.options_.on_http2 && is_http2(got.bytes))
            return;
        const order next = hold_body(exchange_.took(r, got.bytes, server_.second()));
        if (port_ != nullptr)
            port_->moved();
        proceed(next);
    } else if (got.what == transfer::outcome::ended) {
        client_ended();
    } else if (!got.waits()) {
        close_socket();
    }
}

void session::proceed(order next)
{
    while (open()) {
        // What waits here already goes first: then what comes next need not be copied behind it.
        if (record_ &&
            (record_->output.size() > output_high_water || !record_->output.back().empty() ||
             (record_->kept.private_answer && !record_->output.empty())))
        {
            flush();
            if (blocked_) {
                if (next != order::wait)
                    pending_ = next;
                return;
            }
            continue;
        }
        switch (next) {
            case order::find_route:
                next = find_route();
                break;
            case order::run:
                next = run();
                break;
            case order::refuse:
                next = refuse();
                break;
            case order::say_continue:
                write_interim();
                next = order::read;
                break;
            case order::read:
            case order::wait:
            case order::linger:
            case order::close:
            case order::give_away:
                after_output(next);
                return;
        }
    }
}

void session::after_output(order next)
{
    flush();
    if (!open())
        return;
    if (blocked_) {
        if (next != order::wait)
            pending_ = next;
        return;
    }
    switch (next) {
        case order::read:
            if (exchange_.client_ended() && exchange_.now() != phase::running) {
                close_socket();
                return;
            }
            watch_for(input_events);
            return;
        case order::linger:
            begin_linger();
            return;
        case order::close:
            close_socket();
            return;
        case order::give_away:
            give_away();
            return;
        default:
            return;
    }
}

void session::idle_or_read()
{
    // An idle connection holds no buffer.
    if (record_ && job_ == job::none && !blocked_ && exchange_.now() == phase::idle &&
        record_->begin == record_->end && record_->output.empty())
        server_.give_back(std::move(record_));
}

void session::flush()
{
    if (!record_ || !open() || blocked_)
        return;
    if (tls_) [[unlikely]] {
        flush_tls();
        return;
    }
    record& r = *record_;
    while (!r.output.empty()) {
        const std::string_view front = r.output.front();
        const std::string_view back = r.output.back();
        ssize_t gone = 0;
        if (back.empty()) {
            fault_point("http.send");
            gone = ::send(fd_.borrow(), front.data(), front.size(), MSG_NOSIGNAL);
        } else {
            iovec parts[2] = {{const_cast<char*>(front.data()), front.size()},
                              {const_cast<char*>(back.data()), back.size()}};
            msghdr message{};
            message.msg_iov = parts;
            message.msg_iovlen = 2;
            fault_point("http.send");
            gone = ::sendmsg(fd_.borrow(), &message, MSG_NOSIGNAL);
        }
        fault_point("http.sent");
        if (gone < 0 && errno == EINTR)
            continue;
        if (gone < 0 && errno != EAGAIN) {
            close_socket();
            return;
        }
        if (gone > 0)
            r.output.sent(static_cast<std::size_t>(gone));
        // A socket that took a part is full: asking again would be a system call for nothing.
        blocked_ = !r.output.empty();
        exchange_.sent(r, gone > 0 ? static_cast<std::size_t>(gone) : 0,
                       blocked_ ? exchange::rest::blocked : exchange::rest::none, server_.second());
        if (scribe_.on())
            scribe_.given(exchange_.state().bytes_answered);
        if (blocked_) {
            watch_for(mask_ | EPOLLOUT);
            return;
        }
    }
    if (scribe_.on())
        all_given();
    if ((mask_ & EPOLLOUT) != 0)
        watch_for(mask_ & ~static_cast<std::uint32_t>(EPOLLOUT));
}

void session::watch_for(std::uint32_t events)
{
    if (exchange_.client_ended())
        events &= ~input_events;  // level-triggered: its end stays true
    else if ((events & EPOLLIN) != 0)
        events |= EPOLLRDHUP;
    if (blocked_)
        events |= EPOLLOUT;
    if (events == mask_ || !open())
        return;
    mask_ = events;
    if (!watched_)
        return;
    // ENOMEM is all that can happen here: without news of the socket we cannot go on.
    if (!server_.poller_.change(fd_.borrow(), mask_, *this))
        close_socket();
}

void session::watch_clock()
{
    std::uint32_t due = exchange_.due(server_.second());
    if (tls_ && !tls_->is_ready() && exchange_.now() == phase::idle) [[unlikely]]
        due = due == 0 ? handshake_due() : std::min(due, handshake_due());
    // Whoever is linked for an earlier second stays there: being asked too early is cheap.
    if (due != 0 && (!linked() || due < linked_for()))
        server_.watch_clock(*this, due);
}

}  // namespace cohort::http
