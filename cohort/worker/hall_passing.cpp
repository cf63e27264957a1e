// How connections go from slot to slot without being lost or doubled, whoever dies on the way.

#include <cohort/worker/hall.hpp>

#include <cohort/base/fault_point.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/net/kernel_position.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/net/socket_option.hpp>
#include <cohort/observe/log.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cohort::work {

namespace {

constexpr std::string_view to_successor = "successor";

/// Between two requests, with nothing in anybody's buffers; passing: under way with a ticket.
/// Whoever finds it goes on at these positions; what the words said of an earlier connection under
/// this number must not count. False: the journal has no room for such a number.
bool note(board::journal& in, int descriptor, board::connection_state state,
          const net::handover& at) noexcept
{
    board::connection_record* const record = in.record(descriptor);
    if (record == nullptr)
        return false;
    state.base = state.parsed = at.taken;
    state.out_base = state.composed = at.given;
    state.requests = at.requests;
    record->taken.store(at.taken, std::memory_order_release);
    record->given.store(at.given, std::memory_order_release);
    record->commit(state);
    return true;
}

board::connection_state under_way(board::ticket which) noexcept
{
    board::connection_state state;
    state.now = board::standing::passing;
    state.ticket = static_cast<std::uint32_t>(which);
    return state;
}

bool is_recorded(board::journal& in, int descriptor) noexcept
{
    const board::connection_record* const record = in.record(descriptor);
    return record != nullptr && record->state().now != board::standing::free;
}

/// In the flight recorder. A connection that nobody has served yet is nothing to tell of.
void tell_handed(const net::handover& about, std::uint32_t to, std::string_view how = {}) noexcept
{
    if (about.what == net::handover::kind::moved)
        board::flight::count({.kind = board::flight_kind::handed,
                              .number = static_cast<std::uint16_t>(to),
                              .text = how});
}

void forget(board::journal& in, int descriptor) noexcept
{
    if (board::connection_record* const record = in.record(descriptor))
        record->commit({});
}

}  // namespace

board::journal* hall::lend_journal() noexcept
{
    if (!std::exchange(journal_lent_, true))
        return journal_;
    if (journal_ != nullptr)
        journal_->header().strangers.store(1, std::memory_order_release);
    return nullptr;
}

std::uint32_t hall::endpoint_of(int connection) noexcept
{
    const auto local = net::local_endpoint(connection);
    if (!local)
        return 0;
    const bool internet = local->kind() == net::endpoint::family::tcp;
    // One that listens on all addresses has it only if none listens on this one alone.
    std::uint32_t found = 0;
    for (const auto& [number, where] : endpoints_) {
        if (where == *local)
            return number;
        if (internet && where.kind() == local->kind() && where.port() == local->port())
            found = number;
    }
    return found;
}

bool hall::give(std::uint32_t to, unique_fd& connection, net::handover about) noexcept
{
    about.from_slot = slot_;
    about.sequence = ++given_;
    const int end = neighbours_[to].borrow();
    if (journal_ == nullptr) {
        const bool given = net::give(end, connection, about).has_value();
        if (given)
            tell_handed(about, to);
        return given;
    }
    const int number = connection.borrow();
    const auto tickets = board_->tickets();
    const auto offered = tickets.offer(
        {.from = slot_, .to = to, .endpoint = about.endpoint, .cookie = net::cookie_of(number)},
        now());
    if (!offered)
        return false;
    board::connection_record* const record = journal_->record(number);
    const board::connection_state before =
        record != nullptr ? record->state() : board::connection_state{};
    static_cast<void>(note(*journal_, number, under_way(*offered), about));
    fault_point("hall.offered");
    about.ticket = static_cast<std::uint32_t>(*offered);
    if (net::give(end, connection, about)) {
        fault_point("hall.given");
        forget(*journal_, number);
        tell_handed(about, to);
        return true;
    }
    if (record != nullptr)
        record->commit(before);
    static_cast<void>(tickets.revoke(*offered));
    tickets.settle(*offered);
    return false;
}

bool hall::win(net::arrival& got) noexcept
{
    const auto which = static_cast<board::ticket>(got.about.ticket);
    const int number = got.connection.borrow();
    // First of all we write down that we have it: a successor shall find both, or neither.
    if (journal_ != nullptr)
        static_cast<void>(note(*journal_, number, under_way(which), got.about));
    fault_point("hall.noted");
    const bool won = board_->tickets().take(which);
    fault_point("hall.taken");
    if (won)
        return true;
    // In this order: a copy of somebody's connection must not be found without its ticket.
    got.connection.reset();
    fault_point("hall.lost");
    if (journal_ != nullptr)
        forget(*journal_, number);
    return false;
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
    if (successor_comes_)
        return true;
    look_around();
    return std::ranges::any_of(
        loads_, [this](const net::load& each) { return each.slot != slot_ && each.accepting; });
}

hall::outcome hall::offer_around(unique_fd& connection, const net::handover& about) noexcept
{
    look_around();
    std::ranges::sort(loads_, {}, &net::load::connections_open);
    outcome so_far = outcome::nobody;
    for (const net::load& each : loads_) {
        if (each.slot == slot_ || !each.accepting)
            continue;
        if (give(each.slot, connection, about))
            return outcome::gone;
        so_far = outcome::later;
    }
    if (!successor_comes_)
        return so_far;
    if (leave_behind(connection, about))
        return outcome::gone;
    if (slot_ >= neighbours_.size() || !neighbours_[slot_].valid())
        return so_far;
    // Without a ticket: nobody can take it as long as we are here.
    net::handover mine = about;
    mine.from_slot = slot_;
    const int number = connection.borrow();
    if (const auto given = net::give(neighbours_[slot_].borrow(), connection, mine); !given)
        return given.error().why() == errc::queue_full ? outcome::later : so_far;
    if (journal_ != nullptr)
        forget(*journal_, number);
    tell_handed(about, slot_, to_successor);
    return outcome::gone;
}

/// To whoever follows us in this slot it looks as if we had died: that is how he gets it.
bool hall::leave_behind(unique_fd& connection, const net::handover& at) noexcept
{
    board::connection_state idle;
    idle.now = board::standing::idle;
    if (orphaned_ || journal_ == nullptr || !note(*journal_, connection.borrow(), idle, at))
        return false;
    left_.push_back({connection.release(), at});
    tell_handed(at, slot_, to_successor);
    return true;
}

void hall::expect_nobody() noexcept
{
    if (orphaned_)
        return;
    successor_comes_ = false;
    take_back_what_was_left();
}

void hall::take_back_what_was_left() noexcept
{
    for (const left_open& each : std::exchange(left_, {})) {
        unique_fd connection{each.descriptor};
        if (move_on(connection, each.at))
            continue;
        forget(*journal_, each.descriptor);
        log::warn("closed a connection that was left for a successor: nobody can take it");
    }
}

/// Of a connection that was served. False: nobody would know where it belongs.
bool hall::address(const unique_fd& connection, net::handover& about) noexcept
{
    about.what = net::handover::kind::moved;
    if (about.endpoint == 0)
        about.endpoint = endpoint_of(connection.borrow());
    return about.endpoint != 0;
}

bool hall::move_on(unique_fd& connection, net::handover about) noexcept
{
    if (!address(connection, about))
        return false;
    for (;;) {
        const outcome done = offer_around(connection, about);
        if (done != outcome::later)
            return done == outcome::gone;
        // So many are under way that no ticket is left, or no room: those who take need a moment.
        if (patience_ <= nanoseconds::zero())
            return false;
        patience_ -= milliseconds{1};
        ::poll(nullptr, 0, 1);
    }
}

bool hall::claim(int descriptor, std::uint64_t cookie)
{
    const auto tickets = board_->tickets();
    std::optional<board::ticket> held;
    bool anothers = false;
    for (const auto& each : tickets.about(cookie)) {
        if (each.terms.to == slot_ && !held && tickets.hold(each.which))
            held = each.which;
        else if (each.terms.from == slot_ && !held && tickets.revoke(each.which))
            held = each.which;
        else
            anothers = true;
    }
    if (!held)
        return !anothers;
    // It lay between two requests, or was fresh: what the kernel says is where it stands.
    net::handover at;
    if (const auto kernel = net::read_position(descriptor); kernel && kernel->exact) {
        at.taken = kernel->taken;
        at.given = kernel->given;
    }
    static_cast<void>(note(*journal_, descriptor, under_way(*held), at));
    return true;
}

std::vector<int> hall::take_found()
{
    std::vector<int> all = std::exchange(found_, {});
    if (journal_ == nullptr)
        return all;
    std::vector<std::uint64_t> known;
    for (const int each : all) {
        if (is_recorded(*journal_, each))
            known.push_back(net::cookie_of(each));
    }
    // What came out of an inbox and was not written down may be a copy of what is still in it, or
    // of what somebody else has: two servers of one connection would tear it apart.
    std::erase_if(all, [&](int each) {
        if (is_recorded(*journal_, each))
            return false;
        const std::uint64_t cookie = net::cookie_of(each);
        if (std::ranges::find(known, cookie) == known.end() && claim(each, cookie)) {
            known.push_back(cookie);
            return false;
        }
        unique_fd{each}.reset();
        return true;
    });
    // Adopting runs requests again, and who dies of them has not died of its start.
    if (!all.empty())
        say_ready();
    return all;
}

std::size_t hall::hand_on_found() noexcept
{
    return std::erase_if(found_, [this](int each) {
        if (journal_ == nullptr || !is_recorded(*journal_, each))
            return false;
        const board::connection_state state = journal_->record(each)->state();
        const auto at = net::read_position(each);
        const bool between = state.now == board::standing::idle &&
                             !state.has(board::mark::client_ended) && at && at->exact &&
                             at->taken == state.parsed && at->given == state.composed;
        if (!between)
            return false;
        unique_fd connection{each};
        net::handover about;
        about.taken = at->taken;
        about.given = at->given;
        about.requests = state.requests;
        if (move_on(connection, about))
            return true;
        static_cast<void>(connection.release());  // for who adopts the rest
        return false;
    });
}

void hall::close_what_nobody_adopts() noexcept
{
    if (found_.empty() || journal_lent_ || !listens())
        return;
    // No HTTP server is here to go on with them: without this their clients would wait for ever.
    for (const int each : std::exchange(found_, {})) {
        unique_fd{each}.reset();
        forget(*journal_, each);
    }
    settle();
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
    // And what the dead had won and not settled: no record speaks of it any more.
    board_->tickets().settle_all(slot_);
}

}  // namespace cohort::work
