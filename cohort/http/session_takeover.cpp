// How a session gives its connection to somebody who speaks another protocol.
#include <cohort/base/fault_point.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/http/tls/stream.hpp>

#include <array>
#include <utility>

namespace cohort::http {

namespace {

/// RFC 9113, 3.4.
constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A client that sends on and on shall not keep us here.
constexpr std::size_t unseal_max = 65'536;

/// What has left the socket already: nobody would hear of it.
void unseal(tls::stream& from, std::string& into)
{
    std::array<char, 4096> some;
    for (bool more = from.holds_bytes(); more;) {
        const transfer got = from.read(some);
        into.append(some.data(), got.bytes);
        more = got.done() && from.holds_bytes() && into.size() < unseal_max;
    }
}

}  // namespace

order session::switch_protocols(response& what)
{
    record& r = *record_;
    if (server_.draining_) {
        response leaving = overloaded("the server is stopping");
        return answer(leaving);
    }
    // RFC 9110, 7.8: a client of HTTP/1.0 knows no 101, and where a body ends that nobody has read
    // the new protocol could not begin.
    if (r.top.minor_version == 0 || r.top.body != framing::none || exchange_.client_ended()) {
        response wrong = problem(400, {}, "this request cannot change the protocol");
        return answer(wrong);
    }
    r.taker = what.take_taker();
    const std::uint64_t begins = end_of_output();
    http::answer how{.status = 101, .connection = persistence::keep};
    write_head(what, how);
    r.answer_bytes = 0;
    if (scribe_.on())
        keep_answer(begins);
    tell_end(101, access_end::answered);
    if (std::exchange(counted_, false))
        server_.ended();
    server_.end_trial(r, board::quarantine::ending::well);
    r.asked.reset();
    r.answer.reset();
    const order next = exchange_.give_away(r);
    // To a successor it is a connection that has heard its last answer.
    if (scribe_.on())
        answered(order::close);
    return next;
}

void session::give_away()
{
    connection_taker to = std::move(*record_->taker);
    give_away_to(to);
}

void session::give_away_to(connection_taker& to)
{
    record& r = *record_;
    std::string unread{r.unanswered()};
    const peer who = peer_.get();
    if (std::exchange(watched_, false))
        server_.poller_.forget(fd_.borrow(), *this);
    peer_.close();
    fault_point("http.give");
    exchange_.close();
    if (scribe_.on())
        scribe_.give_away();
    fault_point("http.given");
    connection_place place{server_, fd_.borrow(), std::exchange(counted_as_, nullptr)};
    taken_connection taken{std::move(fd_), who, std::move(place)};
    taken.tls = std::move(tls_);
    taken.unread = std::move(unread);
    if (taken.tls)
        unseal(*taken.tls, taken.unread);
    blocked_ = false;
    pending_ = order::wait;
    server_.give_back(std::move(record_));
    server_.wheel_.unlink(*this);
    to(std::move(taken));
}

bool session::is_http2(std::size_t count)
{
    record& r = *record_;
    const exchange_state& at = exchange_.state();
    // Through TLS it is ALPN that says so (RFC 9113, 3.2).
    if (tls_ || at.bytes_read >= http2_preface.size() || at.requests != 0)
        return false;
    const std::string_view all{r.input.get() + r.begin, r.end - r.begin + count};
    if (!http2_preface.starts_with(all.substr(0, http2_preface.size())))
        return false;
    exchange_.hold(r, count);
    if (all.size() >= http2_preface.size())
        give_away_to(server_.options_.on_http2);
    else
        watch_for(input_events);
    return true;
}

}  // namespace cohort::http
