// How a worker drains and takes leave.

#include <cohort/worker/core.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace cohort::work {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds farewell_patience = 500ms;
constexpr nanoseconds heirs_longest = 10s;  // until they have made room for what we hand over
constexpr nanoseconds look_again = 20ms;    // while draining: sockets, lanes, a main that waits

}  // namespace

void core::begin_drain()
{
    if (budget_ <= 0ns)
        budget_ = terms_.stop_timeout > 0ns ? terms_.stop_timeout : nanoseconds{30s};
    arm_deadline(budget_);
    board::flight::note(
        {.kind = board::flight_kind::stage, .text = told_ ? "drains, as it was told" : "drains"});
    if (kept_ && !told_ && !last_one_)
        hall_->expect_successor();
    // Those that are to take many connections need time for it; but who still waits for an answer
    // waits meanwhile.
    hall_->wait_for_heirs_at_most(std::clamp<nanoseconds>(budget_ / 2, 1ms, heirs_longest));
    if (welcomed_)
        board::set(hall_->row().stage, static_cast<std::uint32_t>(board::stage::draining));
    hall_->close(last_one_ ? hall::rest_of_queue::take : hall::rest_of_queue::leave);
    // After the confirmations of all that we took: the primary gives the rest to others now.
    link_->post(ipc::letter(ipc::kind::leaving));
    stopping_.notify_all();
    tell(on_stop_);
    hooks_begun_ = true;
    for (std::size_t i = 0; i < on_drain_.size(); ++i)
        finishing_.spawn(finish_with(on_drain_[i], budget_));
    changed_.notify_all();
}

void core::on_drain(drain_function finish)
{
    on_drain_.push_back(std::move(finish));
    if (hooks_begun_)
        finishing_.spawn(finish_with(on_drain_.back(), budget_));
}

awaitable<> core::finish_with(drain_function& finish, nanoseconds budget)
{
    co_await finish(budget);
}

/// Does a handler run on a lane, or wait for one? It may outlast its client, and nobody says when
/// it ends.
bool core::computes() noexcept { return lanes::of(loop_).busy() != 0; }

awaitable<> core::until_drained()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    co_await until_stopping();
    co_await finishing_.join();
    // What a lane uses is mostly main's, and ends with it. Deadline: the drain's, at which the
    // worker leaves and main stays where it is.
    asio::steady_timer again{loop_};
    while (computes() && !stopped(stop)) {
        again.expires_after(look_again);
        co_await again.async_wait(use_tuple);
    }
}

awaitable<> core::wait_until_done()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    asio::steady_timer again{loop_};
    while (!stopped(stop) && drain_.now() != phase::leaving) {
        const bool draining = drain_.now() == phase::draining;
        if ((welcomed_ || draining) && nothing_left()) {
            nudge_by(nudge::nothing_left);
            co_return;
        }
        // Plain sockets close without telling us, and lanes end so: the beat looks at them, which
        // is soon enough except for who leaves. Of everything else we hear.
        const bool computing = computes();  // first: they may end between the two questions
        const bool main_waits = only_main_waits();
        if (!draining || (!main_waits && hall_->connections() == 0 && !computing)) {
            co_await changed_.wait();
            continue;
        }
        again.expires_after(look_again);
        co_await again.async_wait(use_tuple);
        // Not at the first look: what it waited for may have come this very moment.
        if (main_waits && only_main_waits()) {
            main_told_ = true;
            end_main_.emit(asio::cancellation_type::terminal);
        }
    }
}

bool core::nothing_left()
{
    if (main_running_ || programs_.size() != 0 || finishing_.size() != 0 || computes())
        return false;
    if (hall_->connections() != 0)
        return false;
    if (drain_.now() == phase::draining)
        return true;
    // Main may end early and leave the work to handlers, servers and spawned coroutines.
    return welcomed_ && !hall_->serves() && !link_->has_handler() && on_drain_.empty();
}

/// Nothing is in flight, but main waits for something that will not come any more.
bool core::only_main_waits()
{
    return drain_.now() == phase::draining && main_running_ && !main_told_ &&
           programs_.size() == 0 && finishing_.size() == 0 && hall_->connections() == 0 &&
           !computes();
}

awaitable<> core::say_farewell()
{
    ipc::farewell words;
    words.code = code_;
    words.reason = reason_;
    auto letter = ipc::letter(ipc::kind::farewell, ipc::encode(words));
    if (kept_) {
        // The answer comes once the keeper knows whether somebody shall follow us.
        auto heard = link_->ask(std::move(letter), "take leave");
        static_cast<void>(co_await with_deadline(std::move(heard), farewell_patience));
    } else {
        link_->post(std::move(letter));
    }
    static_cast<void>(co_await link_->flush(farewell_patience));
    loop_.stop();
}

void core::last_words()
{
    hall_->shut();
    board::flight::note({.kind = board::flight_kind::stage,
                         .number = static_cast<std::uint16_t>(code_),
                         .text = reason_.empty() ? std::string_view{"leaves"} : reason_});
    if (welcomed_)
        board::set(hall_->row().stage, static_cast<std::uint32_t>(board::stage::leaving));
    if (link_->is_open()) {
        asio::co_spawn(loop_, say_farewell(), [](std::exception_ptr) {});
        const auto until = cohort::now() + 2 * farewell_patience;
        // What escapes from the program now has no hearer any more.
        while (cohort::now() < until) {
            try {
                loop_.restart();
                loop_.run_until(until);
                break;
            } catch (const std::exception& thrown) {
                log::error("exception escaped while leaving: {}", thrown.what());
            }
        }
    }
    log::flush_waiting(100);
}

}  // namespace cohort::work
