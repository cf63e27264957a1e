#include <cohort/http/server.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/http/culprit.hpp>
#include <cohort/http/date_clock.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/session.hpp>
#include <cohort/http/tls/context.hpp>
#include <cohort/net/limits.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

/// Behind the longest head there is room for a good piece of body.
constexpr std::size_t input_bytes_beyond_head = 16'384;

constexpr std::size_t refused_bytes_shown = 256;

exchange_rules rules_of(const server_options& options)
{
    return {.limits = options.limits,
            .patience = options.patience,
            .discard_bytes_max = options.discard_bytes_max,
            .requests_max = options.requests_per_connection_max};
}

template <class T>
void count(std::atomic<T>* word, T amount) noexcept
{
    if (word != nullptr)
        board::add(*word, amount);
}

template <class T>
void count_down(std::atomic<T>* word) noexcept
{
    if (word != nullptr)
        board::subtract(*word, T{1});
}

}  // namespace

server::server(boost::asio::io_context& loop, net::poller& poller, const router& routes,
               server_options options)
    : loop_{loop},
      poller_{poller},
      router_{routes},
      options_{std::move(options)},
      rules_{rules_of(options_)},
      lanes_{lanes::of(loop)},
      born_{options_.clock()},
      clients_{options_.connections_per_client_max, options_.uncounted_clients},
      bodies_{std::make_shared<body_budget>(
          options_.bodies_bytes_max == 0
              ? 0
              : std::max(options_.bodies_bytes_max, options_.limits.body_bytes_max))},
      wheel_{second_},
      timer_{loop},
      coroutines_{loop.get_executor()},
      changed_{loop.get_executor()}
{
    COHORT_ASSERT(router_.frozen());
    const survival& lasting = options_.survival;
    // One that dies before its first word must not be taken for a plain connection.
    if (options_.tls)
        expect_strangers();
    if (options_.tls)
        look_at_certificates();
    if (lasting.journal != nullptr)
        suspects_ = lasting.journal->header().running.data();
    if (lasting.journal != nullptr && lasting.quarantine != nullptr)
        culprit::convene({.journal = &lasting.journal->header(),
                          .table = *lasting.quarantine,
                          .lasting = lasting.poison_for});
    if (options_.connections_max == 0)
        options_.connections_max = net::connections_that_fit();
}

server::~server()
{
    stop();
    if (options_.survival.journal != nullptr)
        culprit::withdraw(&options_.survival.journal->header());
    // Jobs dropped by lanes::stop() leave their sessions behind.
    while (first_ != nullptr) {
        COHORT_ASSERT(first_->job_ != session::job::coroutine);
        first_->job_ = session::job::none;
        bury(*first_);
    }
    forget_places();
}

session& server::keep(std::unique_ptr<session> made) noexcept
{
    session& who = *made.release();
    if (!who.scribe_.on())
        mark_stranger(who.fd_.borrow(), board::standing::foreign);
    who.next_ = first_;
    if (first_ != nullptr)
        first_->prev_ = &who;
    first_ = &who;
    ++connections_;
    if (clients_.on())
        who.counted_as_ = clients_.enter(who.peer_.get().ip());
    count(options_.counters.connections_open, 1U);
    count(options_.counters.connections_total, std::uint64_t{1});
    return who;
}

/// Before it is served, and before its descriptor is closed.
void server::mark_stranger(int descriptor, board::standing now) noexcept
{
    board::connection_state state;
    state.now = now;
    if (board::connection_record* const page = page_of(descriptor))
        page->commit(state);
}

/// Null: it is in no journal.
board::connection_record* server::page_of(int descriptor) noexcept
{
    board::journal* const book =
        is_recorded() ? options_.survival.journal : options_.survival.strangers_in;
    return book != nullptr ? book->record(descriptor) : nullptr;
}

void server::look_at_clock() noexcept
{
    const auto age = std::chrono::duration_cast<seconds>(options_.clock() - born_);
    second_ = static_cast<std::uint32_t>(age.count()) + 1;
}

std::size_t server::input_bytes() const noexcept
{
    const std::size_t head_max = std::max<std::size_t>(rules_.limits.head_bytes_max, 16'384);
    return head_max + input_bytes_beyond_head;
}

std::unique_ptr<record> server::lend()
{
    if (spare_.empty()) {
        const bool lasting = options_.survival.journal != nullptr;
        return std::make_unique<record>(rules_.limits, lasting ? 0 : input_bytes());
    }
    auto last = std::move(spare_.back());
    spare_.pop_back();
    return last;
}

void server::give_back(std::unique_ptr<record> used) noexcept
{
    end_trial(*used, board::quarantine::ending::unknown);
    used->clear();
    if (spare_.size() < spare_records_max)
        spare_.push_back(std::move(used));
}

void server::begun() noexcept
{
    ++running_;
    ++requests_;
    count(options_.counters.requests_total, std::uint64_t{1});
    count(options_.counters.requests_running, 1U);
}

void server::ended() noexcept
{
    --running_;
    count_down(options_.counters.requests_running);
    if (draining_)
        changed_.notify_all();
}

void server::count_refusal(const violation& why, peer_lookup& from, std::string_view bytes) noexcept
{
    // There are as many rules as the parser has refusals: a short list.
    const auto known = std::ranges::find(refusals_, why.rule, &refusal_count::rule);
    if (known != refusals_.end())
        ++known->times;
    else
        refusals_.push_back({why.rule, 1});
    if (options_.on_refused) {
        const refusal_entry entry{
            .why = &why, .from = &from.get(), .first_bytes = bytes.substr(0, refused_bytes_shown)};
        options_.on_refused(entry);
    }
}

void server::closed(session& who) noexcept
{
    wheel_.unlink(who);
    one_less(std::exchange(who.counted_as_, nullptr));
}

void server::one_less(client_counts::entry* of) noexcept
{
    --connections_;
    clients_.leave(of);
    count_down(options_.counters.connections_open);
    if (draining_)
        changed_.notify_all();
}

void server::bury(session& who) noexcept
{
    forget_idle(&who);
    if (who.prev_ != nullptr)
        who.prev_->next_ = who.next_;
    else
        first_ = who.next_;
    if (who.next_ != nullptr)
        who.next_->prev_ = who.prev_;
    if (share_next_ == &who)
        share_next_ = who.next_;
    delete &who;
}

void server::watch_clock(session& who, std::uint32_t due)
{
    wheel_.link(who, due);
    if (armed_for_ == 0 || who.linked_for() < armed_for_)
        arm();
}

void server::arm()
{
    std::uint32_t due = wheel_.earliest();
    if (certificates_due_ != 0)
        due = due == 0 ? certificates_due_ : std::min(due, certificates_due_);
    if (full() && !draining_ && looked_for_idle_ != 0)
        due = due == 0 ? second_ + 1 : std::min(due, second_ + 1);
    armed_for_ = due;
    if (due == 0) {
        timer_.cancel();
        return;
    }
    // The coarse clock lags behind by some milliseconds: too early would mean twice.
    constexpr milliseconds lag{20};
    const std::uint32_t here = second();
    timer_.expires_after(seconds{due > here ? due - here : 1} + lag);
    timer_.async_wait([this, alive = std::weak_ptr{life_}](const boost::system::error_code& ec) {
        // One that is queued already can no longer be cancelled.
        if (!ec && !alive.expired())
            tick();
    });
}

void server::look_at_certificates()
{
    options_.tls->look_at_files(loop_);
    // All workers have the same: one of them tells, and there always is a slot 0.
    if (options_.slot == 0)
        options_.tls->tell_of_ends(machine_clock()());
    constexpr std::uint32_t every = 60;
    certificates_due_ = second_ + every;
    if (armed_for_ == 0 || certificates_due_ < armed_for_)
        arm();
}

std::span<const tls::certificate_life> server::certificates() const noexcept
{
    if (!options_.tls)
        return {};
    return options_.tls->certificates();
}

void server::tick()
{
    look_at_clock();
    if (certificates_due_ != 0 && second_ >= certificates_due_)
        look_at_certificates();
    const bool all = wheel_.expire(second(), timer_wheel::turn,
                                   [](timer_entry& who) { static_cast<session&>(who).on_time(); });
    if (!all) {
        boost::asio::post(loop_, [this, alive = std::weak_ptr{life_}] {
            if (!alive.expired())
                tick();
        });
    }
    keep_a_place_free();
    arm();
}

void server::close_idle()
{
    for (session* each = first_; each != nullptr;) {
        session& who = *each;
        each = each->next_;
        who.close_if_idle();
    }
}

awaitable<> server::settle(nanoseconds budget)
{
    // A client may have sent its next request just now; on an idle connection we hear of it after
    // a round trip. What comes in this time is answered, and told to close.
    const nanoseconds grace = std::min<nanoseconds>(milliseconds{50}, budget / 4);
    co_await sleep_for(grace);
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (connections_ != 0 && !stopped(stop)) {
        if (running_ == 0)
            close_idle();
        if (connections_ != 0)
            co_await changed_.wait();
    }
}

awaitable<std::size_t> server::drain(nanoseconds budget)
{
    using namespace asio::experimental::awaitable_operators;
    draining_ = true;
    bid_all(farewell::drain);
    if (connections_ != 0) {
        auto race = settle(budget) || sleep_for(budget);
        co_await std::move(race);
    }
    const std::size_t left = connections_;
    stop();
    // Deadline: none. Every coroutine has been cancelled; one that does not heed it keeps us here
    // until whoever supervises this process loses patience.
    co_await coroutines_.join();
    co_return left;
}

void server::stop()
{
    draining_ = true;
    for (session* each = first_; each != nullptr;) {
        session& who = *each;
        each = each->next_;
        who.cut();
    }
    coroutines_.stop();
    bid_all(farewell::cut);
    certificates_due_ = 0;
    timer_.cancel();
    changed_.notify_all();
}

}  // namespace cohort::http
