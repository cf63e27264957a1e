#include <cohort/observe/export_ring.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/board/commons.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort;
using observe::export_item;
using observe::export_reader;
using observe::export_ring;

namespace {

constexpr std::uint32_t blocks = 1024;

using texts = std::vector<std::string>;

constexpr export_reader::bounds plenty{.items = 100, .bytes = 1 << 20};

export_ring ring_of(std::string_view area)
{
    const auto found = export_ring::in(board::commons::here(), area, blocks);
    REQUIRE(found);
    return *found;
}

void publish(const export_ring& ring, std::string_view text)
{
    REQUIRE(ring.publish("text", text) == export_ring::outcome::published);
}

texts take(export_reader& from, const export_reader::bounds& most)
{
    texts all;
    for (export_item& each : from.take(most, now()))
        all.push_back(std::move(each.text));
    return all;
}

}  // namespace

TEST_CASE("texts are taken in order, within bounds, and what did not fit comes next")
{
    const export_ring ring = ring_of("ring_test/order");
    export_reader reader{ring};
    CHECK(take(reader, plenty).empty());
    for (const char* const each : {"1", "22", "333", "4444", "55555"})
        publish(ring, each);
    CHECK(reader.waiting() == 5);
    CHECK(take(reader, {.items = 2, .bytes = 100}) == texts{"1", "22"});
    CHECK(take(reader, {.items = 9, .bytes = 4}) == texts{"333"});
    CHECK(take(reader, {.items = 9, .bytes = 2}) == texts{"4444"});
    CHECK(take(reader, plenty) == texts{"55555"});
    CHECK(reader.lost() == 0);
}

TEST_CASE("whoever comes after a sender that died begins with what was not settled")
{
    const export_ring ring = ring_of("ring_test/settled");
    {
        export_reader first{ring};
        for (const char* const each : {"1", "2", "3", "4"})
            publish(ring, each);
        CHECK(take(first, {.items = 1, .bytes = 100}) == texts{"1"});
        first.settle();
        CHECK(take(first, {.items = 9, .bytes = 1}) == texts{"2"});
    }
    const export_ring same = ring_of("ring_test/settled");
    export_reader second{same};
    CHECK(take(second, {.items = 9, .bytes = 1}) == texts{"2"});
    second.settle();  // "3" was looked at and is not settled
    export_reader third{ring};
    CHECK(take(third, plenty) == texts{"3", "4"});
}

TEST_CASE("a full ring forgets the oldest texts, which are counted, and never waits")
{
    const export_ring ring = ring_of("ring_test/full");
    export_reader reader{ring};
    const std::string text(400, 'x');
    for (std::uint32_t i = 0; i < blocks + 1000; ++i)
        publish(ring, text);
    std::size_t taken = 0;
    for (;;) {
        const auto some = take(reader, plenty);
        if (some.empty())
            break;
        taken += some.size();
    }
    CHECK(taken + reader.lost() == blocks + 1000);
    CHECK(reader.lost() >= 1000);
    CHECK(ring.publish("text", std::string(70'000, 'x')) == export_ring::outcome::too_large);
}
