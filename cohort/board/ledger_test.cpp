#include <cohort/board/ledger.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace cohort;
using namespace cohort::board;

TEST_CASE("a fresh ledger speaks of nothing")
{
    const ledger fresh = ledger::create().value();
    CHECK(fresh.head().wanted == 0);
    CHECK(fresh.head().stage == static_cast<std::uint32_t>(reign_stage::serving));
    CHECK(fresh.pristine().empty());
    for (unsigned slot = 0; slot < slots_max; ++slot) {
        const ledger_seat& at = fresh.seat(slot).value();
        CHECK_FALSE(at.used);
        CHECK_FALSE(at.inbox_give.any());
        CHECK(at.keeper == 0);
    }
    for (std::size_t i = 0; i < ledger_endpoints_max; ++i)
        CHECK(fresh.endpoint(i).value().number == 0);
    for (const int each : {0, 3, ledger_descriptors_max - 1, ledger_descriptors_max, -1})
        CHECK(fresh.parcel(each) == parcel_note{});
}

TEST_CASE("what is written into one record is read from it, and from no other")
{
    const ledger book = ledger::create().value();
    ledger_seat at;
    at.used = true;
    at.inbox_give = held_number::of(0);
    at.worker_id = 7;
    book.seat(255).commit(at);
    ledger_endpoint door;
    door.number = 3;
    REQUIRE(door.real.set("tcp://127.0.0.1:8080"));
    book.endpoint(255).commit(door);
    const parcel_note dealt{.stage = parcel_stage::dealt, .endpoint = 3, .ticket = 0xfedc'ba98};
    book.note(0, dealt);
    book.note(ledger_descriptors_max, dealt);
    book.note(-1, dealt);

    CHECK(book.seat(255).value().inbox_give.any());
    CHECK(book.seat(255).value().inbox_give.number() == 0);
    CHECK(book.seat(255).value().worker_id == 7);
    CHECK_FALSE(book.seat(254).value().used);
    CHECK(book.endpoint(255).value().real.view() == "tcp://127.0.0.1:8080");
    CHECK(book.parcel(0) == dealt);
    CHECK(book.parcel(1) == parcel_note{});
    CHECK(parcel_note::of(0xff) == parcel_note{});
}

TEST_CASE("a text that does not fit is refused, and a corrupt length read with care")
{
    short_text<4> text;
    CHECK(text.set("four"));
    CHECK_FALSE(text.set("fives"));
    CHECK(text.view() == "four");
    text.size = 60'000;
    CHECK(text.view() == "four");
}

TEST_CASE("the descriptors of the root are known afterwards")
{
    const ledger book = ledger::create().value();
    const std::vector<int> open{0, 1, 2, 9};
    REQUIRE(book.set_pristine(open));
    CHECK(std::vector<int>(book.pristine().begin(), book.pristine().end()) == open);
    CHECK_FALSE(book.set_pristine(std::vector<int>(ledger_pristine_max + 1)));
    CHECK(book.pristine().size() == 4);
    book.head().pristine_count = 1'000'000;
    CHECK(book.pristine().size() == ledger_pristine_max);
}

TEST_CASE("a ledger is found again by its descriptor, and a stranger's memory is refused")
{
    const ledger book = ledger::create().value();
    book.head().wanted = 7;
    ledger_upgrade words;
    words.stage = upgrade_stage::begun;
    REQUIRE(words.reason.set("why not"));
    book.upgrade().commit(words);

    const ledger again = ledger::attach(duplicate(book.fd()).value()).value();
    CHECK(again.head().wanted == 7);
    CHECK(again.upgrade().value().stage == upgrade_stage::begun);
    CHECK(again.upgrade().value().reason.view() == "why not");

    book.head().layout += 1;
    const auto later = ledger::attach(duplicate(book.fd()).value());
    REQUIRE_FALSE(later);
    CHECK(later.error().why() == errc::board_layout_mismatch);
    book.head().layout -= 1;
    book.head().magic = 0;
    CHECK_FALSE(ledger::attach(duplicate(book.fd()).value()));
    CHECK_FALSE(ledger::attach(unique_fd{}));
}
