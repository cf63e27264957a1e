// How a supervisor writes down where its seats stand, for the one that follows it.

#include <cohort/primary/supervisor.hpp>

#include <utility>

namespace cohort::primary {

namespace {

using board::held_number;

std::int64_t count(std::optional<steady_time> when) noexcept
{
    return when ? when->time_since_epoch().count() : 0;
}

int pidfd_of(worker_process& of) noexcept
{
    return of.own() != nullptr ? of.own()->pidfd().borrow() : of.kept()->pidfd().borrow();
}

}  // namespace

void supervisor::write_to(const board::ledger& book)
{
    book_ = &book;
    book.keep_from_children();
    dealer_.use(custody{book, board_.tickets()});
    listeners_.write_to(book);
    note_generations();
}

void supervisor::note_generations() noexcept
{
    if (book_ == nullptr)
        return;
    const auto commit = [this](board::ledger_role which, const generation_ptr& of) {
        board::ledger_generation words;
        if (of) {
            words.number = of->number();
            if (of->binary.valid())
                words.binary = held_number::of(of->binary.borrow());
            if (of->text.valid())
                words.settings = held_number::of(of->text.borrow());
        }
        book_->generation(which).commit(words);
    };
    // In this order: who dies in between leaves one that is named twice, and none that is lost.
    commit(board::ledger_role::previous, previous_);
    commit(board::ledger_role::current, current_);
}

void supervisor::note(seat& at) noexcept
{
    if (book_ == nullptr)
        return;
    board::ledger_seat words;
    words.used = true;
    words.inbox_give = held_number::of(at.inbox.give.borrow());
    words.inbox_take = held_number::of(at.inbox.take.borrow());
    words.hotline_give = held_number::of(at.hotline.give.borrow());
    words.hotline_take = held_number::of(at.hotline.take.borrow());
    words.occupied = !at.vacant();
    if (words.occupied)
        words.stage = static_cast<std::uint8_t>(at.life->now());
    words.replaced_when_dead = at.replaced_when_dead;
    words.stopped = at.stopped;
    words.generation = at.of ? at.of->number() : 0;
    words.deadline_ns = count(at.deadline);
    words.deaths = at.crashes.remember();
    if (chronicle_ != nullptr)
        words.ends = chronicle_->remember(at.slot);
    if (at.journal)
        words.journal = held_number::of(at.journal->fd().borrow());
    if (at.keeper) {
        words.keeper = at.keeper->process().pid();
        words.keeper_pidfd = held_number::of(at.keeper->process().pidfd().borrow());
        words.line = held_number::of(at.keeper->line());
        words.keeper_ends = at.keeper->ends();
    }
    if (at.tenant && !at.tenant->dead()) {
        worker_handle& who = *at.tenant;
        words.worker = who.info().pid;
        words.worker_pidfd = held_number::of(pidfd_of(who.process()));
        words.worker_id = who.id();
        words.born_ns = count(who.info().born);
        words.online = who.online_since().has_value();
        words.online_ns = count(who.online_since());
        words.listening_ns = count(who.listening_since());
        words.leaving = who.leaving();
        words.said_leaving = who.said_leaving();
        words.program = program_of(who);
    }
    book_->seat(at.slot).commit(words);
}

void supervisor::note_said(std::optional<config::worker_count> said) noexcept
{
    said_ = said;
    const std::uint32_t word = said ? said->low() << 16 | said->high() : 0;
    if (book_ != nullptr)
        book_->head().number.store(word, std::memory_order_release);
}

void supervisor::note_wanted(unsigned wanted) noexcept
{
    wanted_ = wanted;
    if (book_ != nullptr)
        book_->head().wanted.store(wanted, std::memory_order_release);
}

}  // namespace cohort::primary
