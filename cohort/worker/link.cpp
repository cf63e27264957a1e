#include <cohort/worker/link.hpp>

#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/stacks.hpp>

#include <boost/asio/post.hpp>

#include <optional>
#include <utility>

#include <unistd.h>

namespace cohort::work {

fault link::hung_up() { return {make_error_code(errc::channel_closed), "talk to the primary"}; }

link::link(asio::any_io_executor executor, ipc::channel over, scope& tasks, guide& to)
    : channel_{std::move(over)},
      calls_{executor, channel_},
      tasks_{tasks},
      guide_{to},
      turned_{executor}
{}

/// With the sheet for our stacks, if there is one; a primary that does not get it sees less of us.
ipc::envelope link::hello() const
{
    ipc::hello words = guide_.introduction();
    words.pid = ::getpid();
    auto letter = ipc::letter(ipc::kind::hello, ipc::encode(words));
    if (auto sheet = process::stacks::share())
        letter.cargo.push_back(*std::move(sheet));
    return letter;
}

void link::start()
{
    post(hello());
    listen_to_channel();
}

void link::listen_to_channel()
{
    channel_.start([this](ipc::envelope&& what) noexcept { arrived(std::move(what)); },
                   [this](std::optional<fault> why) noexcept {
                       ended(why ? why->text() : std::string{"the primary hung up"});
                   });
}

void link::arrived(ipc::envelope&& what) noexcept
{
    if (what.is(ipc::flags::answer)) {
        settle(std::move(what));
        return;
    }
    switch (static_cast<ipc::kind>(what.kind)) {
        case ipc::kind::user:
            user_message(std::move(what));
            break;
        case ipc::kind::welcome:
            if (auto terms = ipc::decode<ipc::welcome>(what.body))
                guide_.welcomed(*std::move(terms), std::move(what.cargo));
            else
                malformed(terms.error());
            break;
        case ipc::kind::neighbours:
            if (const auto who = ipc::decode<ipc::neighbours>(what.body))
                guide_.met(*who, std::move(what.cargo));
            else
                malformed(who.error());
            break;
        case ipc::kind::drain:
            if (const auto order = ipc::decode<ipc::drain_order>(what.body))
                guide_.told_to_drain(*order);
            else
                malformed(order.error());
            break;
        case ipc::kind::share:
            if (const auto order = ipc::decode<ipc::share_order>(what.body))
                guide_.told_to_share(*order);
            else
                malformed(order.error());
            break;
        case ipc::kind::readiness_off:
            guide_.told_readiness_off();
            break;
        case ipc::kind::log_file:
            take_log(std::move(what));
            break;
        case ipc::kind::log_level:
            take_level(what);
            break;
        default:
            log::warn("the primary sent kind {}, which this build does not know; ignored",
                      what.kind);
    }
}

void link::settle(ipc::envelope&& what)
{
    const bool listens =
        static_cast<ipc::kind>(what.kind) == ipc::kind::listen && !what.is(ipc::flags::refusal);
    const std::string words = listens ? what.body : std::string{};
    const auto late = calls_.late();
    calls_.settle(std::move(what));
    if (!listens || calls_.late() == late)
        return;
    // Nobody waited for it any more, and the primary believes that we listen there.
    if (const auto answer = ipc::decode<ipc::listen_answer>(words)) {
        ipc::unlisten about;
        about.endpoint = answer->endpoint;
        post(ipc::letter(ipc::kind::unlisten, ipc::encode(about)));
    }
}

void link::malformed(const fault& why) noexcept
{
    log::error("the primary made no sense ({}); leaving it", why.text());
    channel_.close();
    ended("the primary made no sense");
}

awaitable<result<ipc::envelope>> link::ask(ipc::envelope what, literal doing)
{
    if (!is_open())
        co_return std::unexpected(hung_up());
    COHORT_CO_TRY(auto reply, co_await calls_.ask(std::move(what), patience));
    if (reply.is(ipc::flags::refusal))
        co_return std::unexpected(ipc::decode_fault(reply.body, doing));
    co_return std::move(reply);
}

void link::post(ipc::envelope what)
{
    if (lost_)
        return;
    if (!postponing_ && postponed_.empty()) {
        const auto queued = channel_.try_send(what);
        const bool later = !queued && (queued.error().why() == errc::queue_full ||
                                       queued.error().why() == errc::channel_closed);
        if (!later)
            return;
    }
    // No letter may overtake another: "leaving" before "taken" would deal a connection twice.
    postponed_.push_back(std::move(what));
    send_soon();
}

void link::send_soon()
{
    if (!postponing_ && !postponed_.empty() && channel_.is_open())
        postponing_ = tasks_.spawn(send_postponed()) != nullptr;
}

awaitable<> link::send_postponed()
{
    while (!postponed_.empty()) {
        const auto queued = channel_.try_send(postponed_.front());
        if (queued || queued.error().why() != errc::queue_full) {
            // Without a channel they wait for the next one, or for the word that there is none.
            if (!queued && queued.error().why() == errc::channel_closed)
                break;
            postponed_.pop_front();
            continue;
        }
        // Deadline: the channel's own end; it may be another channel when this returns.
        static_cast<void>(co_await channel_.flush(patience));
    }
    postponing_ = false;
}

awaitable<result<>> link::flush(nanoseconds budget)
{
    const steady_time until = now() + budget;
    while (postponing_ && is_open() && now() < until) {
        COHORT_CO_TRY(co_await channel_.flush(until - now()));
        co_await asio::post(asio::use_awaitable);  // who waited for room goes on
    }
    co_return co_await channel_.flush(until - now());
}

void link::close()
{
    channel_.close();
    lost_ = true;
    postponed_.clear();
    calls_.fail_all(hung_up());
    turned_.notify_all();
}

void link::ended(std::string_view why) noexcept
{
    if (lost_)
        return;
    switch (guide_.channel_ended()) {
        case guide::outlook::swapped:
            return;
        case guide::outlook::hope:
            // Letters wait for the next channel; answers of a dead primary do not come.
            channel_.close();
            calls_.fail_all(hung_up());
            return;
        case guide::outlook::none:
            give_up(why);
            return;
    }
}

void link::give_up(std::string_view why) noexcept
{
    if (std::exchange(lost_, true))
        return;
    postponed_.clear();
    calls_.fail_all(hung_up());
    turned_.notify_all();
    guide_.lost_primary(why);
}

}  // namespace cohort::work
