#include <cohort/board/committed.hpp>

#include <doctest/doctest.h>

using namespace cohort::board;

TEST_CASE("a committed value is the old one until it is the new one")
{
    struct pair {
        int a;
        int b;
    };
    committed<pair> of{};
    CHECK(of.value().a == 0);
    of.commit({.a = 1, .b = 2});
    CHECK(of.value().a == 1);
    CHECK(of.value().b == 2);
    of.copies[(of.turn.load() + 1) & 1U] = {.a = 9, .b = 0};
    CHECK(of.value().b == 2);
    // From itself: the copy that counts is not the one that is written.
    pair next = of.value();
    next.b = 3;
    of.commit(next);
    of.commit(of.value());
    CHECK(of.value().a == 1);
    CHECK(of.value().b == 3);
}
