#include <cohort/http/h2/stream.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/culprit.hpp>
#include <cohort/http/h2/service.hpp>
#include <cohort/http/h2/session.hpp>
#include <cohort/http/h2/stream_port.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/tls/stream.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http::h2 {

namespace {

constexpr violation body_too_long{413, "http.body.too-long",
                                  "the body is longer than this resource takes"};
constexpr violation bodies_too_long{503, "http2.bodies.too-long",
                                    "too many bodies are on their way at the same time"};
/// What the bodies of one connection may have beside all others: as much as in HTTP/1.1.
constexpr std::uint64_t body_bytes_free = 32'768;

constexpr violation body_late{408, "http.timeout.body", "the request's body took too long"};

}  // namespace

stream::stream(session& of, connection_user::arrival what)
    : session_{of},
      service_{of.service_},
      id_{what.stream},
      text_{std::move(what.text)},
      top_{*what.top},
      why_{*what.why},
      refused_{what.verdict == head_builder::verdict::refused},
      whole_{what.body == head_builder::body::none}
{}

stream::~stream() { COHORT_ASSERT(job_ == job::none); }

void stream::begin()
{
    if (refused_) {
        refuse(why_);
        return;
    }
    plan_route();
    const route_options& options = to_->options();
    body_max_ =
        options.body_max.value_or(static_cast<std::size_t>(service_.terms().limits.body_bytes_max));
    drops_ = options.body == body_use::unread;
    // What never can have room must not take that of others while it comes.
    if (options.body == body_use::buffered)
        body_max_ = service_.bodies_->most_of_one(body_max_);
    if (!drops_ && top_.content_length > body_max_) {
        refuse(body_too_long);
        return;
    }
    owes_continue_ = !whole_ && asked_->header("expect").has_value();
    if (!whole_ && options.body == body_use::buffered) {
        collecting_ = true;
        body_pace_.begin(0, service_.second(), service_.terms().patience.for_bodies());
        say_continue();
    } else {
        session_.may_run(*this);
    }
}

void stream::plan_route()
{
    const request_source source{.top = head_view{top_, text_.data()},
                                .from = &session_.peer_,
                                .slot = service_.terms().slot};
    asked_.emplace(source);
    if (session_.wire_.tls)
        asked_->attach(tls::secured{&session_.wire_.tls->facts()});
    to_ = session_.wire_.place.routes().plan_for(*asked_).to;
    if (service_.terms().counters.answers != nullptr || service_.terms().on_answered)
        started_ = service_.terms().clock();
    if (service_.terms().metrics != nullptr)
        times_ = {.began = session_.poller_.time()};
}

void stream::say_continue()
{
    if (std::exchange(owes_continue_, false) && !answered_ && !closed_)
        session_.connection_.say_continue(id_);
}

void stream::body_came(std::string_view piece)
{
    body_came_ += piece.size();
    if (!drops_ && body_came_ > body_max_) {
        drop_body();
        if (collecting_)
            refuse(body_too_long);
        else if (port_ != nullptr)
            port_->fail(errc::too_large);
        why_ = body_too_long;  // for a handler that has not begun to read
    }
    if (collecting_ && !session_.has_room_for(piece.size())) {
        drop_body();
        refuse(bodies_too_long);
    } else if (collecting_ && !may_hold(piece.size())) {
        drop_body();
        refuse(no_room_for_body);
    }
    if (drops_) {
        session_.connection_.consumed(id_, piece.size());
        return;
    }
    body_ += piece;
    if (collecting_) {
        session_.buffered_ += piece.size();
        session_.connection_.consumed(id_, piece.size());
    } else if (port_ != nullptr) {
        port_->moved();
    }
}

void stream::body_ended()
{
    whole_ = true;
    held_.is_whole();
    if (std::exchange(collecting_, false))
        session_.may_run(*this);
    if (port_ != nullptr)
        port_->moved();
}

/// What is there of the body, and what else comes, is not wanted.
void stream::drop_body() noexcept
{
    held_.release();
    if (std::exchange(drops_, true))
        return;
    if (to_ != nullptr && to_->options().body == body_use::buffered)
        session_.buffered_ -= body_.size();
    else
        session_.connection_.consumed(id_, body_.size());
    if (!asked_)
        body_.clear();
}

/// What every connection may have is bounded by their number; the rest is out of one budget.
bool stream::may_hold(std::size_t piece) noexcept
{
    if (session_.buffered_ + piece <= body_bytes_free && held_.bytes() == 0)
        return true;
    const ip_address client = session_.wire_.place.counted(session_.peer_.get().ip());
    return service_.bodies_->hold(held_, *this, body_.size() + piece, service_.terms().clock(),
                                  client);
}

void stream::give_body_up() noexcept
{
    const session::visit here{session_};
    refuse(no_room_for_body);
}

void stream::run()
{
    if (answered_ || closed_)
        return;
    session_.request_begun();
    begun_ = true;
    tell_begin();
    if (to_->options().body == body_use::buffered)
        asked_->body_is(body_);
    if (is_kept_from_running())
        return;
    switch (to_->mode()) {
        case run_mode::lane:
            start_lane();
            return;
        case run_mode::coroutine:
            start_coroutine();
            return;
        case run_mode::in_line:
            break;
    }
    job_ = job::in_line;  // it may cut this very connection
    const request* const before = culprit::run(0, &*asked_);
    response made = to_->run(*asked_);
    culprit::run(0, before);
    job_ = job::none;
    answer_made(std::move(made));
}

/// Of middleware, or of a handler that ran on the loop.
void stream::answer_made(response made)
{
    if (closed_) {
        finish(0, access_end::cut);
        session_.job_ended(*this);
    } else if (made.streams()) {
        answer_.emplace(std::move(made));
        start_coroutine();
    } else {
        answer(made);
    }
}

void stream::answer(response& what)
{
    if (what.status() < 200) {
        // HTTP/2 has neither 101 nor another protocol to switch to.
        what = problem(400, {}, "HTTP/2 connections do not change their protocol");
    }
    send_whole(what);
    finish(static_cast<status_code>(what.status()), access_end::answered);
}

void stream::send_whole(response& what)
{
    const bool body = sends_body(what, top_.verb) && !what.body().empty();
    submit(what, body ? this : nullptr);
    last_ = true;
    if (body) {
        out_ = what.take_body();
        answer_bytes_ = out_.size();
    }
}

void stream::submit(const response& what, body_source* body)
{
    answered_ = true;
    owes_continue_ = false;
    given_at_ = service_.second();
    session_.connection_.answer(id_, what, top_.verb, body);
    if (what.closes())
        session_.drain();
}

void stream::refuse(const violation& why)
{
    if (std::exchange(answered_, true))
        return;
    collecting_ = false;
    drop_body();
    session_.wire_.place.count_refusal(why, session_.peer_);
    response words = why.status == 503 ? overloaded(why.words) : problem(why.status, {}, why.words);
    send_whole(words);
    if (asked_)
        finish(why.status, access_end::refused);
}

void stream::finish(status_code status, access_end how)
{
    if (std::exchange(begun_, false))
        session_.request_ended();
    if (!asked_)
        return;
    if (service_.has_server())
        tell_end(status, how);
    asked_.reset();
    answer_.reset();
    drop_body();
    std::string{}.swap(body_);
}

body_source::step stream::give(std::span<char> room) noexcept
{
    const std::size_t size = std::min(room.size(), unsent());
    if (size != 0) {
        std::copy_n(out_.data() + out_sent_, size, room.data());
        out_sent_ += size;
        given_ += size;
        given_at_ = service_.second();
    }
    if (unsent() == 0) {
        out_.clear();
        out_sent_ = 0;
        if (port_ != nullptr)
            port_->moved();
        if (last_)
            return {step::kind::last, size};
    }
    if (size != 0)
        return {step::kind::more, size};
    return {broken_ ? step::kind::broken : step::kind::later};
}

void stream::close() noexcept
{
    closed_ = true;
    collecting_ = false;
    gone_.store(true, std::memory_order_relaxed);
    if (port_ != nullptr)
        port_->lose_connection();
    if (cancel_ != nullptr)
        std::exchange(cancel_, nullptr)->emit(boost::asio::cancellation_type::all);
    if (job_ == job::none)
        finish(0, access_end::cut);
    drop_body();
}

void stream::client_ended()
{
    if (port_ != nullptr && !whole_)
        port_->fail(errc::channel_closed);
    if (collecting_) {
        session_.connection_.reset(id_, error_code::cancel);
        return;
    }
    // Unlike in HTTP/1.1 no answer is waited for behind a closed side: its windows cannot be opened
    // any more. It is how clients leave that give up.
    if (port_ != nullptr && streaming_)
        port_->fail(errc::channel_closed);
    if (cancel_ != nullptr)
        std::exchange(cancel_, nullptr)->emit(boost::asio::cancellation_type::all);
}

void stream::on_time(std::uint32_t second)
{
    if (collecting_ && body_is_late(second)) {
        refuse(body_late);
        return;
    }
    if (waiting_ && body_is_late(second)) {
        port_->fail(errc::deadline_passed);
        return;
    }
    if (answer_is_late(second)) {
        // A window that is never opened (CVE-2019-9517), or by a byte now and then.
        if (port_ != nullptr)
            port_->fail(errc::deadline_passed);
        session_.connection_.reset(id_, error_code::cancel);
    }
}

bool stream::body_is_late(std::uint32_t second) noexcept
{
    const pace_terms asked = service_.terms().patience.for_bodies();
    if (whole_ || !session_.connection_.may_send(id_)) {
        body_pace_.pause(second, asked);
        return false;
    }
    body_pace_.go_on(second);
    return body_pace_.is_late(body_came_, second, asked);
}

bool stream::answer_is_late(std::uint32_t second) noexcept
{
    const pace_terms asked = service_.terms().patience.for_answers();
    if (unsent() == 0) {
        answer_pace_.pause(second, asked);  // it is our turn
        return false;
    }
    if (answer_pace_.begun())
        answer_pace_.go_on(second);
    else
        answer_pace_.begin(given_, given_at_, asked);
    const bool silent = asked.silence != 0 && second >= given_at_ + asked.silence;
    return answer_pace_.is_late(given_, second, asked) || silent;
}

void stream::lose_time(std::uint32_t second) noexcept
{
    const patience& most = service_.terms().patience;
    body_pace_.pause(second, most.for_bodies());
    answer_pace_.pause(second, most.for_answers());
    given_at_ = second;
}

std::optional<steady_time> stream::waits_since() const noexcept
{
    if (!begun_ || streaming_ || waiting_ || started_ == steady_time{})
        return std::nullopt;
    return started_;
}

}  // namespace cohort::http::h2
