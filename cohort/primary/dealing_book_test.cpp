#include <cohort/primary/dealing_book.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;

namespace {

const steady_time noon{24h};

parcel a_parcel(std::uint32_t endpoint = 1)
{
    parcel made;
    made.connection = unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    made.endpoint = endpoint;
    made.accepted = noon;
    return made;
}

}  // namespace

TEST_CASE("a connection stays ours until the worker confirms it")
{
    dealing_book book{4};
    const auto expected = book.next_sequence();
    const auto sequence = book.given(2, a_parcel(), noon);
    CHECK(sequence == expected);
    CHECK(book.towards(2) == 1);
    CHECK(book.on_their_way() == 1);

    CHECK(!book.take_back(3, sequence));
    CHECK(book.take_back(2, sequence));
    CHECK(!book.take_back(2, sequence));
    CHECK(book.on_their_way() == 0);
}

TEST_CASE("what a dead worker had not confirmed comes back, oldest first")
{
    dealing_book book{4};
    const auto first = book.given(2, a_parcel(10), noon);
    book.given(2, a_parcel(11), noon + 1s);
    book.given(2, a_parcel(12), noon + 2s);
    book.given(0, a_parcel(13), noon);
    REQUIRE(book.take_back(2, first));

    const auto back = book.take_back_all(2);
    REQUIRE(back.again.size() == 2);
    CHECK(back.again[0].endpoint == 11);
    CHECK(back.again[1].endpoint == 12);
    CHECK(back.again[0].connection.valid());
    CHECK(back.spent.empty());
    CHECK(book.on_their_way() == 1);
    CHECK(book.take_back_all(2).again.empty());
}

TEST_CASE("a connection whose worker dies each time is given up in the end")
{
    dealing_book book{4};
    parcel unlucky = a_parcel();
    unsigned times = 0;
    for (;; ++times) {
        REQUIRE(times < 20);
        book.given(0, std::move(unlucky), noon);
        auto back = book.take_back_all(0);
        if (!back.spent.empty())
            break;
        unlucky = std::move(back.again.at(0));
    }
    CHECK(times + 1 == dealing_book::attempts_max);
}

TEST_CASE("a refused connection is dealt again before those that came later")
{
    dealing_book book{4};
    const auto sequence = book.given(0, a_parcel(1), noon);
    book.wait(a_parcel(2));
    auto refused = book.take_back(0, sequence);
    REQUIRE(refused);
    CHECK(refused->attempts == 0);
    book.wait_again(*std::move(refused));

    CHECK(book.next()->endpoint == 1);
    CHECK(book.next()->endpoint == 2);
    CHECK(!book.next());
}

TEST_CASE("the row of waiting connections has an end, but refuses none that is already ours")
{
    dealing_book book{2};
    book.wait(a_parcel());
    CHECK(!book.full());
    book.wait(a_parcel());
    CHECK(book.full());
    book.wait(a_parcel());
    CHECK(book.waiting() == 3);
}

TEST_CASE("what waits at one endpoint does not count at another")
{
    dealing_book book{4};
    book.wait(a_parcel(1));
    book.wait(a_parcel(1));
    book.wait_again(a_parcel(2));
    CHECK(book.waiting(1) == 2);
    CHECK(book.waiting(2) == 1);
    CHECK(book.waiting(3) == 0);
    CHECK(book.next()->endpoint == 2);
    CHECK(book.waiting(2) == 0);
    CHECK(book.waiting(1) == 2);
}

TEST_CASE("the oldest connection on its way tells how long a worker has been stuck")
{
    dealing_book book{2};
    CHECK(!book.oldest(0));
    const auto first = book.given(0, a_parcel(), noon);
    book.given(0, a_parcel(), noon + 1s);
    CHECK(book.oldest(0) == noon);
    REQUIRE(book.take_back(0, first));
    CHECK(book.oldest(0) == noon + 1s);
}

TEST_CASE("what is on its way for long can be looked at where it is")
{
    dealing_book book{4};
    book.count_from(1000);
    const auto first = book.given(2, a_parcel(10), noon);
    CHECK(first == 1001);
    book.given(2, a_parcel(11), noon + 2s);
    const auto old = book.given(0, a_parcel(12), noon);
    const auto found = book.sent_before(noon + 1s);
    REQUIRE(found.size() == 2);
    CHECK(found[0].slot == 0);
    CHECK(found[0].sequence == old);
    CHECK(found[1].sequence == first);
    REQUIRE(book.look(found[1]) != nullptr);
    CHECK(book.look(found[1])->endpoint == 10);
    CHECK(book.look({.slot = 1, .sequence = first}) == nullptr);
}
