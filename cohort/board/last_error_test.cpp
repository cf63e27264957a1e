#include <cohort/board/last_error.hpp>

#include <cohort/board/segment.hpp>
#include <cohort/board/slow_text_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::board;

TEST_CASE("the last error of a worker is known, and how many there were")
{
    const auto board = segment::create(4);
    REQUIRE(board);
    const auto book = error_book::open(board->commons()).value();
    CHECK_FALSE(book.read(2, 7));
    REQUIRE(book.begin(2, 7));
    CHECK(book.read(2, 7)->count == 0);
    CHECK(book.read(2, 7)->last.empty());
    const steady_time before = now();
    note_error("upstream gone");
    note_error("disk\nfull");
    const auto seen = book.read(2, 7);
    REQUIRE(seen);
    CHECK(seen->count == 2);
    CHECK(seen->last.starts_with("disk"));
    CHECK_FALSE(seen->last.contains('\n'));
    CHECK(seen->when >= before);
    CHECK(seen->when <= now());
    note_error(std::string(1000, 'x'));
    CHECK(book.read(2, 7)->last == std::string(error_text_max, 'x') + "…");
}

TEST_CASE("errors of one worker are never those of another")
{
    const auto board = segment::create(4);
    REQUIRE(board);
    const auto book = error_book::open(board->commons()).value();
    REQUIRE(book.begin(1, 3));
    note_error("old");
    CHECK_FALSE(book.read(1, 4));
    CHECK_FALSE(book.read(0, 3));
    REQUIRE(book.begin(1, 4));
    CHECK(book.read(1, 4)->count == 0);
    CHECK(book.read(1, 4)->last.empty());
    CHECK_FALSE(book.read(1, 3));
    CHECK_FALSE(book.begin(slots_max, 4));
    CHECK_FALSE(book.begin(1, 0));
}

TEST_CASE("who died while it was writing hides its words, and not those of its successor")
{
    const auto board = segment::create(4);
    REQUIRE(board);
    const auto book = error_book::open(board->commons()).value();
    REQUIRE(book.begin(0, 5));
    note_error("half");
    auto area = board->commons().area(error_area_name, sizeof(error_pages));
    REQUIRE(area);
    auto& page = area_as<error_page>(*area);
    page.stamp += 1;
    note_error("more");
    CHECK(book.read(0, 5)->count == 2);
    CHECK(book.read(0, 5)->last.empty());
    REQUIRE(book.begin(0, 6));
    note_error("next");
    CHECK(book.read(0, 6)->last == "next");
}

TEST_CASE("who is stopped while it writes, and loses its page meanwhile, says nothing there")
{
    static const error_book* its = nullptr;
    const auto board = segment::create(4);
    REQUIRE(board);
    const auto book = error_book::open(board->commons()).value();
    its = &book;
    REQUIRE(book.begin(0, 5));
    SUBCASE("before its successor has said anything")
    {
        const slow_text text{[] { static_cast<void>(its->begin(0, 6)); }};
        note_error(text.view());
        CHECK_FALSE(book.read(0, 5));
        CHECK(book.read(0, 6)->count == 0);
        CHECK(book.read(0, 6)->last.empty());
    }
    SUBCASE("after that")
    {
        const slow_text text{[] {
            static_cast<void>(its->begin(0, 6));
            note_error("of the successor");
        }};
        note_error(text.view());
        // Its words may be spoilt; they are not told as another one's.
        CHECK(book.read(0, 6)->count == 1);
        CHECK(book.read(0, 6)->last.empty());
    }
    note_error("later");
    CHECK(book.read(0, 6)->last == "later");
}
