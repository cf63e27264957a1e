// The slower ways of a stream: lanes, coroutines and streamed bodies.
#include <cohort/async/lanes.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/http/culprit.hpp>
#include <cohort/http/h2/service.hpp>
#include <cohort/http/h2/session.hpp>
#include <cohort/http/h2/stream.hpp>
#include <cohort/http/h2/stream_port.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/telemetry/request_metrics.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace cohort::http::h2 {

namespace {

/// Of a streamed answer, what waits for the client's windows before its producer does.
constexpr std::size_t unsent_max = 65'536;

constexpr violation refused_in_handler{413, "http.body.too-long",
                                       "the body is longer than this resource takes"};

}  // namespace

void stream::start_lane()
{
    job_ = job::in_line;  // middleware may cut this very connection
    const request* const before = culprit::run(0, &*asked_);
    std::optional<response> early = to_->enter(*asked_);
    culprit::run(0, before);
    job_ = job::none;
    if (early) {
        answer_made(*std::move(early));
        return;
    }
    job_ = job::lane;
    auto started = service_.lanes_.run([this, alive = std::weak_ptr{service_.life_}]() noexcept {
        // On the lane's thread. The stream stays where it is and its request is touched by nobody
        // else until the answer is back on the loop.
        if (!gone_.load(std::memory_order_relaxed)) {
            culprit::run(lanes::here(), &*asked_);
            answer_.emplace(to_->call(*asked_));
            culprit::run(lanes::here(), nullptr);
        }
        boost::asio::post(service_.loop_, [this, alive] {
            if (!alive.expired())
                answer_from_lane();
        });
    });
    if (started)
        return;
    job_ = job::none;
    response full = overloaded();
    leave(full);
    answer_made(std::move(full));
}

/// All middleware on the way out, which may cut this very connection.
void stream::leave(response& answer)
{
    job_ = job::in_line;
    const request* const before = culprit::run(0, &*asked_);
    to_->leave(*asked_, answer);
    culprit::run(0, before);
    job_ = job::none;
}

void stream::answer_from_lane()
{
    const session::visit here{session_};
    // Middleware that has let the request in sees it leave, whatever became of its client.
    if (!answer_)
        answer_.emplace(overloaded("nobody waits for the answer"));
    leave(*answer_);
    answer_made(std::move(*answer_));
}

void stream::abandon_job() noexcept
{
    job_ = job::none;
    finish(0, access_end::cut);
}

void stream::start_coroutine()
{
    job_ = job::coroutine;
    auto name = std::make_shared<leg_name>(nullptr, session_.wire_.fd.borrow(), *asked_);
    const leg_executor own{service_.loop_.get_executor(), name};
    cancel_ = session_.coroutines_.spawn(attend(std::move(name)), own);
    if (cancel_ != nullptr)
        return;
    job_ = job::none;
    response leaving = overloaded("the server is stopping");
    answer(leaving);
}

awaitable<> stream::attend(std::shared_ptr<leg_name> name)
{
    // In the server's scope; job_ keeps this stream alive.
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto stop = co_await asio::this_coro::cancellation_state;
    stream_port port{*this, executor, *name};
    port_ = &port;
    if (why_.status != 0)
        port.fail(errc::too_large);
    // A handler that is cancelled before its first turn would not hear of it.
    if (!answer_ && !closed_ && !stopped(stop)) {
        asked_->stream_is(port);
        response made = co_await to_->run_async(*asked_);
        answer_.emplace(std::move(made));
    }
    if (answer_ && answer_->streams() && !closed_ && begin_stream()) {
        note_stream();
        const result<> outcome = co_await produce(*answer_, port, *asked_, to_->observer());
        end_stream(outcome);
    }
    name->end();
    const session::visit here{session_};
    port.give_back();
    port_ = nullptr;
    cancel_ = nullptr;
    have_body();
    end_job();
}

void stream::end_job() noexcept
{
    job_ = job::none;
    if (closed_) {
        const status_code status =
            answer_ && answered_ ? static_cast<status_code>(answer_->status()) : status_code{0};
        // Mostly it is closed since all of the answer has been sent, the moment before.
        const bool sent = streaming_ && last_ && !broken_ && unsent() == 0;
        finish(status, sent ? access_end::answered : access_end::cut);
        session_.job_ended(*this);
        return;
    }
    if (streaming_) {
        streaming_ = false;
        const auto status = static_cast<status_code>(answer_->status());
        finish(status, broken_ ? access_end::cut : access_end::answered);
        return;
    }
    if (!answer_) {
        // Cancelled before its first turn, though its stream is open: the server is leaving.
        response leaving = overloaded("the server is stopping");
        answer(leaving);
        return;
    }
    response made = std::move(*answer_);
    answer(made);
}

void stream::note_stream() noexcept
{
    // The head may have found the connection gone, and with it the server.
    if (closed_ || service_.terms().metrics == nullptr)
        return;
    times_.streams = now();
    service_.terms().metrics->stream_began();
}

bool stream::begin_stream()
{
    const session::visit here{session_};
    const bool sends = sends_body(*answer_, top_.verb);
    answer_bytes_ = 0;
    streaming_ = true;
    if (sends)
        unwritten_ = answer_->length();
    last_ = !sends;
    // It may last for hours; who wants the same stream is not kept waiting for so long.
    end_trial(board::quarantine::ending::well);
    submit(*answer_, sends ? this : nullptr);
    return sends;
}

void stream::end_stream(const result<>& outcome)
{
    if (closed_)
        return;
    const session::visit here{session_};
    const bool all = unwritten_.value_or(0) == 0;
    if (!all && outcome && !port_->cut() && to_->observer())
        to_->observer()(*asked_, "a streamed answer is shorter than it said it would be");
    // The end must not look like one if it is none; a producer that was told to stop may have ended
    // as if all were said.
    if (outcome && !port_->cut() && all)
        last_ = true;
    else
        broken_ = true;
    session_.connection_.more(id_);
}

void stream::wait_for_body() noexcept
{
    if (std::exchange(waiting_, true))
        return;
    // Its time counts from here: until now it was the handler that was slow.
    if (body_pace_.begun())
        body_pace_.go_on(service_.second());
    else
        body_pace_.begin(0, service_.second(), service_.terms().patience.for_bodies());
}

void stream::have_body() noexcept
{
    if (std::exchange(waiting_, false) && service_.has_server())
        body_pace_.pause(service_.second(), service_.terms().patience.for_bodies());
}

void stream_port::give_back()
{
    if (taken_.empty())
        return;
    const session::visit here{stream_.session_};
    stream_.session_.connection_.consumed(stream_.id_, taken_.size());
    taken_.clear();
}

awaitable<result<std::string_view>> stream_port::read()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    stream& s = stream_;
    give_back();
    while (!stopped(stop) && failed_ == errc{}) {
        if (!s.body_.empty()) {
            s.have_body();
            taken_.swap(s.body_);
            co_return std::string_view{taken_};
        }
        if (s.whole_) {
            s.have_body();
            co_return std::string_view{};
        }
        if (s.owes_continue_) {
            const session::visit here{s.session_};
            s.say_continue();
        }
        s.wait_for_body();
        // Deadline: on_time() fails a body that comes too slowly.
        const bool over = failed_ != errc{};
        if (!over)
            co_await moved_.wait();
    }
    s.have_body();
    if (failed_ == errc::too_large && s.session_.open())
        s.session_.wire_.place.count_refusal(refused_in_handler, s.session_.peer_);
    co_return failed(failed_ == errc{} ? errc::cancelled : failed_, "read a request's body");
}

awaitable<result<>> stream_port::write(std::string_view piece)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    stream& s = stream_;
    if (failed_ == errc{} && s.unwritten_ && piece.size() > *s.unwritten_)
        co_return failed(errc::too_large, "write more of an answer's body than it announced");
    while (failed_ == errc{} && !stopped(stop) && (!piece.empty() || s.unsent() >= unsent_max)) {
        if (s.unsent() >= unsent_max) {
            // Deadline: on_time() cuts a client that takes nothing for patience::send.
            co_await moved_.wait();
            continue;
        }
        const session::visit here{s.session_};
        const std::string_view slice = piece.substr(0, unsent_max - s.unsent());
        piece.remove_prefix(slice.size());
        if (s.unsent() == 0)
            s.given_at_ = s.service_.second();
        s.out_ += slice;
        s.answer_bytes_ += slice.size();
        if (s.unwritten_)
            *s.unwritten_ -= slice.size();
        s.session_.connection_.more(s.id_);
    }
    if (failed_ != errc{})
        co_return failed(failed_, "write an answer's body");
    if (stopped(stop))
        co_return failed(errc::stopping, "write an answer's body");
    co_return result<>{};
}

}  // namespace cohort::http::h2
