#include <cohort/primary/post_office.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/base/try.hpp>
#include <cohort/observe/letter_span.hpp>
#include <cohort/observe/log.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace cohort::primary {

namespace {

constexpr auto user = static_cast<std::uint16_t>(ipc::kind::user);

fault no_such(std::uint32_t id)
{
    return {make_error_code(errc::no_such_worker), "send to worker", std::to_string(id)};
}

fault is_gone(std::uint32_t id)
{
    return {make_error_code(errc::worker_gone), "ask worker", std::to_string(id)};
}

/// The same message with duplicates of its descriptors. Errors: EMFILE.
result<ipc::envelope> copy_of(const ipc::envelope& what)
{
    ipc::envelope copy{what.kind, what.body};
    copy.flags = what.flags;
    copy.from = what.from;
    for (const unique_fd& each : what.cargo) {
        COHORT_TRY(auto twin, duplicate(each));
        copy.cargo.push_back(std::move(twin));
    }
    return copy;
}

observe::span sending(ipc::message& what, literal name)
{
    return observe::begin_sending(what.origin(), observe::span_kind::producer, name);
}

/// channel::send has no deadline of its own.
awaitable<result<>> send_within(worker_ptr to, ipc::envelope what, nanoseconds budget)
{
    auto work = to->channel().send(std::move(what));
    co_return co_await with_deadline(std::move(work), budget);
}

}  // namespace

worker_ptr post_office::find(std::uint32_t id) const
{
    const auto at = workers_.find(id);
    return at != workers_.end() && at->second->connected() ? at->second : nullptr;
}

void post_office::arrived(const worker_ptr& from, ipc::envelope what)
{
    what.from = from->id();  // what the sender claims is of no interest
    if (what.to != 0) {
        forward(from, std::move(what));
    } else if (what.is(ipc::flags::answer)) {
        from->calls().settle(std::move(what));
    } else {
        if (what.is(ipc::flags::broadcast))
            spread(from, what);
        deliver(from, std::move(what));
    }
}

void post_office::forward(const worker_ptr& from, ipc::envelope what)
{
    const worker_ptr to = find(what.to);
    if (what.is(ipc::flags::answer)) {
        auto& open = open_[from->id()];
        std::erase_if(open, [&](const asked& each) {
            return each.asker == what.to && each.correlation == what.correlation;
        });
        if (to)
            pass(from, to, std::move(what));
        return;
    }
    if (!to) {
        if (what.is(ipc::flags::request))
            refuse(from, what, no_such(what.to));
        return;
    }
    if (what.is(ipc::flags::receipt)) {
        auto receipt = ipc::answer_to(what);
        what.flags &= static_cast<std::uint16_t>(~(ipc::flags::request | ipc::flags::receipt));
        what.correlation = 0;
        pass(from, to, std::move(what));
        static_cast<void>(from->channel().try_send(receipt));
        return;
    }
    if (what.is(ipc::flags::request)) {
        auto& open = open_[to->id()];
        // The oldest has mostly run into its asker's deadline by now; if not, all it loses is the
        // early word of the answerer's death.
        if (open.size() == open_max)
            open.erase(open.begin());
        open.push_back({from->id(), what.correlation});
    }
    pass(from, to, std::move(what));
}

void post_office::pass(const worker_ptr& from, const worker_ptr& to, ipc::envelope what)
{
    const auto passed = to->channel().try_send(what);
    if (passed)
        return;
    if (passed.error().why() != errc::queue_full) {
        audience_.failed(from->info(), passed.error());
        return;
    }
    if (++waiting_relays_[from->id()] == pending_max)
        from->channel().pause();
    tasks_.spawn(pass_later(from, to, std::move(what)));
}

awaitable<> post_office::pass_later(worker_ptr from, worker_ptr to, ipc::envelope what)
{
    // Deadline: the receiver's life; heartbeats see to it that a stuck one ends.
    const auto passed = co_await to->channel().send(std::move(what));
    if (!passed)
        audience_.failed(from->info(), passed.error());
    const auto at = waiting_relays_.find(from->id());
    if (at == waiting_relays_.end())
        co_return;
    if (at->second-- == pending_max && from->connected())
        from->channel().resume();
}

void post_office::spread(const worker_ptr& from, const ipc::envelope& what)
{
    for (const auto& [id, to] : workers_) {
        if (id == from->id() || !to->connected())
            continue;
        if (auto copy = copy_of(what))
            pass(from, to, *std::move(copy));
        else
            audience_.failed(from->info(), copy.error());
    }
}

void post_office::deliver(const worker_ptr& from, ipc::envelope what)
{
    if (what.is(ipc::flags::request)) {
        tasks_.spawn(answer(from, std::move(what)));
        return;
    }
    auto message = ipc::message::decode(std::move(what));
    if (!message) {
        log::warn("worker {} sent what is no message: {}; dropped", from->id(),
                  message.error().text());
        return;
    }
    const observe::span hearing =
        observe::begin_receiving(message->origin(), observe::span_kind::consumer, "hear");
    audience_.message(from->info(), *message);
}

void post_office::refuse(const worker_ptr& asker, const ipc::envelope& request, const fault& why)
{
    auto reply = ipc::answer_to(request);
    reply.flags |= ipc::flags::refusal;
    reply.body = ipc::encode(why);
    if (const auto sent = asker->channel().try_send(reply); !sent)
        log::debug("worker {} did not hear why: {}", asker->id(), sent.error().text());
}

awaitable<> post_office::answer(worker_ptr from, ipc::envelope request)
{
    auto reply = ipc::answer_to(request);
    auto question = ipc::message::decode(std::move(request));
    observe::span answering;
    std::optional<fault> refused;
    if (!question) {
        refused = question.error();
    } else {
        const worker_info who = from->info();
        answering =
            observe::begin_receiving(question->origin(), observe::span_kind::server, "answer");
        try {
            auto said = co_await audience_.answer(who, std::move(*question));
            auto encoded = ipc::message::encode(said, user);
            if (encoded) {
                reply.body = std::move(encoded->body);
                reply.cargo = std::move(encoded->cargo);
                reply.flags |= encoded->flags;
            } else {
                refused = encoded.error();
            }
        } catch (const failure& thrown) {
            refused = thrown.why();
        } catch (const std::exception& thrown) {
            refused = fault(make_error_code(errc::answer_failed), "answer request", thrown.what());
        }
    }
    if (refused) {
        reply.flags |= ipc::flags::refusal;
        reply.body = ipc::encode(*refused);
        answering.fail(refused->text());
    }
    answering.end();
    // A failure means that the asker is gone.
    static_cast<void>(co_await from->channel().send(std::move(reply)));
}

void post_office::gone(std::uint32_t id)
{
    waiting_relays_.erase(id);
    for (auto& [answerer, open] : open_)
        std::erase_if(open, [id](const asked& each) { return each.asker == id; });
    const auto at = open_.find(id);
    if (at == open_.end())
        return;
    for (const asked& each : at->second) {
        const worker_ptr asker = find(each.asker);
        if (!asker)
            continue;
        ipc::envelope request{user};
        request.from = each.asker;
        request.to = id;
        request.correlation = each.correlation;
        refuse(asker, request, is_gone(id));
    }
    open_.erase(at);
}

awaitable<result<>> post_office::send(std::uint32_t id, ipc::message what, nanoseconds budget)
{
    observe::span telling = sending(what, "tell a worker");
    return observe::until_done(std::move(telling), hand_over(id, std::move(what), budget));
}

awaitable<result<>> post_office::hand_over(std::uint32_t id, ipc::message what, nanoseconds budget)
{
    const worker_ptr to = find(id);
    if (!to)
        co_return std::unexpected(no_such(id));
    COHORT_CO_TRY(auto out, ipc::message::encode(what, user));
    co_return co_await send_within(to, std::move(out), budget);
}

result<> post_office::try_send(std::uint32_t id, ipc::message& what)
{
    const worker_ptr to = find(id);
    if (!to)
        return std::unexpected(no_such(id));
    std::string origin = what.origin();
    // It ends when this returns: what is queued is on its way.
    observe::span telling = sending(what, "tell a worker");
    COHORT_TRY(auto out, ipc::message::encode(what, user));
    auto sent = to->channel().try_send(out);
    if (!sent) {
        // Untouched is the promise: what was taken apart is put together again.
        if (auto again = ipc::message::decode(std::move(out)))
            what = *std::move(again);
        what.origin() = std::move(origin);
        telling.fail(sent.error().text());
    }
    return sent;
}

awaitable<result<>> post_office::broadcast(ipc::message what, nanoseconds budget)
{
    observe::span telling = sending(what, "tell everybody");
    return observe::until_done(std::move(telling), to_everybody(std::move(what), budget));
}

awaitable<result<>> post_office::to_everybody(ipc::message what, nanoseconds budget)
{
    COHORT_CO_TRY(const auto original, ipc::message::encode(what, user));
    const auto everyone = workers_;
    result<> outcome;
    for (const auto& [id, to] : everyone) {
        if (!to->connected())
            continue;
        auto copy = copy_of(original);
        if (!copy) {
            outcome = std::unexpected(copy.error());
            continue;
        }
        auto sent = co_await send_within(to, *std::move(copy), budget);
        if (!sent)
            outcome = std::unexpected(sent.error());
    }
    co_return outcome;
}

awaitable<result<ipc::message>> post_office::request(std::uint32_t id, ipc::message what,
                                                     nanoseconds budget)
{
    observe::span asking =
        observe::begin_sending(what.origin(), observe::span_kind::client, "ask a worker");
    return observe::until_done(std::move(asking), pose(id, std::move(what), budget));
}

awaitable<result<ipc::message>> post_office::pose(std::uint32_t id, ipc::message what,
                                                  nanoseconds budget)
{
    const worker_ptr to = find(id);
    if (!to)
        co_return std::unexpected(no_such(id));
    COHORT_CO_TRY(auto out, ipc::message::encode(what, user));
    COHORT_CO_TRY(auto reply, co_await to->calls().ask(std::move(out), budget));
    if (reply.is(ipc::flags::refusal))
        co_return std::unexpected(ipc::decode_fault(reply.body, "request"));
    co_return ipc::message::decode(std::move(reply));
}

}  // namespace cohort::primary
