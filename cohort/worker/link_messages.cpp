// What the program's own messages do on the way.

#include <cohort/worker/link.hpp>

#include <cohort/base/try.hpp>
#include <cohort/observe/letter_span.hpp>
#include <cohort/observe/log.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace cohort::work {

namespace {

constexpr auto user = static_cast<std::uint16_t>(ipc::kind::user);

ipc::envelope refusal(const ipc::envelope& request, const fault& why)
{
    auto reply = ipc::answer_to(request);
    reply.flags |= ipc::flags::refusal;
    reply.body = ipc::encode(why);
    return reply;
}

observe::span sending(ipc::message& what, literal name)
{
    return observe::begin_sending(what.origin(), observe::span_kind::producer, name);
}

}  // namespace

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
    observe::span hearing =
        observe::begin_receiving(message->origin(), observe::span_kind::consumer, "hear");
    try {
        const auto take = take_;
        (*take)(from, *message);
    } catch (const std::exception& thrown) {
        hearing.fail(thrown.what());
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

    observe::span answering =
        observe::begin_receiving(question->origin(), observe::span_kind::server, "answer");
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
    if (refused)
        answering.fail(refused->text());
    answering.end();
    if (asked_in != turn_)
        co_return;  // who asked is dead, and the next primary counts its questions anew
    if (refused)
        reply = refusal(request, *refused);
    post(std::move(reply));
}

awaitable<result<>> link::send(std::uint32_t to, ipc::message what)
{
    observe::span telling =
        sending(what, to == 0 ? literal{"tell the primary"} : literal{"tell a worker"});
    return observe::until_done(std::move(telling), pass(to, std::move(what)));
}

awaitable<result<>> link::pass(std::uint32_t to, ipc::message what)
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
    observe::span telling = sending(what, "tell everybody");
    return observe::until_done(std::move(telling), spread(std::move(what)));
}

awaitable<result<>> link::spread(ipc::message what)
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
    const literal name = to == 0 ? literal{"ask the primary"} : literal{"ask a worker"};
    observe::span asking = observe::begin_sending(what.origin(), observe::span_kind::client, name);
    return observe::until_done(std::move(asking), pose(to, std::move(what), budget));
}

awaitable<result<ipc::message>> link::pose(std::uint32_t to, ipc::message what, nanoseconds budget)
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

}  // namespace cohort::work
