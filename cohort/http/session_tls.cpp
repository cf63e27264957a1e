// What is different for a session whose connection comes through TLS.
#include <cohort/base/fault_point.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/http/tls/context.hpp>

#include <sys/socket.h>

namespace cohort::http {

namespace {

/// What somebody hears who speaks plain HTTP to a TLS endpoint.
constexpr std::string_view spoke_plainly =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Connection: close\r\nContent-Length: 43\r\n\r\n"
    "This port speaks TLS: use https:// instead\n";

/// Turns of reading what TLS holds that one connection gets before others have theirs.
constexpr int held_turns_max = 4;

}  // namespace

bool session::shake_hands()
{
    const transfer step = tls_->shake_hands();
    switch (step.what) {
        case transfer::outcome::done:
            break;
        case transfer::outcome::readable:
            watch_for(input_events);
            return false;
        case transfer::outcome::writable:
            watch_for(EPOLLOUT);
            return false;
        case transfer::outcome::ended:
        case transfer::outcome::broken:
            refuse_handshake();
            return false;
    }
    ++server_.handshakes_.done;
    if (tls_->facts().resumed)
        ++server_.handshakes_.resumed;
    if (tls_->protocol() == "h2") {
        record_ = server_.lend();
        give_away_to(server_.options_.on_http2);
        return false;
    }
    exchange_.begin_again(server_.second());
    watch_for(input_events);
    return true;
}

void session::refuse_handshake()
{
    count_failed_handshake(tls_->failure());
    // One packet, into a socket that has sent nothing so far.
    if (tls_->met_plain_http())
        static_cast<void>(
            ::send(fd_.borrow(), spoke_plainly.data(), spoke_plainly.size(), MSG_NOSIGNAL));
    // A close with unread bytes would reset the connection under the alert. If that is broken
    // already, this closes it.
    begin_linger();
}

void session::count_failed_handshake(tls::handshake_failure why) noexcept
{
    ++server_.handshakes_.failed;
    server_.count_refusal(tls::violation_of(why, tls_->reason()), peer_, {});
}

bool session::handshake_is_late() const noexcept
{
    return tls_ && !tls_->is_ready() && exchange_.now() == phase::idle &&
           server_.second() >= handshake_due();
}

std::uint32_t session::handshake_due() const noexcept
{
    const auto patience = server_.options_.tls->handshake_patience();
    return exchange_.state().since + static_cast<std::uint32_t>(patience.count());
}

transfer session::read_tls(std::span<char> into)
{
    const transfer got = tls_->read(into);
    if (got.what != transfer::outcome::writable)
        return got;
    // It owes the client an answer of its own, new keys perhaps, and the socket is full.
    blocked_ = true;
    exchange_.sent(*record_, 0, exchange::rest::blocked, server_.second());
    watch_for(mask_ | EPOLLOUT);
    return {transfer::outcome::readable};
}

void session::flush_tls()
{
    record& r = *record_;
    std::size_t gone = 0;
    while (!r.output.empty()) {
        const std::string_view front = r.output.front();
        fault_point("http.send");
        const transfer step = tls_->write(front.empty() ? r.output.back() : front);
        if (step.done()) {
            r.output.sent(step.bytes);
            gone += step.bytes;
            continue;
        }
        if (step.what != transfer::outcome::writable) {
            close_socket();  // a read cannot help a write here: nobody negotiates anew
            return;
        }
        blocked_ = true;
        break;
    }
    exchange_.sent(r, gone, blocked_ ? exchange::rest::blocked : exchange::rest::none,
                   server_.second());
    if (blocked_)
        watch_for(mask_ | EPOLLOUT);
    else if ((mask_ & EPOLLOUT) != 0)
        watch_for(mask_ & ~static_cast<std::uint32_t>(EPOLLOUT));
}

/// Bytes that TLS has taken from the socket wake nobody: epoll does not know of them.
void session::read_what_is_held()
{
    const auto is_wanted = [this] {
        const phase now = exchange_.now();
        const bool runs = now == phase::running || now == phase::routing;
        return open() && !blocked_ && (mask_ & EPOLLIN) != 0 && now != phase::lingering &&
               (!runs || reading_body_);
    };
    for (int turn = 0; is_wanted() && tls_->is_ready() && tls_->holds_bytes(); ++turn) {
        if (turn == held_turns_max) {
            watch_for(mask_ | EPOLLOUT);  // which comes at once, behind the others
            return;
        }
        receive();
    }
    if (open() && tls_->is_ready() && !blocked_ && (mask_ & EPOLLOUT) != 0)
        watch_for(mask_ & ~static_cast<std::uint32_t>(EPOLLOUT));
}

void session::say_goodbye() noexcept
{
    // Where only the connection's end is the end of an answer, a clean one would say that all of it
    // is there.
    if (!is_cut_short())
        tls_->say_goodbye();
}

}  // namespace cohort::http
