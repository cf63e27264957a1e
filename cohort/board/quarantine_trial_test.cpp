// Who may run a suspect, and when.
#include <cohort/board/quarantine.hpp>

#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>

#include <doctest/doctest.h>

#include <memory>

using namespace cohort;
using namespace cohort::board;
using namespace std::chrono_literals;
using leave = quarantine::leave;
using ending = quarantine::ending;

namespace {

constexpr steady_time start{1h};
constexpr quarantine::runner one{.slot = 0, .pid = 100};
constexpr quarantine::runner another{.slot = 1, .pid = 4'194'303};

/// Two workers, neither of which runs anything.
struct cohort_of_two {
    cohort_of_two()
    {
        move_in(board.row(0), {.tenant = tenant_of(1, 100), .worker_id = 1});
        move_in(board.row(1), {.tenant = tenant_of(1, 200), .worker_id = 2});
    }

    segment board = segment::create(2).value();
    quarantine of = board.quarantine();
};

}  // namespace

TEST_CASE("a suspect is run by one at a time, until a run has ended well")
{
    cohort_of_two c;
    CHECK(c.of.ask(7, start, one) == leave::free);
    c.of.strike(7, start, 10s);
    CHECK(c.of.ask(8, start, one) == leave::free);
    CHECK(c.of.ask(7, start, one) == leave::alone);
    CHECK(c.of.ask(7, start, another) == leave::later);
    CHECK(c.of.ask(7, start, one) == leave::later);

    c.of.release(7, another, ending::well);  // it is not his
    CHECK(c.of.ask(7, start, another) == leave::later);
    c.of.release(7, one, ending::unknown);
    CHECK(c.of.ask(7, start, another) == leave::alone);
    c.of.release(7, another, ending::well);
    CHECK(c.of.ask(7, start, another) == leave::free);
    CHECK(c.of.ask(7, start, one) == leave::free);
}

TEST_CASE("the second strike ends every trial, and a first one of the next period begins another")
{
    cohort_of_two c;
    c.of.strike(7, start, 10s);
    CHECK(c.of.ask(7, start, one) == leave::alone);
    c.of.strike(7, start, 10s);
    CHECK(c.of.ask(7, start, another) == leave::refused);
    CHECK(c.of.ask(7, start, one) == leave::refused);
    CHECK(c.of.total().caught == 2);

    CHECK(c.of.ask(7, start + 11s, one) == leave::free);
    c.of.strike(7, start + 11s, 10s);
    c.of.release_all(0);
    CHECK(c.of.ask(7, start + 11s, another) == leave::alone);
    c.of.release(7, another, ending::well);
    c.of.strike(7, start + 12s, 10s);
    CHECK(c.of.ask(7, start + 12s, another) == leave::refused);
}

TEST_CASE("a strike after a run that ended well opens the case again")
{
    cohort_of_two c;
    c.of.strike(7, start, 10s);
    CHECK(c.of.ask(7, start, one) == leave::alone);
    c.of.release(7, one, ending::well);
    CHECK(c.of.ask(7, start + 11s, one) == leave::free);
    c.of.strike(7, start + 11s, 10s);
    CHECK(c.of.ask(7, start + 11s, one) == leave::alone);
    CHECK(c.of.ask(7, start + 11s, another) == leave::later);
}

TEST_CASE("nobody runs a suspect while somebody may be running one without knowing")
{
    cohort_of_two c;
    set(c.board.row(1).requests_running, 1U);
    c.of.strike(7, start, 10s);
    CHECK(c.of.ask(7, start, one) == leave::later);
    // It says that it does not.
    c.of.pass(1, c.of.cases());
    CHECK(c.of.passed(1) == 1);
    CHECK(c.of.ask(7, start, one) == leave::alone);
    c.of.release(7, one, ending::unknown);

    // What it said counts for the cases that it knew of.
    c.of.strike(8, start, 10s);
    CHECK(c.of.ask(8, start, one) == leave::later);
    // Its requests have ended; or it has ended, and its strike would be counted.
    set(c.board.row(1).requests_running, 0U);
    CHECK(c.of.ask(8, start, one) == leave::alone);
    set(c.board.row(1).requests_running, 1U);
    c.of.release(8, one, ending::unknown);
    vacate(c.board.row(1));
    CHECK(c.of.ask(8, start, one) == leave::alone);
}

TEST_CASE("what the dead were running alone, others may try")
{
    cohort_of_two c;
    c.of.strike(7, start, 100s);
    CHECK(c.of.ask(7, start, one) == leave::alone);
    // Its successor knows that it is dead, before and after it has said so.
    CHECK(c.of.ask(7, start, {.slot = 0, .pid = 101}) == leave::alone);
    CHECK(c.of.ask(7, start, another) == leave::later);
    c.of.release_all(0);
    CHECK(c.of.ask(7, start, another) == leave::alone);
    // Nobody follows this one. Others wait, but not for ever.
    CHECK(c.of.ask(7, start + quarantine::trial_max, one) == leave::later);
    CHECK(c.of.ask(7, start + quarantine::trial_max + 1s, one) == leave::alone);
    c.of.release(7, another, ending::well);
    CHECK(c.of.ask(7, start + quarantine::trial_max + 1s, another) == leave::later);
}

TEST_CASE("two that struck first at the same moment are two strikes, in one entry or in two")
{
    cohort_of_two c;
    const auto table = std::make_unique<quarantine_table>();
    const quarantine of{*table};
    of.strike(7, start, 10s);
    table->entries[1].fingerprint.store(7);
    table->entries[1].sentence.store(table->entries[0].sentence.load());
    table->used.store(2);
    CHECK(of.contains(7, start));
    CHECK(of.ask(7, start, one) == leave::refused);
}

TEST_CASE("another's trial in a place that was given to somebody else is nobody's")
{
    const auto table = std::make_unique<quarantine_table>();
    const quarantine of{*table};
    of.strike(7, start, 10s);
    CHECK(of.ask(7, start, one) == leave::alone);
    const auto trial = table->entries[0].trial.load();
    of.strike(8, start, 10s);
    table->entries[1].trial.store(trial);
    CHECK(of.ask(8, start, another) == leave::alone);
}
