// How a session ends: by a refusal, by the client, by the clock, by a drain, or cut.
#include <cohort/base/fault_point.hpp>
#include <cohort/board/answers.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>
#include <cohort/http/stream_port.hpp>
#include <cohort/http/telemetry/request_metrics.hpp>
#include <cohort/net/socket_option.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace cohort::http {

namespace {

/// Turns of recv that one connection gets while it lingers, before others have theirs.
constexpr int soak_turns_max = 4;

}  // namespace

order session::refuse()
{
    record& r = *record_;
    if (r.kept.resumable())
        return cut_answer();  // in the middle of its answer there is no place for another
    server_.count_refusal(r.why, peer_, r.unanswered());
    if (std::exchange(counted_, false))
        server_.ended();
    const std::uint64_t begins = end_of_output();
    const response words =
        r.why.status == 503 ? overloaded(r.why.words) : problem(r.why.status, {}, r.why.words);
    r.held.release();
    const answer_facts facts{.status = r.why.status,
                             .verb = r.top.verb,
                             .connection = persistence::close,
                             .length = words.body().size()};
    const http::answer how = plan_answer(facts);
    write_head(words, how);
    r.answer_bytes = how.send_body ? words.body().size() : 0;
    if (how.send_body)
        r.output.end() += words.body();
    if (r.asked)
        tell_end(r.why.status, access_end::refused);
    r.asked.reset();
    const order next = exchange_.refused();
    if (scribe_.on()) {
        keep_answer(begins);
        answered(next);
    }
    return next;
}

void session::soak()
{
    for (int turn = 0; turn < soak_turns_max; ++turn) {
        const ssize_t got =
            ::recv(fd_.borrow(), server_.scratch_.data(), server_.scratch_.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0 || exchange_.lingering(static_cast<std::size_t>(got)) == order::close) {
            close_socket();
            return;
        }
    }
}

void session::client_ended()
{
    const order next = exchange_.ended(server_.second());
    watch_for(mask_);
    if (next == order::close && blocked_) {
        pending_ = order::close;  // what it has asked for before is still on its way
        return;
    }
    if (next == order::wait)
        client_closed_its_side();
    else
        proceed(next);
}

void session::client_closed_its_side()
{
    // What it still owes of its request will never come. Of the answer it may want all. Should it
    // be gone altogether, we hear of that as soon as something is sent, or from the kernel a minute
    // later: docs/decisions/0003.
    const bool abandoned = server_.options_.closed_half == half_close::abandoned;
    if (port_ != nullptr && (reading_body_ || (streaming_ && abandoned)))
        port_->fail(errc::channel_closed);
    if (abandoned)
        cancel_job();
    else
        net::ask_whether_there(fd_.borrow());
}

void session::begin_linger()
{
    if (tls_) [[unlikely]]
        say_goodbye();
    if (exchange_.client_ended() || ::shutdown(fd_.borrow(), SHUT_WR) == -1) {
        close_socket();
        return;
    }
    exchange_.linger(server_.second());
    if (scribe_.on())
        scribe_.note(exchange_, record_.get());
    if (record_ && job_ == job::none)
        server_.give_back(std::move(record_));
    watch_for(input_events);
}

void session::on_time()
{
    const visit here{*this};
    if (!open())
        return;
    const std::uint32_t second = server_.second();
    if (handshake_is_late()) [[unlikely]] {
        count_failed_handshake(tls::handshake_failure::too_slow);
        close_socket();
        return;
    }
    if (blocked_) {
        look_at_progress();
    } else if (record_ && exchange_.input_is_late(*record_, second)) {
        // A loop that was busy for long comes here first: what it has not seen yet is not late.
        receive();
        if (!open())
            return;
    }
    const order next = exchange_.time(record_.get(), second);
    if (next == order::wait) {
        if (reading_body_ && exchange_.body_is_late(*record_, second))
            port_->fail(errc::deadline_passed);
        return;
    }
    if (blocked_ && next == order::close) {
        if (port_ != nullptr)
            port_->fail(errc::deadline_passed);
        // Otherwise the kernel would keep what the client does not read, for minutes.
        net::reset_when_closed(fd_.borrow());
        close_socket();
    } else if (next == order::linger && exchange_.now() == phase::idle) {
        close_if_idle();
    } else {
        proceed(next);
    }
}

void session::look_at_progress() noexcept
{
    if (!record_)
        return;
    const std::uint64_t taken = uptake_.taken(fd_.borrow(), exchange_.state().bytes_answered);
    exchange_.acknowledged(*record_, taken, server_.second());
}

void session::close_if_idle()
{
    const visit here{*this};
    if (!open() || exchange_.now() != phase::idle || blocked_)
        return;
    // A request may have come that the loop has not seen yet: it is answered.
    const std::uint32_t answered = exchange_.state().requests;
    receive();
    if (open() && tls_ && !tls_->is_ready() && tls_->met_client() && !handshake_is_late())
        return;  // in the middle of its handshake, and its first request is on its way
    const bool came = exchange_.state().requests != answered;
    if (open() && exchange_.now() == phase::idle && !blocked_ && (!came || server_.draining_))
        begin_linger();
}

std::optional<std::uint32_t> session::idle_since() const noexcept
{
    const bool idle = open() && visits_ == 0 && exchange_.now() == phase::idle && !blocked_ &&
                      job_ == job::none && !record_;
    if (!idle || (tls_ && !tls_->is_ready()))  // a handshake has its own time
        return std::nullopt;
    return exchange_.state().since;
}

void session::make_room()
{
    const visit here{*this};
    const std::uint64_t before = exchange_.state().bytes_read;
    // A request may have come that the loop has not seen yet: it is answered.
    receive();
    if (open() && exchange_.now() == phase::idle && !blocked_ &&
        exchange_.state().bytes_read == before)
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
    if (tls_) [[unlikely]]
        say_goodbye();
    exchange_.close();
    gone_.store(true, std::memory_order_seq_cst);  // before the name is taken: see may_compute()
    show_cut();
    if (job_ == job::none && std::exchange(counted_, false))
        server_.ended();
    // Closing is not enough: the primary may still hold the copy of a connection that it dealt us.
    if (std::exchange(watched_, false))
        server_.poller_.forget(fd_.borrow(), *this);
    peer_.close();
    fault_point("http.close");
    if (scribe_.on()) {
        if (job_ == job::lane)
            server_.forget_suspect(fd_.borrow());
        scribe_.end();
    } else {
        server_.mark_stranger(fd_.borrow(), board::standing::free);
    }
    fault_point("http.closed");
    fd_.reset();
    blocked_ = false;
    pending_ = order::wait;
    if (port_ != nullptr)
        port_->lose_connection();
    cancel_job();
    if (job_ == job::none && record_) {
        tell_cut(answer_begun::yes);  // an answer that is kept is a stream that broke off
        record_->asked.reset();
        server_.give_back(std::move(record_));
    }
    server_.closed(*this);
}

void session::tell_cut(answer_begun head) noexcept
{
    const record& r = *record_;
    if (!r.asked)
        return;
    const bool begun = head == answer_begun::yes && r.answer;
    tell_end(begun ? static_cast<status_code>(r.answer->status()) : status_code{0},
             access_end::cut);
}

void session::tell_end(status_code status, access_end how) noexcept
{
    const record& r = *record_;
    const bool timed = server_.options_.counters.answers != nullptr || server_.options_.on_answered;
    const nanoseconds took = timed ? server_.options_.clock() - r.started : nanoseconds{0};
    if (server_.options_.counters.answers != nullptr)
        board::note_answer(*server_.options_.counters.answers, status, took);
    board::flight::note(
        {.kind = how == access_end::cut ? board::flight_kind::cut : board::flight_kind::answered,
         .number = status,
         .subject = r.flight,
         .took = took,
         .text = r.asked ? r.asked->pattern() : std::string_view{},
         .when_ns = timed ? board::flight_time(r.started + took) : 0});
    if (server_.options_.metrics != nullptr)
        server_.options_.metrics->ended(*r.asked, {.status = status,
                                                   .how = how,
                                                   .times = r.times,
                                                   .request_bytes = exchange_.state().body_taken,
                                                   .answer_bytes = r.answer_bytes});
    if (!server_.options_.on_answered)
        return;
    const access_entry entry{.verb = r.top.verb,
                             .method_text = r.asked->method_text(),
                             .target = r.asked->target(),
                             .route = r.asked->pattern(),
                             .from = &peer_.get(),
                             .status = status,
                             .body_bytes = r.answer_bytes,
                             .took = took,
                             .end = how};
    server_.options_.on_answered(entry);
}

bool session::is_cut_short() const noexcept
{
    return ends_by_close_ && !(produced_ && (!record_ || record_->output.empty()));
}

void session::show_cut() noexcept
{
    if (!is_cut_short())
        return;
    // The body is not whole, and an ordinary end would say that it is. Unix sockets know no reset.
    net::reset_when_closed(fd_.borrow());
}

void session::cancel_job()
{
    if (cancel_ != nullptr)
        std::exchange(cancel_, nullptr)->emit(boost::asio::cancellation_type::all);
}

}  // namespace cohort::http
