// The slower ways of a session: lanes, coroutines and streamed bodies.
#include <cohort/async/lanes.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/fault_point.hpp>
#include <cohort/http/culprit.hpp>
#include <cohort/http/leg_executor.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>
#include <cohort/http/stream_port.hpp>
#include <cohort/http/telemetry/request_metrics.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

order session::start_lane()
{
    record& r = *record_;
    job_ = job::in_line;  // middleware may cut this very connection
    const request* const before = culprit::run(0, &*r.asked);
    std::optional<response> early = r.to->enter(*r.asked);
    culprit::run(0, before);
    job_ = job::none;
    if (early)
        return answer_made(*std::move(early));

    job_ = job::lane;
    static_cast<void>(peer_.get());  // only the loop may look: the socket can be closed meanwhile
    const int descriptor = fd_.borrow();
    auto started =
        server_.lanes_.run([this, descriptor, alive = std::weak_ptr{server_.life_}]() noexcept {
            // On the lane's thread. The record stays where it is and is touched by nobody else
            // until the answer is back on the loop.
            if (may_compute(descriptor)) {
                fault_point("http.lane");
                culprit::run(lanes::here(), &*record_->asked);
                record_->answer.emplace(record_->to->call(*record_->asked));
                culprit::run(lanes::here(), nullptr);
                fault_point("http.lane.done");
                if (scribe_.on())
                    server_.name_suspect_again(0, lanes::here());
            }
            boost::asio::post(server_.loop_, [this, alive] {
                if (!alive.expired())
                    answer_from_job();
            });
        });
    if (started)
        return order::wait;
    job_ = job::none;
    server_.end_trial(r, board::quarantine::ending::unknown);
    response full = overloaded();
    leave(full);
    return answer_made(std::move(full));
}

/// On a lane: does anybody still want the answer? Then this connection is the lane's suspect.
bool session::may_compute(int descriptor) noexcept
{
    if (gone_.load(std::memory_order_relaxed))
        return false;
    if (!scribe_.on())
        return true;
    // close_socket() says that it is gone, then takes its name from the lanes. We name it, then ask
    // again. One of the two sees what the other did, so that no name outlives its connection.
    fault_point("http.lane.asked");
    server_.name_suspect_on(lanes::here(), descriptor);
    if (!gone_.load(std::memory_order_seq_cst))
        return true;
    server_.name_suspect_again(0, lanes::here());
    return false;
}

/// All middleware on the way out, which may cut this very connection.
void session::leave(response& answer)
{
    record& r = *record_;
    job_ = job::in_line;
    const request* const before = culprit::run(0, &*r.asked);
    r.to->leave(*r.asked, answer);
    culprit::run(0, before);
    job_ = job::none;
}

/// Of middleware, or of a handler that ran on the loop.
order session::answer_made(response made)
{
    if (!open()) {
        drop_request();
        return order::wait;
    }
    if (made.streams()) {
        record_->answer.emplace(std::move(made));
        return start_coroutine();
    }
    return answer(made);
}

void session::answer_from_job()
{
    const visit here{*this};
    record& r = *record_;
    if (job_ == job::lane) {
        // Middleware that has let the request in sees it leave, whatever became of its client.
        if (!r.answer)
            r.answer.emplace(overloaded("nobody waits for the answer"));
        leave(*r.answer);
    }
    job_ = job::none;
    if (!open()) {
        drop_request();
        return;
    }
    if (r.answer->streams())
        proceed(start_coroutine());
    else
        proceed(answer(*r.answer));
}

void session::drop_request()
{
    if (std::exchange(counted_, false))
        server_.ended();
    tell_cut(streaming_ ? answer_begun::yes : answer_begun::no);
    record_->asked.reset();
    server_.give_back(std::move(record_));
}

order session::start_coroutine()
{
    job_ = job::coroutine;
    record_->kept.coroutine = true;
    static_cast<void>(peer_.get());  // it may ask when the socket is closed already
    auto name = std::make_shared<leg_name>(server_.suspects_, fd_.borrow(), *record_->asked);
    const leg_executor own{server_.loop_.get_executor(), name};
    cancel_ = server_.coroutines_.spawn(attend(std::move(name)), own);
    if (cancel_ != nullptr)
        return order::wait;
    job_ = job::none;
    server_.end_trial(*record_, board::quarantine::ending::unknown);
    if (record_->kept.resumable())
        return cut_answer();
    response leaving = overloaded("the server is stopping");
    return answer(leaving);
}

awaitable<> session::attend(std::shared_ptr<leg_name> name)
{
    // In the server's scope; job_ keeps this session alive.
    record& r = *record_;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto stop = co_await asio::this_coro::cancellation_state;
    stream_port port{*this, executor, *name};
    port_ = &port;
    // Cancelled before its first turn, though its socket is open: its client left. The handler
    // would not hear of that, since what it begins to wait for was not there to be cancelled.
    if (stopped(stop))
        close_socket();
    if (!r.answer && open()) {
        r.asked->stream_is(port);
        fault_point("http.coroutine");
        response made = co_await r.to->run_async(*r.asked);
        r.answer.emplace(std::move(made));
    }
    bool produces = r.answer && r.answer->streams() && open();
    if (produces)
        produces = r.kept.resumable() ? continue_stream() : begin_stream();
    if (produces) {
        note_stream();
        const result<> outcome = co_await produce(*r.answer, port, *r.asked, r.to->observer());
        end_stream(outcome);
    }
    name->end();
    const visit here{*this};
    port_ = nullptr;
    cancel_ = nullptr;
    reading_body_ = false;
    exchange_.body_wait(r, exchange::waiting::for_handler, server_.second());
    if (!open() || !streaming_) {
        answer_from_job();
    } else {
        streaming_ = false;
        job_ = job::none;
        proceed(after_stream_);
    }
}

void session::note_stream() noexcept
{
    if (server_.options_.metrics == nullptr)
        return;
    record_->times.streams = now();
    server_.options_.metrics->stream_began();
}

bool session::begin_stream()
{
    const visit here{*this};
    record& r = *record_;
    const std::uint64_t begins = end_of_output();
    const http::answer how = plan_answer(facts_of(*r.answer));
    write_head(*r.answer, how);
    r.answer_bytes = 0;
    streaming_ = true;
    // It may last for hours; who wants the same stream is not kept waiting for so long.
    server_.end_trial(r, board::quarantine::ending::well);
    chunked_ = how.framing == answer_framing::chunked;
    ends_by_close_ = how.framing == answer_framing::until_close;
    if (how.framing == answer_framing::length)
        r.unwritten = how.length;
    if (scribe_.on())
        keep_head(begins, how);
    if (how.send_body) {
        flush();
        return open();
    }
    after_stream_ = finish(how.status);
    return false;
}

void session::end_stream(const result<>& outcome)
{
    if (!open())
        return;
    record& r = *record_;
    const bool all = r.unwritten.value_or(0) == 0;
    if (!all && outcome && !port_->cut() && r.to->observer())
        r.to->observer()(*r.asked, "a streamed answer is shorter than it said it would be");
    if (!outcome || port_->cut() || !all) {
        // The end must not look like one: without the last chunk the client knows. A producer that
        // was told to stop may have ended as if all were said.
        after_stream_ = exchange_.broken();
        return;
    }
    if (chunked_)
        r.output.end() += last_chunk;
    if (r.kept.resumable())
        keep_answer(r.kept.answer);
    produced_ = true;
    after_stream_ = finish(static_cast<status_code>(r.answer->status()));
}

awaitable<result<std::string_view>> stream_port::read()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    session& s = session_;
    while (!stopped(stop) && failed_ == errc{}) {
        record& r = *s.record_;
        const body_piece piece = s.exchange_.take_body(r);
        const std::uint32_t second = s.server_.second();
        if (piece.what != body_piece::kind::more) {
            s.reading_body_ = false;
            s.exchange_.body_wait(r, exchange::waiting::for_handler, second);
        }
        switch (piece.what) {
            case body_piece::kind::data:
                co_return piece.data;
            case body_piece::kind::end:
                co_return std::string_view{};
            case body_piece::kind::refused:
                s.server_.count_refusal(r.why, s.peer_, {});
                failed_ = r.why.status == 413 ? errc::too_large : errc::malformed;
                continue;
            case body_piece::kind::more:
                break;
        }
        if (s.exchange_.client_ended()) {
            fail(errc::channel_closed);
            continue;
        }
        const std::uint64_t before = s.exchange_.state().bytes_read;
        s.want_body();
        if (s.exchange_.state().bytes_read != before || s.exchange_.client_ended())
            continue;  // TLS had more of it
        // Saying "100 Continue" may have found the connection broken: then nobody will wake us.
        const bool over = failed_ != errc{} || stopped(stop);
        if (!over)
            co_await moved_.wait();
    }
    co_return failed(failed_ == errc{} ? errc::cancelled : failed_, "read a request's body");
}

void session::want_body()
{
    const visit here{*this};
    record& r = *record_;
    if (!streaming_ && exchange_.owes_continue(r)) {
        write_interim();
        flush();
    }
    exchange_.body_wait(r, exchange::waiting::for_client, server_.second());
    reading_body_ = true;
    watch_for(mask_ | EPOLLIN);
}

awaitable<result<>> stream_port::write(std::string_view piece)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    session& s = session_;
    if (failed_ == errc{} && s.record_->unwritten && piece.size() > *s.record_->unwritten)
        co_return failed(errc::too_large, "write more of an answer's body than it announced");
    // With its framing a piece that is kept in the journal fits into one block of it.
    const std::size_t slice_max = s.record_->kept.resumable() ? 16'384 - 16 : 16'384;
    while (failed_ == errc{} && !stopped(stop) && (!piece.empty() || s.blocked())) {
        if (s.blocked()) {
            // Deadline: the exchange cuts a client that takes nothing for patience::send.
            co_await moved_.wait();
            continue;
        }
        const std::string_view slice = piece.substr(0, slice_max);
        piece.remove_prefix(slice.size());
        s.send_piece(slice);
    }
    if (failed_ != errc{})
        co_return failed(failed_, "write an answer's body");
    if (stopped(stop))
        co_return failed(errc::stopping, "write an answer's body");
    co_return result<>{};
}

void session::send_piece(std::string_view piece)
{
    const visit here{*this};
    record& r = *record_;
    if (chunked_)
        append_chunk(r.output.end(), piece);
    else
        r.output.end() += piece;
    r.answer_bytes += piece.size();
    if (r.unwritten)
        *r.unwritten -= piece.size();
    if (r.kept.resumable())
        keep_piece(piece.size());
    flush();
}

}  // namespace cohort::http
