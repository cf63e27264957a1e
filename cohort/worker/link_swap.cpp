// How a worker's conversation goes on with another primary.

#include <cohort/worker/link.hpp>

#include <cohort/async/stop.hpp>

#include <utility>

namespace cohort::work {

namespace {

/// Does it mean the same to a primary that did not ask for it?
bool outlives_primary(const ipc::envelope& what)
{
    if (what.is(ipc::flags::request) || what.is(ipc::flags::answer))
        return false;
    switch (static_cast<ipc::kind>(what.kind)) {
        case ipc::kind::taken:
        case ipc::kind::refused:
        case ipc::kind::stray:
        case ipc::kind::leaving:
        case ipc::kind::farewell:
            return true;
        default:
            return false;  // hello says it, or it is the program's
    }
}

}  // namespace

void link::swap(ipc::channel over)
{
    ++turn_;
    lost_ = false;
    ipc::channel old = std::exchange(channel_, std::move(over));
    old.close();
    std::vector<ipc::envelope> unsent = old.take_unsent();
    calls_.fail_all(hung_up());
    // Whoever asked is dead; these words could only answer somebody else's question.
    std::erase_if(held_, [](const auto& each) { return each.is(ipc::flags::request); });

    auto introduction = hello();
    static_cast<void>(channel_.try_send(introduction));  // the first of all finds room
    std::erase_if(postponed_, [](const auto& each) { return !outlives_primary(each); });
    for (auto each = unsent.rbegin(); each != unsent.rend(); ++each) {
        if (outlives_primary(*each))
            postponed_.push_front(std::move(*each));
    }
    listen_to_channel();
    send_soon();
    turned_.notify_all();
}

awaitable<> link::until_swapped(unsigned turn)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (turn_ == turn && !lost_ && !stopped(stop))
        co_await turned_.wait();
}

}  // namespace cohort::work
