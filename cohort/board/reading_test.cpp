#include <cohort/board/reading.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace cohort::board;

TEST_CASE("tenant, generation and pid share one word")
{
    const std::uint64_t tenant = tenant_of(0xffff'ffff, 4'194'304);
    CHECK(pid_of(tenant) == 4'194'304);
    CHECK(generation_of(tenant) == 0xffff'ffff);
}

TEST_CASE("a row is read only for the tenant that one asks for")
{
    slot row{};
    const std::uint64_t first = tenant_of(1, 100);
    CHECK_FALSE(read(row));
    CHECK_FALSE(read(row, 0));
    move_in(row, {first, 1});
    set(row.connections_open, 12u);
    set(row.accepting, 1u);
    set(row.stage, static_cast<std::uint32_t>(stage::serving));
    REQUIRE(read(row, first));
    CHECK(read(row, first)->connections_open == 12);
    CHECK(read(row, first)->accepting);
    CHECK(read(row)->tenant == first);
    CHECK_FALSE(read(row, tenant_of(2, 100)));
}

TEST_CASE("nothing of a tenant is left for the next one")
{
    slot row{};
    move_in(row, {tenant_of(1, 100), 1});
    set(row.beat_ns, std::uint64_t{1});
    set(row.connections_total, std::uint64_t{2});
    set(row.inbox_taken_total, std::uint64_t{3});
    set(row.requests_total, std::uint64_t{4});
    for (auto* word : {&row.connections_open, &row.requests_running, &row.lanes_busy, &row.lanes,
                       &row.stage, &row.accepting})
        set(*word, 5u);
    vacate(row);
    CHECK_FALSE(read(row));
    move_in(row, {tenant_of(1, 101), 2});
    slot_reading fresh;
    fresh.tenant = tenant_of(1, 101);
    fresh.worker_id = 2;
    fresh.stage = stage::booting;
    CHECK(read(row) == fresh);
}

TEST_CASE("whatever a corpse left behind reads as something in range")
{
    slot row{};
    move_in(row, {tenant_of(1, 100), 1});
    set(row.stage, std::numeric_limits<std::uint32_t>::max());
    set(row.accepting, 77u);
    CHECK(read(row)->stage == stage::vacant);
    CHECK_FALSE(read(row)->accepting);
}

TEST_CASE("a count never falls below zero")
{
    std::atomic<std::uint32_t> word{2};
    subtract(word, 3u);
    CHECK(word.load() == 0);
    add(word, 4u);
    subtract(word, 1u);
    CHECK(word.load() == 3);
}
