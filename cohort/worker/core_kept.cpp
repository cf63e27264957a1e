// How a worker with a keeper begins, and what it does when its keeper or its primary dies.

#include <cohort/worker/core.hpp>

#include <cohort/async/lanes.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <utility>

namespace cohort::work {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds hello_patience = 10ms;
constexpr nanoseconds hope_at_most = 10s;  // for the primary that follows a dead one

}  // namespace

result<std::unique_ptr<core>> core::open(unique_fd channel, heritage mine)
{
    COHORT_TRY(auto made, open(std::move(channel)));
    made->kept_ = true;
    // Its lines lie where a successor finds them; of others they would die with the worker.
    made->poller_.around_batches({.before = &log::hold, .after = &log::release});
    made->successor_ = mine.successor;
    made->told_ = mine.last;
    made->heritage_ = std::move(mine);
    return made;
}

core::core()
    : loop_{1},
      poller_{loop_},
      own_{loop_.get_executor()},
      programs_{loop_.get_executor(), &changed_},
      finishing_{loop_.get_executor(), &changed_},
      changed_{loop_.get_executor()},
      stopping_{loop_.get_executor()},
      hope_{loop_.get_executor()},
      deadline_{loop_.get_executor()}
{}

core::~core() = default;

awaitable<> core::begin_when_said()
{
    // What we go on with may hang us as it did the last worker: the primary must know whom it
    // watches. But nothing here depends on it.
    static_cast<void>(co_await link_->flush(hello_patience));
    begin_main();
}

void core::begin_kept()
{
    heritage mine = *std::move(heritage_);
    heritage_.reset();
    hall_->inherit(*mine.journal, std::move(mine.found));
    if (mine.cargo.size() > 2) {
        hotline::host& us = *this;
        hotline_ = std::make_unique<hotline>(loop_.get_executor(), poller_, us);
        hotline_->open(std::move(mine.cargo[2]));
    }
    welcomed(std::move(mine.terms), std::move(mine.cargo));
    own_.spawn(watch_keeper(std::move(mine.keeper)));
}

ipc::hello core::introduction() noexcept
{
    ipc::hello words;
    if (!welcomed_)
        return words;
    words.id = terms_.id;
    words.slot = terms_.slot;
    words.successor = successor_;
    words.leaving = told_ || drain_.now() != phase::running;
    words.endpoints = hall_->endpoints();
    return words;
}

link::guide::outlook core::channel_ended() noexcept
{
    if (!hotline_ || drain_.now() == phase::leaving)
        return outlook::none;
    if (hotline_->look())
        return outlook::swapped;
    if (!hotline_->is_open())
        return outlook::none;
    log::warn("the primary is gone; serving on until the next one calls");
    hope_.expires_after(hope_at_most);
    hope_.async_wait([this](const error_code& ec) {
        if (!ec)
            link_->give_up("no primary called");
    });
    return outlook::hope;
}

void core::called(unique_fd channel) noexcept
{
    auto over = ipc::channel::open(loop_.get_executor(), std::move(channel));
    if (!over) {
        log::error("cannot talk to the new primary: {}", over.error().text());
        return;
    }
    hope_.cancel();
    log::debug("another primary called");
    link_->swap(*std::move(over));
}

void core::hotline_ended() noexcept
{
    hope_.cancel();
    // With the root everything ends. The channel ends, too, unless its end was seen already.
    link_->give_up("root and primary are gone");
}

awaitable<> core::watch_keeper(unique_fd keeper)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    asio::posix::stream_descriptor door{loop_};
    error_code ec;
    door.assign(keeper.borrow(), ec);
    if (ec) {
        log::warn("cannot watch the keeper: {}; going on without", ec.message());
        co_return;
    }
    static_cast<void>(keeper.release());
    auto [broken] = co_await door.async_wait(asio::posix::descriptor_base::wait_read, use_tuple);
    if (broken || stopped(stop))
        co_return;
    // With us ends the table of descriptors now: connections find another home, and then we leave.
    log::error("the keeper of slot {} is dead; handing over and leaving", terms_.slot);
    beat_->stop();
    hall_->orphaned();
    lanes::of(loop_).mirror(hall_->row().lanes_busy);
    tell(on_orphaned_);
    nudge_by(nudge::own_will);
}

}  // namespace cohort::work
