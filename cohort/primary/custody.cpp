#include <cohort/primary/custody.hpp>

#include <cohort/base/fault_point.hpp>
#include <cohort/net/socket_option.hpp>

#include <utility>

namespace cohort::primary {

using board::parcel_stage;

namespace {

board::ticket ticket_of(std::uint32_t number) noexcept
{
    return static_cast<board::ticket>(number);
}

board::parcel_note note_of(const parcel& what, parcel_stage stage) noexcept
{
    return {.stage = stage,
            .endpoint = static_cast<std::uint16_t>(what.endpoint),
            .ticket = what.ticket};
}

}  // namespace

void custody::accepted(const parcel& what) const noexcept
{
    if (book_)
        book_->note(what.connection.borrow(), note_of(what, parcel_stage::waiting));
}

std::optional<std::uint32_t> custody::offer(parcel& what, std::uint32_t slot) const
{
    if (!book_)
        return 0;
    board::ticket_terms terms;
    terms.from = board::tickets::from_primary;
    terms.to = slot;
    terms.endpoint = what.endpoint;
    terms.cookie = net::cookie_of(what.connection.borrow());
    const auto offered = tickets_->offer(terms, now());
    if (!offered)
        return std::nullopt;
    what.ticket = static_cast<std::uint32_t>(*offered);
    fault_point("custody.offered");
    book_->note(what.connection.borrow(), note_of(what, parcel_stage::dealt));
    fault_point("custody.noted");
    return what.ticket;
}

bool custody::reclaim(parcel& what) const noexcept
{
    if (!book_ || what.ticket == 0)
        return true;
    const auto which = ticket_of(what.ticket);
    if (!tickets_->revoke(which))
        return false;
    what.ticket = 0;
    book_->note(what.connection.borrow(), note_of(what, parcel_stage::waiting));
    tickets_->settle(which);
    return true;
}

void custody::finish(parcel what) const noexcept
{
    if (!book_)
        return;
    const int number = what.connection.borrow();
    book_->note(number, note_of(what, parcel_stage::done));
    fault_point("custody.done");
    what.connection.reset();
    book_->note(number, {});
    // Who won it settles it; if he died first, nobody else would.
    if (what.ticket != 0)
        tickets_->settle(ticket_of(what.ticket));
}

std::optional<parcel> custody::receive(net::arrival got, steady_time when) const noexcept
{
    parcel found;
    found.connection = std::move(got.connection);
    found.endpoint = got.about.endpoint;
    found.accepted = when;
    if (got.about.what == net::handover::kind::moved)
        found.served = {.any = true,
                        .taken = got.about.taken,
                        .given = got.about.given,
                        .requests = got.about.requests};
    if (!book_ || got.about.ticket == 0) {
        accepted(found);
        return found;
    }
    // Until the ticket is settled the note says: ours, if we won.
    found.ticket = got.about.ticket;
    book_->note(found.connection.borrow(), note_of(found, parcel_stage::waiting));
    const auto which = ticket_of(found.ticket);
    if (!tickets_->take(which)) {
        found.ticket = 0;
        finish(std::move(found));
        return std::nullopt;
    }
    found.ticket = 0;
    accepted(found);
    tickets_->settle(which);
    return found;
}

bool custody::was_taken(const parcel& what) const noexcept
{
    if (!book_ || what.ticket == 0)
        return false;
    const auto seen = tickets_->look(ticket_of(what.ticket));
    return !seen || seen->now == board::passage::taken || seen->now == board::passage::free;
}

}  // namespace cohort::primary
