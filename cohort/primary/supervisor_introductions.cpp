// How workers learn of the inboxes of all others.

#include <cohort/primary/supervisor.hpp>

#include <cohort/async/stop.hpp>

#include <utility>

namespace cohort::primary {

void supervisor::introduce(const worker_ptr& who)
{
    // Only this policy has workers who pass fresh connections on by themselves. Kept workers hand
    // over what they serve when they leave; in need to whoever follows them.
    if (who->is_stranger() || (settings().balance != config::policy::balanced && !who->is_kept()))
        return;
    dealer_.look_after_inboxes();
    tasks_.spawn(introduce_all(who));
}

/// One after the other, for as long as it lives: a letter holds a descriptor until it has left, and
/// N workers that are born together would have N² of them.
awaitable<> supervisor::introduce_all(worker_ptr who)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    for (std::size_t next = 0; who->connected() && !stopped(stop);) {
        if (next == seats_.size()) {
            co_await seats_or_workers_.wait();
            continue;
        }
        const seat& at = *seats_[next++];
        if (at.slot == who->slot() && !who->is_kept())
            continue;
        auto end = duplicate(at.inbox.give);
        if (!end)
            continue;  // it will keep all it accepts
        ipc::neighbours words;
        words.slots.push_back(at.slot);
        auto letter = ipc::letter(ipc::kind::neighbours, ipc::encode(words));
        letter.cargo.push_back(*std::move(end));
        awaitable<result<>> sent = who->channel().send(std::move(letter));
        static_cast<void>(co_await std::move(sent));
    }
}

}  // namespace cohort::primary
