// How a server begins with what a dead one left, and how it ends with what another goes on with.
#include <cohort/http/inheritance.hpp>
#include <cohort/http/place_entry.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/base/fault_point.hpp>
#include <cohort/net/socket_option.hpp>

#include <algorithm>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace cohort::http {

namespace {

void count_one(std::atomic<std::uint64_t>& total) noexcept
{
    total.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

std::size_t server::adopt(std::span<const int> found, passing_fate ours)
{
    board::journal* const book = options_.survival.journal;
    COHORT_ASSERT(book != nullptr && first_ == nullptr);
    look_at_clock();
    // Before anything is asked for again. (Its strike is in the table since it died.)
    if (options_.survival.quarantine != nullptr)
        options_.survival.quarantine->release_all(options_.slot);
    std::vector<estate> all = take_stock(*book, found, options_.survival.limits, ours);
    for (estate& one : all) {
        if (options_.survival.on_adopted) {
            options_.survival.on_adopted({.descriptor = one.descriptor,
                                          .what = one.verdict.what,
                                          .why = one.verdict.why,
                                          .fault = one.fault,
                                          .crashes = one.verdict.crashes,
                                          .kills = one.verdict.kills,
                                          .outside = one.verdict.outside,
                                          .attempt = one.state.attempt,
                                          .corrected = one.verdict.corrected});
        }
        carry_on(one);
    }
    book->trim();
    vouch();
    return connections_;
}

void server::carry_on(estate& found)
{
    board::journal& book = *options_.survival.journal;
    board::journal_header& totals = book.header();
    board::connection_record* const page = book.record(found.descriptor);
    lease input{book, found.state.input};
    lease output{book, found.state.output};
    if (found.whose == estate::owner::nobody) {
        if (page != nullptr)
            page->commit({});
        return;
    }
    unique_fd connection{found.descriptor};
    const bool nobodys =
        found.state.now == board::standing::free || found.state.now == board::standing::foreign;
    const bool forgotten = nobodys && found.verdict.what == net::then::close;
    if (found.whose == estate::owner::another || forgotten) {
        // Our copy only: nothing is said on a connection that somebody else may have. Its ticket
        // stays in the record until it is closed, since without it it would look like a new one.
        connection.reset();
        fault_point("http.left");
        if (page != nullptr)
            page->commit({});
        return;
    }
    const bool ends =
        found.verdict.what == net::then::close || found.verdict.what == net::then::drop;
    if (ends && found.state.now == board::standing::streaming)
        count_one(totals.cut_total);
    if (found.verdict.what == net::then::drop) {
        count_one(totals.dropped_total);
        net::reset_when_closed(found.descriptor);
        if (page != nullptr)
            page->commit({});
        fault_point("http.dropped");
        return;
    }
    count_one(totals.adopted_total);
    if (found.verdict.run_again)
        count_one(totals.replayed_total);
    if (found.verdict.corrected)
        count_one(totals.corrected_total);
    session& who = keep(std::make_unique<session>(*this, std::move(connection), second()));
    who.resume({.verdict = found.verdict,
                .state = found.state,
                .input = std::move(input),
                .output = std::move(output)});
}

result<> server::take_over(unique_fd&& connection, const positions& at)
{
    const peer_lookup who{connection.borrow()};
    return admit(
        std::move(connection), who,
        {.taken = at.taken, .given = at.given, .parsed = at.taken, .requests = at.requests});
}

awaitable<std::size_t> server::drain_to(handover sink, nanoseconds budget)
{
    draining_ = true;
    handover_ = std::move(sink);
    look_at_clock();
    for (session* each = first_; each != nullptr;) {
        session& who = *each;
        each = each->next_;
        const session::visit here{who};  // what is between two requests goes at its end
    }
    awaitable<std::size_t> rest = drain(budget);
    const std::size_t cut = co_await std::move(rest);
    handover_ = nullptr;
    co_return cut;
}

void server::share(handover sink, std::size_t count, nanoseconds budget)
{
    if (draining_ || !sink)
        return;
    look_at_clock();
    const steady_time present = options_.clock();
    std::erase_if(sharings_, [&](const sharing& each) { return each.until <= present; });
    if (sharings_.size() == sharings_max)
        sharings_.erase(sharings_.begin());
    if (++share_turn_ == 0)
        share_turn_ = 1;  // 0 means that a session stays
    sharings_.push_back({std::move(sink), present + budget, share_turn_});

    // One that was to go with an earlier call, and is here between two requests, was refused.
    const auto is_free = [this](const session& who) {
        return who.open() && who.may_leave() &&
               (who.share_turn_ == 0 || who.at_boundary() || heir_of(who) == nullptr);
    };
    // Orders come one after another: each goes on where the last one stopped.
    const auto after = [this](const session& who) {
        return who.next_ != nullptr ? who.next_ : first_;
    };
    if (share_next_ == nullptr)
        share_next_ = first_;
    std::size_t all = 0;
    std::size_t seen = 0;
    for (const session* each = share_next_; each != nullptr && seen < share_look_max;) {
        ++seen;
        all += is_free(*each) ? 1 : 0;
        each = after(*each);
        if (each == share_next_)
            break;
    }
    count = std::min(count, all);
    // Neither the newest nor the oldest alone: whoever gets them shall see what all clients ask.
    std::size_t at = 0;
    for (; seen != 0 && share_next_ != nullptr; --seen) {
        session& who = *share_next_;
        share_next_ = after(who);
        if (!is_free(who))
            continue;
        const bool chosen = (at + 1) * count / all != at * count / all;
        ++at;
        if (!chosen)
            continue;
        who.share_turn_ = share_turn_;
        const session::visit here{who};  // what is between two requests goes at its end
    }
}

/// Who goes on with this connection, which is between two requests; nullptr: we do.
handover* server::heir_of(const session& who) noexcept
{
    if (handover_)
        return &handover_;
    if (draining_)
        return nullptr;
    const auto which = std::ranges::find(sharings_, who.share_turn_, &sharing::turn);
    return which != sharings_.end() && options_.clock() < which->until ? &which->sink : nullptr;
}

std::uint32_t server::name_suspect(int descriptor) noexcept
{
    std::atomic<std::uint32_t>& word = suspects_[0];
    const std::uint32_t before = word.load(std::memory_order_relaxed);
    word.store(static_cast<std::uint32_t>(descriptor + 1), std::memory_order_release);
    return before;
}

/// On that lane. In one order with forget_suspect(), on the loop.
void server::name_suspect_on(unsigned lane, int descriptor) noexcept
{
    suspects_[lane].store(static_cast<std::uint32_t>(descriptor + 1), std::memory_order_seq_cst);
}

void server::name_suspect_again(std::uint32_t before, unsigned thread) noexcept
{
    suspects_[thread].store(before, std::memory_order_release);
}

/// The connection ends before its job on a lane does: the number may be another's a moment later,
/// who must not be blamed for that job.
void server::forget_suspect(int descriptor) noexcept
{
    for (unsigned thread = 1; thread <= lanes_.threads() && thread < board::threads_max; ++thread) {
        auto name = static_cast<std::uint32_t>(descriptor + 1);
        suspects_[thread].compare_exchange_strong(name, 0, std::memory_order_seq_cst);
    }
}

board::quarantine::runner server::runner() const noexcept
{
    return {.slot = options_.slot, .pid = static_cast<std::uint32_t>(::getpid())};
}

void server::end_trial(record& at, board::quarantine::ending how) noexcept
{
    const trial was = std::exchange(at.on, {});
    if (was.now == trial::stage::alone)
        options_.survival.quarantine->release(was.fingerprint, runner(), how);
}

std::optional<steady_time> server::oldest_begun() const noexcept
{
    std::optional<steady_time> oldest;
    if (running_ == 0 || options_.counters.answers == nullptr)
        return oldest;
    for (const session* each = first_; each != nullptr; each = each->next_) {
        if (!each->counted_ || each->streaming_ || each->reading_body_ || !each->record_)
            continue;
        if (!oldest || each->record_->started < *oldest)
            oldest = each->record_->started;
    }
    for (const place_entry* each = places_; each != nullptr; each = each->next) {
        if (each->tenant == nullptr || each->running == 0)
            continue;
        const auto began = each->tenant->oldest_begun();
        if (began && (!oldest || *began < *oldest))
            oldest = began;
    }
    return oldest;
}

void server::vouch() noexcept
{
    const board::quarantine* const table = options_.survival.quarantine;
    if (table != nullptr && !table->empty())
        look_at_cases();
}

void server::look_at_cases() noexcept
{
    const board::quarantine& table = *options_.survival.quarantine;
    const std::uint32_t cases = table.cases();
    if (table.passed(options_.slot) == cases)
        return;
    // Once in a few milliseconds: there may be many sessions, and one that runs for long.
    const steady_time now = now_coarse();
    if (now == looked_at_cases_)
        return;
    for (const session* each = first_; each != nullptr; each = each->next_) {
        if (each->runs_unasked(now)) {
            looked_at_cases_ = now;
            return;
        }
    }
    for (const place_entry* each = places_; each != nullptr; each = each->next) {
        if (each->tenant != nullptr && each->running != 0 && each->tenant->runs_unasked(now)) {
            looked_at_cases_ = now;
            return;
        }
    }
    table.pass(options_.slot, cases);
}

}  // namespace cohort::http
