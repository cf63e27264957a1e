#include <cohort/worker/link.hpp>

#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/stacks.hpp>

#include <boost/asio/post.hpp>

#include <exception>
#include <optional>
#include <utility>

#include <unistd.h>

namespace cohort::work {

namespace {

constexpr auto user = static_cast<std::uint16_t>(ipc::kind::user);

fault hung_up() { return {make_error_code(errc::channel_closed), "talk to the primary"}; }

ipc::envelope refusal(const ipc::envelope& request, const fault& why)
{
    auto reply = ipc::answer_to(request);
    reply.flags |= ipc::flags::refusal;
    reply.body = ipc::encode(why);
    return reply;
}

}  // namespace

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

void link::on_message(message_handler take)
{
    take_ = take ? std::make_shared<message_handler>(std::move(take)) : nullptr;
    release_held();
}

void link::on_request(request_handler answer)
{
    answer_ = answer ? std::make_shared<request_handler>(std::move(answer)) : nullptr;
    release_held();
}

void link::release_held()
{
    std::deque<ipc::envelope> waiting;
    waiting.swap(held_);
    held_bytes_ = 0;
    overflow_told_ = false;
    for (ipc::envelope& each : waiting)
        user_message(std::move(each));
}

void link::hold(ipc::envelope&& what)
{
    // The channel must be read on: the order to drain, and the primary's end, come the same way.
    const std::size_t size = what.body.size();
    if (held_.size() < held_max && size <= held_bytes_max - held_bytes_) {
        held_bytes_ += size;
        held_.push_back(std::move(what));
        return;
    }
    if (!std::exchange(overflow_told_, true))
        log::warn("{} messages wait for a handler; dropping new ones until one is set",
                  held_.size());
    if (what.is(ipc::flags::request)) {
        const fault why(make_error_code(errc::queue_full), "answer request", "no handler yet");
        post(refusal(what, why));
    }
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

void link::user_message(ipc::envelope&& what)
{
    const bool wants_answer = what.is(ipc::flags::request);
    if (wants_answer ? !has_handler() : !take_) {
        hold(std::move(what));
        return;
    }
    if (wants_answer) {
        tasks_.spawn(answer(std::move(what)));
        return;
    }
    const std::uint32_t from = what.from;
    auto message = ipc::message::decode(std::move(what));
    if (!message) {
        log::warn("dropped a message: {}; going on", message.error().text());
        return;
    }
    try {
        const auto take = take_;
        (*take)(from, *message);
    } catch (const std::exception& thrown) {
        guide_.escaped(thrown.what());
    }
}

awaitable<> link::answer(ipc::envelope request)
{
    ipc::envelope reply = ipc::answer_to(request);
    const auto handler = answer_;
    const unsigned asked_in = turn_;
    if (!handler) {
        const fault why(make_error_code(errc::not_supported), "answer request");
        post(refusal(request, why));
        co_return;
    }
    const std::uint32_t from = request.from;
    ipc::envelope asked{user};
    asked.flags = request.flags;
    asked.body = std::move(request.body);
    asked.cargo = std::move(request.cargo);
    auto question = ipc::message::decode(std::move(asked));
    if (!question) {
        post(refusal(request, question.error()));
        co_return;
    }

    std::optional<fault> refused;
    try {
        auto said = co_await (*handler)(from, std::move(*question));
        auto encoded = ipc::message::encode(said, user);
        if (encoded) {
            encoded->flags |= ipc::flags::answer;
            encoded->from = reply.from;
            encoded->to = reply.to;
            encoded->correlation = reply.correlation;
            reply = *std::move(encoded);
        } else {
            refused = encoded.error();
        }
    } catch (const std::exception& thrown) {
        refused = fault(make_error_code(errc::answer_failed), "answer request", thrown.what());
    }
    if (asked_in != turn_)
        co_return;  // who asked is dead, and the next primary counts its questions anew
    if (refused)
        reply = refusal(request, *refused);
    post(std::move(reply));
}

awaitable<result<>> link::send(std::uint32_t to, ipc::message what)
{
    if (!is_open())
        co_return std::unexpected(hung_up());
    COHORT_CO_TRY(auto out, ipc::message::encode(what, user));
    out.to = to;
    if (to == 0)
        co_return co_await channel_.send(std::move(out));

    // The primary's receipt says whether there is such a worker.
    out.flags |= ipc::flags::receipt;
    COHORT_CO_TRY(co_await ask(std::move(out), "send to worker"));
    co_return result<>{};
}

awaitable<result<>> link::broadcast(ipc::message what)
{
    if (!is_open())
        co_return std::unexpected(hung_up());
    COHORT_CO_TRY(auto out, ipc::message::encode(what, user));
    out.flags |= ipc::flags::broadcast;
    co_return co_await channel_.send(std::move(out));
}

awaitable<result<ipc::message>> link::request(std::uint32_t to, ipc::message what,
                                              nanoseconds budget)
{
    if (!is_open())
        co_return std::unexpected(hung_up());
    COHORT_CO_TRY(auto out, ipc::message::encode(what, user));
    out.to = to;
    COHORT_CO_TRY(auto reply, co_await calls_.ask(std::move(out), budget));
    if (reply.is(ipc::flags::refusal))
        co_return std::unexpected(ipc::decode_fault(reply.body, "request"));
    co_return ipc::message::decode(std::move(reply));
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
