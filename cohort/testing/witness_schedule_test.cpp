#include <cohort/testing/witness_schedule.hpp>
#include <cohort/testing/witness_body.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

TEST_CASE("a body follows from its number, at any place and in any piece")
{
    const std::string body = witness_body(42, 1000);
    CHECK(body.size() == 1000);
    CHECK(body.starts_with(witness_body(42, 333)));
    CHECK(body.substr(0, 100) != witness_body(43, 100));
    CHECK(body.substr(0, 100) != witness_body(number_of_request_body(42), 100));
    CHECK(witness_body(42, 0).empty());

    for (std::size_t from = 0; from < 40; ++from) {
        for (std::size_t size = 0; size < 40; ++size) {
            const std::string piece = body.substr(from, size);
            REQUIRE(is_witness_body(42, from, piece));
            if (size > 1)
                REQUIRE_FALSE(is_witness_body(42, from + 1, piece));
        }
    }
    for (std::size_t at = 0; at < body.size(); ++at) {
        std::string wrong = body;
        wrong[at] = static_cast<char>(wrong[at] ^ 4);
        REQUIRE_FALSE(is_witness_body(42, 0, wrong));
    }
}

TEST_CASE("the same seed asks the same, another asks something else")
{
    const witness_schedule::plan plan{.seed = 7, .mix = witness_mix::everything()};
    const witness_schedule first{plan};
    const witness_schedule second{plan};
    witness_schedule::plan other_plan = plan;
    other_plan.seed = 8;
    const witness_schedule other{other_plan};

    witness_schedule::plan fresh_plan = plan;
    fresh_plan.fresh = 0.5;
    const witness_schedule fresh{fresh_plan};

    int differing = 0;
    int news = 0;
    for (std::uint64_t i = 1000; i-- > 0;) {
        const witness_item a = first.at(i);
        const witness_item b = second.at(i);
        REQUIRE(a.kind == b.kind);
        REQUIRE(a.requests == b.requests);
        REQUIRE(a.answer_bytes == b.answer_bytes);
        REQUIRE(a.body_bytes == b.body_bytes);
        REQUIRE(a.work == b.work);
        REQUIRE(a.pause == b.pause);
        REQUIRE_FALSE(a.fresh);
        const witness_item c = fresh.at(i);
        REQUIRE((c.kind == a.kind && c.answer_bytes == a.answer_bytes && c.pause == a.pause));
        news += c.fresh ? 1 : 0;
        differing += other.at(i).answer_bytes != a.answer_bytes ? 1 : 0;
    }
    CHECK(differing > 900);
    CHECK(news > 400);
    CHECK(news < 600);
}

TEST_CASE("kinds come as often as they weigh, and are what they are called")
{
    witness_schedule::plan plan{.mix = witness_mix::everything(), .pauses = 0.25};
    const witness_schedule schedule{plan};
    std::array<int, witness_kinds> seen{};
    int pauses = 0;
    int slow_posts = 0;
    constexpr int total = 100'000;
    for (int i = 0; i < total; ++i) {
        const witness_item item = schedule.at(static_cast<std::uint64_t>(i));
        ++seen[static_cast<std::size_t>(item.kind)];
        pauses += item.pause > 0ns ? 1 : 0;
        REQUIRE(item.pause <= plan.pause_max);
        const bool has_body = item.kind == witness_kind::post || item.kind == witness_kind::put ||
                              item.kind == witness_kind::slow_writer;
        REQUIRE((item.body_bytes != 0) == has_body);
        REQUIRE((item.requests > 1) == (item.kind == witness_kind::pipeline));
        const bool may_be_slow = item.kind == witness_kind::post || item.kind == witness_kind::put;
        if (!may_be_slow)
            REQUIRE((item.work > 0ms) == (item.kind == witness_kind::slow));
        REQUIRE(item.work <= 2 * plan.work);
        slow_posts += item.kind == witness_kind::post && item.work > 0ms ? 1 : 0;
        if (item.kind == witness_kind::large)
            REQUIRE(item.answer_bytes >= 100 * 1024);
    }
    CHECK(slow_posts > seen[static_cast<std::size_t>(witness_kind::post)] / 3);
    CHECK(pauses > total / 4 - total / 50);
    CHECK(pauses < total / 4 + total / 50);
    for (std::size_t kind = 0; kind < witness_kinds; ++kind) {
        const double share =
            static_cast<double>(plan.mix.weights[kind]) / static_cast<double>(plan.mix.sum());
        CHECK(static_cast<double>(seen[kind]) / total == doctest::Approx(share).epsilon(0.08));
    }
}

TEST_CASE("an open loop's moments are fixed before it starts")
{
    CHECK(witness_schedule::due(0, 250) == 0ns);
    CHECK(witness_schedule::due(1, 250) == 4ms);
    CHECK(witness_schedule::due(2500, 250) == 10s);
}

TEST_CASE("a mix is read as it is written")
{
    const auto mix = witness_mix::parse("get=6,slow_reader=3,post=1");
    REQUIRE(mix);
    CHECK(mix->sum() == 10);
    CHECK((*mix)[witness_kind::slow_reader] == 3);
    for (const char* wrong : {"", "get", "get=", "get=-1", "got=1", "get=0", "get=1;post=2", "=1"})
    {
        CAPTURE(wrong);
        CHECK_FALSE(witness_mix::parse(wrong));
    }
}
