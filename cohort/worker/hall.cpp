#include <cohort/worker/hall.hpp>

#include <cohort/base/try.hpp>
#include <cohort/board/reading.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/net/limits.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/keeper.hpp>

#include <algorithm>
#include <utility>

namespace cohort::work {

using namespace std::chrono_literals;

hall::hall(asio::any_io_executor executor, net::poller& poller, link& primary, wakeup& changed)
    : executor_{executor},
      poller_{poller},
      primary_{primary},
      changed_{changed},
      inbox_{executor, poller, *this}
{}

void hall::inherit(board::journal& journal, std::vector<int> found)
{
    journal_ = &journal;
    found_ = std::move(found);
}

std::vector<std::uint32_t> hall::endpoints() const
{
    std::vector<std::uint32_t> numbers;
    for (const auto& each : doors_) {
        if (const auto kept = each.lock(); kept && kept->number() != 0)
            numbers.push_back(kept->number());
    }
    return numbers;
}

void hall::say_ready() noexcept
{
    // The keeper makes a standby then, and trusts that we do not die of our own start.
    if (journal_ != nullptr && !std::exchange(ready_told_, true))
        process::tell_ready(journal_->header());
}

result<> hall::open(const ipc::welcome& terms, std::vector<unique_fd> cargo)
{
    if (cargo.size() < 2)
        return failed(errc::malformed, "move into a slot", "board and inbox are missing");
    COHORT_TRY(board_, board::segment::attach(std::move(cargo[0])));
    if (terms.slot >= board_->slots())
        return failed(errc::malformed, "move into slot", std::to_string(terms.slot));
    inbox_.open(std::move(cargo[1]));
    id_ = terms.id;
    slot_ = terms.slot;
    connections_wanted_ = terms.connections_max;
    bound_connections();
    shares_ = terms.balance == "balanced";
    beat_limit_ = 2 * std::max(terms.beat, nanoseconds{10ms});
    balance_.emplace(slot_);
    opened_at_ = now();
    quarantine_.emplace(board_->quarantine());
    return {};
}

void hall::meet(const ipc::neighbours& who, std::vector<unique_fd> cargo) noexcept
{
    for (std::size_t i = 0; i < std::min(cargo.size(), who.slots.size()); ++i) {
        const std::uint32_t slot = who.slots[i];
        if (slot >= board::slots_max)
            continue;
        if (slot >= neighbours_.size())
            neighbours_.resize(slot + std::size_t{1});
        neighbours_[slot] = std::move(cargo[i]);
    }
    bound_connections();
}

void hall::bound_connections() noexcept
{
    // Whatever was wished for: who runs out of descriptors can serve nobody well.
    connections_max_ = net::connections_that_fit(neighbours_.size());
    if (connections_wanted_ != 0)
        connections_max_ = std::min(connections_max_, connections_wanted_);
}

void hall::add(const std::shared_ptr<door>& opened)
{
    doors_.push_back(opened);
    if (opened->number() != 0)
        endpoints_.emplace_back(opened->number(), opened->where());
    publish();
    say_ready();
    house_homeless();
}

door* hall::find(std::uint32_t number) noexcept
{
    if (number == 0)
        return nullptr;
    for (const auto& each : doors_) {
        if (const auto kept = each.lock(); kept && kept->number() == number)
            return kept.get();  // who calls holds no door longer than this turn
    }
    return nullptr;
}

void hall::close(rest_of_queue what)
{
    closing_ = true;
    publish();
    const auto doors = doors_;
    for (const auto& each : doors) {
        if (const auto kept = each.lock(); kept && what == rest_of_queue::take)
            kept->sweep(sweep_max);
    }
    // What is in the inbox was meant for us, and nobody is as near to it as we are; but for a
    // successor.
    house_homeless();
    if (orphaned_)
        inbox_.shut();
    else
        inbox_.empty_and_close();
    for (const auto& each : doors) {
        if (const auto kept = each.lock())
            kept->close();
    }
}

void hall::shut() noexcept
{
    closing_ = true;
    publish();
    // Before anybody says that we leave: what is not confirmed then is dealt to others.
    if (!taken_.empty() || !refused_.empty())
        batch_ended();
    inbox_.shut();
    for (const auto& each : doors_) {
        if (const auto kept = each.lock())
            kept->shut();
    }
}

void hall::closed(const door& which) noexcept
{
    std::erase_if(emptying_, [](const auto& each) { return each.expired(); });
    for (const auto& each : doors_) {
        if (const auto kept = each.lock(); kept.get() == &which && which.waiting() != 0)
            emptying_.push_back(each);
    }
    std::erase_if(doors_, [&](const auto& each) {
        const auto kept = each.lock();
        return !kept || kept.get() == &which;
    });
    if (const auto zero = zero_port_doors_.find(&which); zero != zero_port_doors_.end()) {
        // The count starts over when none is left, as in Node: a worker that listens again on port
        // 0 meets its siblings.
        if (--zero_ports_[zero->second].open == 0)
            zero_ports_.erase(zero->second);
        zero_port_doors_.erase(zero);
    }
    if (which.number() != 0) {
        leave_endpoint(which.number());
    }
    publish();
    changed_.notify_all();
}

bool hall::serves() const noexcept
{
    return std::ranges::any_of(doors_, [](const auto& each) {
        const auto kept = each.lock();
        return kept && kept->is_open() && kept->serves();
    });
}

std::size_t hall::connections() noexcept
{
    census_.look_at_all();
    publish();
    std::size_t untaken = 0;
    for (const auto* list : {&doors_, &emptying_}) {
        for (const auto& each : *list) {
            if (const auto kept = each.lock())
                untaken += kept->waiting();
        }
    }
    return census_.open() + untaken;
}

void hall::refresh() noexcept
{
    if (!row_lent_)
        census_.look_at_all();
    publish();
    house_homeless();
    if (also_on_beat_)
        also_on_beat_();
    // One without a door is ready when it has lived for a while.
    if (now() - opened_at_ > 1s) {
        say_ready();
        close_what_nobody_adopts();
    }
}

void hall::orphaned() noexcept
{
    orphaned_ = true;
    successor_comes_ = true;
    take_back_what_was_left();
}

board::slot& hall::lend_row() noexcept
{
    row_lent_ = true;
    return row();
}

bool hall::full() const noexcept
{
    if (!board_)
        return false;
    const auto open = board_->row(slot_).connections_open.load(std::memory_order_relaxed);
    return open >= connections_max_;
}

void hall::publish() noexcept
{
    if (!board_)
        return;
    board::slot& mine = row();
    if (!row_lent_)
        board::set(mine.connections_open, static_cast<std::uint32_t>(census_.open()));
    const bool open = std::ranges::any_of(doors_, [](const auto& each) {
        const auto kept = each.lock();
        return kept && kept->is_open();
    });
    board::set(mine.accepting, open && !closing_ && !full() && !inbox_.is_short() ? 1U : 0U);
}

void hall::look_around() noexcept
{
    const auto oldest = static_cast<std::int64_t>(now_ns()) - beat_limit_.count();
    loads_.clear();
    for (std::uint32_t slot = 0; slot < board_->slots(); ++slot) {
        const auto seen = board::read(board_->row(slot));
        if (!seen)
            continue;
        const bool reachable =
            slot == slot_ || (slot < neighbours_.size() && neighbours_[slot].valid() &&
                              static_cast<std::int64_t>(seen->beat_ns) >= oldest);
        loads_.push_back({.slot = slot,
                          .connections_open = seen->connections_open,
                          .lanes_busy = seen->lanes_busy,
                          .lanes = seen->lanes,
                          .inbox_taken_total = seen->inbox_taken_total,
                          .accepting = seen->accepting && reachable});
    }
}

nanoseconds hall::wait_before_accept() noexcept
{
    publish();
    if (full()) {
        if (!row_lent_ && census_.look_at_all())
            publish();
        if (full())
            return 20ms;
    }
    if (!shares_)
        return 0ns;
    look_around();
    return balance_->may_accept(loads_, now()) ? 0ns : nanoseconds{net::balanced::pause};
}

void hall::pass_on(const door& from, unique_fd& connection) noexcept
{
    if (!shares_ || from.number() == 0)
        return;
    look_around();
    const auto to = balance_->hand_to(loads_, now());
    if (!to || *to == slot_)
        return;
    net::handover about;
    about.endpoint = from.number();
    // Whatever goes wrong, the connection is still ours: one too many is better than one lost.
    if (!give(*to, connection, about))
        return;
    const auto at = std::ranges::find(loads_, *to, &net::load::slot);
    balance_->given(*at, now());
}

void hall::handed_out(int connection) noexcept
{
    census_.add(connection);
    census_.look(census_step);
    if (!row_lent_)
        board::add(row().connections_total, std::uint64_t{1});
    publish();
}

void hall::has_room() noexcept { inbox_.watch(); }

bool hall::wants_more() noexcept
{
    return std::ranges::any_of(doors_, [](const auto& each) {
        const auto kept = each.lock();
        return kept && kept->has_room();
    });
}

void hall::came(net::arrival got) noexcept
{
    board::add(row().inbox_taken_total, std::uint64_t{1});
    const bool dealt = got.about.from_slot == net::handover::from_primary;
    door* const at = find(got.about.endpoint);
    // A neighbour's connection is taken if at all possible; the primary has others to ask.
    const bool possible = at != nullptr && at->is_open();
    const bool moved = got.about.what == net::handover::kind::moved;
    const bool ours = possible && (closing_ || (!full() && (!dealt || at->has_room())));
    if (!ours && dealt) {
        refused_.push_back(got.about.sequence);
        return;
    }
    // The connection is whose the ticket says: who gave it may have taken it back.
    if (got.about.ticket != 0 && !win(got))
        return;
    const int number = got.connection.borrow();
    if (dealt)
        taken_.push_back(got.about.sequence);
    if (moved) {
        came_moved(std::move(got), possible);
        return;
    }
    if (ours) {
        at->deliver(std::move(got.connection));
        served(number, got.about.ticket);
        return;
    }
    served(number, got.about.ticket);
    ipc::unlisten about;
    about.endpoint = got.about.endpoint;
    auto words = ipc::letter(ipc::kind::stray, ipc::encode(about));
    words.cargo.push_back(std::move(got.connection));
    primary_.post(std::move(words));
}

void hall::batch_ended() noexcept
{
    if (!taken_.empty())
        primary_.post(ipc::letter(ipc::kind::taken, ipc::encode_taken(taken_)));
    publish();
    const bool is_short = inbox_.is_short();
    if (!refused_.empty() || is_short) {
        // Without any sequence it speaks of all that still lies in the inbox.
        ipc::refused words;
        words.sequences = refused_;
        words.why = is_short ? "no descriptor" : full() ? "connections_max" : "not accepting";
        primary_.post(ipc::letter(ipc::kind::refused, ipc::encode(words)));
    }
    taken_.clear();
    refused_.clear();
}

}  // namespace cohort::work
