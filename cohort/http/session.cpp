#include <cohort/http/session.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/stream_port.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace cohort::http {

namespace {

/// Answers to pipelined requests are collected up to here before they are sent.
constexpr std::size_t output_high_water = 65'536;

}  // namespace

session::session(server& owner, unique_fd connection, std::uint32_t second)
    : server_{owner},
      fd_{std::move(connection)},
      mask_{input_events},
      exchange_{owner.rules_, second},
      peer_{fd_.borrow()}
{}

session::~session() { COHORT_ASSERT(!open() && visits_ == 0 && job_ == job::none); }

session::visit::visit(session& of) noexcept
    : of_{of}
{
    if (of_.visits_++ == 0)
        of_.server_.look_at_clock();
}

session::visit::~visit()
{
    if (--of_.visits_ != 0)
        return;
    if (of_.open()) {
        of_.idle_or_read();
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
    // The first request has often come by the time its connection is accepted. Looking first saves
    // a turn of the loop, and a client that asks once and closes never enters the epoll set.
    receive();
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
        close_socket();  // reset, or closed on both sides
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
    if (!record_)
        record_ = server_.lend();
    record& r = *record_;
    const std::size_t room = exchange_.make_room(r);
    if (room == 0) {
        watch_for(mask_ & ~static_cast<std::uint32_t>(EPOLLIN));
        return;
    }
    const ssize_t got = ::recv(fd_.borrow(), r.input.get() + r.end, room, 0);
    if (got > 0) {
        const order next = exchange_.took(r, static_cast<std::size_t>(got), server_.second());
        if (port_ != nullptr)
            port_->moved();
        proceed(next);
    } else if (got == 0) {
        client_ended();
    } else if (errno != EAGAIN && errno != EINTR) {
        close_socket();
    }
}

void session::proceed(order next)
{
    while (open()) {
        // What waits here already goes first: then what comes next need not be copied behind it.
        if (record_ &&
            (record_->output.size() > output_high_water || !record_->output.back().empty()))
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
                record_->output.end() += continue_answer;
                next = order::read;
                break;
            case order::read:
            case order::wait:
            case order::linger:
            case order::close:
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

order session::find_route()
{
    record& r = *record_;
    const request_source source{.top = head_view{r.top, r.input.get() + r.begin},
                                .from = &peer_,
                                .attempt = exchange_.attempt(),
                                .slot = server_.options_.slot};
    r.asked.emplace(source);
    r.to = server_.router_.plan_for(*r.asked).to;
    if (server_.options_.on_answered) {
        r.started = server_.options_.clock();
        r.answer_bytes = 0;
        static_cast<void>(peer_.get());  // the connection may be closed when it is told
    }

    const route_options& options = r.to->options();
    const body_plan plan{.use = options.body,
                         .bytes_max = options.body_max.value_or(
                             static_cast<std::size_t>(server_.rules_.limits.body_bytes_max))};
    return exchange_.planned(r, plan, server_.second());
}

order session::run()
{
    record& r = *record_;
    server_.begun();
    counted_ = true;
    r.asked->body_is(r.whole_body);
    switch (r.to->mode()) {
        case run_mode::lane:
            return start_lane();
        case run_mode::coroutine:
            return start_coroutine();
        case run_mode::in_line:
            break;
    }
    job_ = job::in_line;  // it may cut this very connection
    response made = r.to->run(*r.asked);
    job_ = job::none;
    if (!open()) {
        drop_request();
        return order::wait;
    }
    if (made.streams()) {
        r.answer.emplace(std::move(made));
        return start_coroutine();
    }
    return answer(made);
}

answer_facts session::facts_of(const response& what)
{
    // Without a length and without chunks, HTTP/1.0 knows only one end of a body.
    const bool last =
        what.closes() || server_.draining_ || (what.streams() && record_->top.minor_version == 0);
    const persistence wanted = last ? persistence::close : persistence::keep;
    answer_facts facts{.status = static_cast<status_code>(what.status()),
                       .verb = record_->top.verb,
                       .minor_version = record_->top.minor_version,
                       .connection = exchange_.settle(*record_, wanted,
                                                      what.streams() ? exchange::unread::keep
                                                                     : exchange::unread::drop)};
    if (!what.streams())
        facts.length = what.body().size();
    return facts;
}

void session::write_head(const response& what, const http::answer& how)
{
    std::string& out = record_->output.end();
    begin_head(out, how.status);
    if (const auto type = what.content_type(); !type.empty())
        ((out += "Content-Type: ") += type) += "\r\n";  // both were checked when they were set
    out += what.fields().wire();
    end_head(out, how);
}

order session::answer(response& what)
{
    record& r = *record_;
    const http::answer how = plan_answer(facts_of(what));
    write_head(what, how);
    r.answer_bytes = 0;
    if (how.send_body) {
        r.answer_bytes = what.body().size();
        // Above this, copying costs more than a second element in sendmsg.
        constexpr std::size_t copied_max = 16'384;
        if (what.body().size() <= copied_max)
            r.output.end() += what.body();
        else
            r.output.append_long(what.take_body());
    }
    return finish(how.status);
}

order session::finish(status_code status)
{
    record& r = *record_;
    tell_end(status, access_end::answered);
    if (std::exchange(counted_, false))
        server_.ended();
    r.asked.reset();
    r.answer.reset();
    return exchange_.done(r, server_.second());
}

void session::flush()
{
    if (!record_ || !open() || blocked_)
        return;
    record& r = *record_;
    while (!r.output.empty()) {
        const std::string_view front = r.output.front();
        const std::string_view back = r.output.back();
        ssize_t gone = 0;
        if (back.empty()) {
            gone = ::send(fd_.borrow(), front.data(), front.size(), MSG_NOSIGNAL);
        } else {
            iovec parts[2] = {{const_cast<char*>(front.data()), front.size()},
                              {const_cast<char*>(back.data()), back.size()}};
            msghdr message{};
            message.msg_iov = parts;
            message.msg_iovlen = 2;
            gone = ::sendmsg(fd_.borrow(), &message, MSG_NOSIGNAL);
        }
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
        exchange_.sent(gone > 0 ? static_cast<std::size_t>(gone) : 0,
                       blocked_ ? exchange::rest::blocked : exchange::rest::none, server_.second());
        if (blocked_) {
            watch_for(mask_ | EPOLLOUT);
            return;
        }
    }
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
    const std::uint32_t due = exchange_.due(server_.second());
    // Whoever is linked for an earlier second stays there: being asked too early is cheap.
    if (due != 0 && (!linked() || due < linked_for()))
        server_.watch_clock(*this, due);
}

}  // namespace cohort::http
