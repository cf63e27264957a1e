#include <cohort/observe/span_ring.hpp>

#include <cohort/base/clock.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort;
using observe::span_reader;
using observe::span_ring;

namespace {

constexpr std::uint32_t blocks = 1024;

using texts = std::vector<std::string>;

constexpr span_reader::bounds plenty{.spans = 100, .bytes = 1 << 20};

span_reader reader_of(span_ring& ring)
{
    auto made = span_reader::open(ring);
    REQUIRE(made);
    return std::move(*made);
}

void publish(span_ring& ring, std::string_view text)
{
    REQUIRE(ring.publish(text) == span_ring::outcome::published);
}

}  // namespace

TEST_CASE("spans are taken in order, within bounds, and what did not fit comes next")
{
    span_ring ring{"ring_test/order", blocks};
    span_reader reader = reader_of(ring);
    CHECK(reader.take(plenty, now()).empty());
    for (const char* const each : {"1", "22", "333", "4444", "55555"})
        publish(ring, each);
    CHECK(reader.waiting() == 5);
    CHECK(reader.take({.spans = 2, .bytes = 100}, now()) == texts{"1", "22"});
    CHECK(reader.take({.spans = 9, .bytes = 4}, now()) == texts{"333"});
    CHECK(reader.take({.spans = 9, .bytes = 2}, now()) == texts{"4444"});
    CHECK(reader.take(plenty, now()) == texts{"55555"});
    CHECK(reader.lost() == 0);
}

TEST_CASE("whoever comes after a sender that died begins with what was not settled")
{
    span_ring ring{"ring_test/settled", blocks};
    {
        span_reader first = reader_of(ring);
        for (const char* const each : {"1", "2", "3", "4"})
            publish(ring, each);
        CHECK(first.take({.spans = 1, .bytes = 100}, now()) == texts{"1"});
        first.settle();
        CHECK(first.take({.spans = 9, .bytes = 1}, now()) == texts{"2"});
    }
    span_ring same{"ring_test/settled", blocks};
    span_reader second = reader_of(same);
    CHECK(second.take({.spans = 9, .bytes = 1}, now()) == texts{"2"});
    second.settle();  // "3" was looked at and is not settled
    CHECK(reader_of(ring).take(plenty, now()) == texts{"3", "4"});
}

TEST_CASE("a full ring forgets the oldest spans, which are counted, and never waits")
{
    span_ring ring{"ring_test/full", blocks};
    span_reader reader = reader_of(ring);
    const std::string span(400, 'x');
    for (std::uint32_t i = 0; i < blocks + 1000; ++i)
        publish(ring, span);
    std::size_t taken = 0;
    for (;;) {
        const auto some = reader.take(plenty, now());
        if (some.empty())
            break;
        taken += some.size();
    }
    CHECK(taken + reader.lost() == blocks + 1000);
    CHECK(reader.lost() >= 1000);
    CHECK(ring.publish(std::string(70'000, 'x')) == span_ring::outcome::too_large);
}
