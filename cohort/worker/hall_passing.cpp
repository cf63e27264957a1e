// How connections go from slot to slot without being lost or doubled, whoever dies on the way.

#include <cohort/worker/hall.hpp>

#include <cohort/base/fault_point.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/net/socket_address.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace cohort::work {

namespace {

std::uint64_t cookie_of(int socket) noexcept
{
    std::uint64_t cookie = 0;
    socklen_t length = sizeof cookie;
    if (::getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &length) == -1)
        return 0;
    return cookie;
}

void note(board::journal& in, int descriptor, board::ticket which) noexcept
{
    board::connection_record* const record = in.record(descriptor);
    if (record == nullptr)
        return;
    board::connection_state state;
    state.now = board::standing::passing;
    state.ticket = static_cast<std::uint32_t>(which);
    record->commit(state);
}

void forget(board::journal& in, int descriptor) noexcept
{
    if (board::connection_record* const record = in.record(descriptor))
        record->commit({});
}

}  // namespace

board::journal* hall::lend_journal() noexcept
{
    return std::exchange(journal_lent_, true) ? nullptr : journal_;
}

std::uint32_t hall::endpoint_of(int connection) noexcept
{
    const auto local = net::local_endpoint(connection);
    if (!local)
        return 0;
    for (const auto& each : doors_) {
        const auto kept = each.lock();
        if (!kept || kept->number() == 0 || kept->where().kind() != local->kind())
            continue;
        const bool internet = local->kind() == net::endpoint::family::tcp;
        if (internet ? kept->where().port() == local->port() : kept->where() == *local)
            return kept->number();
    }
    return 0;
}

bool hall::give(std::uint32_t to, unique_fd& connection, net::handover about) noexcept
{
    about.from_slot = slot_;
    about.sequence = ++given_;
    const int end = neighbours_[to].borrow();
    if (journal_ == nullptr)
        return net::give(end, connection, about).has_value();

    const int number = connection.borrow();
    const auto tickets = board_->tickets();
    const auto offered = tickets.offer(
        {.from = slot_, .to = to, .endpoint = about.endpoint, .cookie = cookie_of(number)}, now());
    if (!offered)
        return false;
    note(*journal_, number, *offered);
    fault_point("hall.offered");
    about.ticket = static_cast<std::uint32_t>(*offered);
    if (net::give(end, connection, about)) {
        fault_point("hall.given");
        forget(*journal_, number);
        return true;
    }
    forget(*journal_, number);
    static_cast<void>(tickets.revoke(*offered));
    tickets.settle(*offered);
    return false;
}

bool hall::win(const net::arrival& got) noexcept
{
    const auto which = static_cast<board::ticket>(got.about.ticket);
    // First of all we write down that we have it: a successor shall find both, or neither.
    if (journal_ != nullptr)
        note(*journal_, got.connection.borrow(), which);
    fault_point("hall.noted");
    const bool won = board_->tickets().take(which);
    fault_point("hall.taken");
    if (!won && journal_ != nullptr)
        forget(*journal_, got.connection.borrow());
    return won;
}

void hall::served(int descriptor, std::uint32_t ticket) noexcept
{
    if (ticket == 0)
        return;
    // A server has written its own words over ours by now. Others keep no journal.
    if (journal_ != nullptr) {
        const board::connection_record* const record = journal_->record(descriptor);
        if (record != nullptr && record->state().now == board::standing::passing &&
            record->state().ticket == ticket)
            forget(*journal_, descriptor);
    }
    board_->tickets().settle(static_cast<board::ticket>(ticket));
}

bool hall::has_heirs() noexcept
{
    look_around();
    return std::ranges::any_of(
        loads_, [this](const net::load& each) { return each.slot != slot_ && each.accepting; });
}

bool hall::move_on(unique_fd& connection, net::handover about) noexcept
{
    about.what = net::handover::kind::moved;
    about.endpoint = endpoint_of(connection.borrow());
    if (about.endpoint == 0)
        return false;
    look_around();
    std::ranges::sort(loads_, {}, &net::load::connections_open);
    for (const net::load& each : loads_) {
        if (each.slot == slot_ || !each.accepting)
            continue;
        if (give(each.slot, connection, about))
            return true;
    }
    return false;
}

bool hall::is_ours(std::uint32_t ticket) noexcept
{
    const auto which = static_cast<board::ticket>(ticket);
    const auto tickets = board_->tickets();
    const bool ours = tickets.giver(which) == slot_ ? tickets.revoke(which) : tickets.hold(which);
    if (ours)
        won_.push_back(which);
    return ours;
}

void hall::settle() noexcept
{
    for (const board::ticket each : std::exchange(won_, {}))
        board_->tickets().settle(each);
}

}  // namespace cohort::work
