#include <cohort/http/limiting/limit_rule.hpp>

#include <cohort/base/random.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t start = 1'000 * second;

/// One key and its clock.
struct key_at {
    explicit key_at(limit_rule::measures given)
        : by{limit_rule::of(given).value()}
    {}

    limit_ruling hit()
    {
        const limit_ruling made = by.step(used, now);
        used = made.next;
        return made;
    }

    limit_rule by;
    limit_word used = 0;
    std::uint64_t now = start;
};

}  // namespace

TEST_CASE("a fixed window begins with its first request and ends to the tick")
{
    key_at one{{.limit = 2, .window = 60s, .kind = limit_kind::fixed_window}};
    limit_ruling made = one.hit();
    CHECK(made.admitted);
    CHECK(made.remaining == 1);
    CHECK(made.more_in == 60s);
    one.now += 10 * second;
    made = one.hit();
    CHECK(made.admitted);
    CHECK(made.remaining == 0);
    CHECK(made.more_in == 50s);
    made = one.hit();
    CHECK_FALSE(made.admitted);
    CHECK(made.more_in == 50s);
    one.now = start + 60 * second - 1;
    CHECK_FALSE(one.hit().admitted);
    one.now += 1;
    made = one.hit();
    CHECK(made.admitted);
    CHECK(made.remaining == 1);
    CHECK(made.more_in == 60s);
}

TEST_CASE("GCRA lets a burst through, then one at each interval, and says when to the nanosecond")
{
    key_at one{{.limit = 60, .window = 60s, .burst = 3}};
    for (std::uint64_t left = 3; left-- > 0;) {
        const limit_ruling made = one.hit();
        CHECK(made.admitted);
        CHECK(made.remaining == left);
        CHECK(made.more_in == 1s);
    }
    limit_ruling made = one.hit();
    CHECK_FALSE(made.admitted);
    CHECK(made.more_in == 1s);
    one.now += second - 64;
    made = one.hit();
    CHECK_FALSE(made.admitted);
    CHECK(made.more_in == 64ns);
    one.now += 64;
    CHECK(one.hit().admitted);
    CHECK_FALSE(one.hit().admitted);
    one.now += 100 * second;
    CHECK(one.hit().remaining == 2);
}

TEST_CASE("in any window GCRA admits no more than the limit and its burst")
{
    random_source dice{7};
    key_at one{{.limit = 10, .window = 1s, .burst = 4}};
    std::uint64_t admitted = 0;
    for (int i = 0; i < 20'000; ++i) {
        admitted += one.hit().admitted ? 1 : 0;
        one.now += dice.next() % 20'000'000;
    }
    const std::uint64_t windows = (one.now - start) / second + 1;
    CHECK(admitted <= 4 + 10 * windows);
    CHECK(admitted >= 10 * (windows - 2));
}

TEST_CASE("a hit that is given back was never there, as long as it counts")
{
    for (const limit_kind kind : {limit_kind::gcra, limit_kind::fixed_window}) {
        key_at one{{.limit = 2, .window = 2s, .kind = kind}};
        const limit_word first = one.hit().next;
        one.now += second / 10;
        CHECK(one.hit().remaining == 0);
        CHECK_FALSE(one.hit().admitted);
        one.used = one.by.give_back(one.used, first, one.now);
        CHECK(one.hit().admitted);
        CHECK_FALSE(one.hit().admitted);

        // Long afterwards it has faded, and gives nothing to others.
        one.now += 10 * second;
        CHECK(one.hit().remaining == 1);
        CHECK(one.by.give_back(one.used, first, one.now) == one.used);
    }
}

TEST_CASE("any word can stand there, and none shuts a key out for longer than its limit does")
{
    random_source dice{11};
    for (const limit_kind kind : {limit_kind::gcra, limit_kind::fixed_window}) {
        const auto by = limit_rule::of({.limit = 5, .window = 10s, .kind = kind}).value();
        for (int i = 0; i < 10'000; ++i) {
            const limit_word stray = dice.next() >> (64 - limit_word_bits);
            const limit_ruling made = by.step(stray, start);
            CHECK(made.more_in <= 10s + 10ms);
            CHECK(made.remaining < 5);
            static_cast<void>(by.fades_in_ns(stray, start));
            static_cast<void>(by.give_back(stray, dice.next() >> 12, start));
        }
    }
}

TEST_CASE("a word fades when it means nothing any more")
{
    key_at one{{.limit = 4, .window = 4s}};
    CHECK(one.by.fades_in_ns(0, start) == 0);
    one.hit();
    one.hit();
    CHECK(one.by.fades_in_ns(one.used, one.now) == 2 * second);
    CHECK(one.by.fades_in_ns(one.used, one.now + 2 * second) == 0);

    key_at other{{.limit = 4, .window = 4s, .kind = limit_kind::fixed_window}};
    other.hit();
    CHECK(other.by.fades_in_ns(other.used, other.now + second) == 3 * second);
    CHECK(other.by.fades_in_ns(other.used, other.now + 4 * second) == 0);
}

TEST_CASE("limits that cannot be kept are refused")
{
    CHECK(limit_rule::of({.limit = 1, .window = 1s}));
    CHECK_FALSE(limit_rule::of({.limit = 0}));
    CHECK_FALSE(limit_rule::of({.limit = 1'000'001}));
    CHECK_FALSE(limit_rule::of({.limit = 1, .window = 999ms}));
    CHECK_FALSE(limit_rule::of({.limit = 1, .window = std::chrono::hours{24 * 31} + 1ms}));
    CHECK_FALSE(limit_rule::of({.limit = 1, .burst = 1'000'001}));
    CHECK_FALSE(limit_rule::of({.limit = 1, .burst = 2, .kind = limit_kind::fixed_window}));
}

TEST_CASE(
    "who comes with a time that is over takes nothing from the window of those who came since")
{
    key_at one{{.limit = 2, .window = 60s, .kind = limit_kind::fixed_window}};
    CHECK(one.hit().admitted);
    CHECK(one.hit().admitted);
    // Read the clock before all of them, and was kept from running.
    one.now -= 20'000'000;
    const limit_ruling late = one.hit();
    CHECK_FALSE(late.admitted);
    CHECK(late.more_in == 60s);
    one.now += 20'000'000;
    CHECK_FALSE(one.hit().admitted);

    key_at smooth{{.limit = 2, .window = 60s}};
    CHECK(smooth.hit().admitted);
    CHECK(smooth.hit().admitted);
    const limit_word used = smooth.used;
    smooth.now -= 20'000'000;
    CHECK_FALSE(smooth.hit().admitted);
    CHECK(smooth.used == used);
}

TEST_CASE("a limit that was made shorter holds nobody for the time of the longer one")
{
    for (const limit_kind kind : {limit_kind::gcra, limit_kind::fixed_window}) {
        key_at one{{.limit = 2, .window = 1h, .kind = kind}};
        CHECK(one.hit().admitted);
        CHECK(one.hit().admitted);
        one.by = limit_rule::of({.limit = 2, .window = 10s, .kind = kind}).value();
        const limit_ruling first = one.hit();
        if (first.admitted)
            continue;  // a window begins anew
        CHECK(first.more_in <= 10s);
        one.now += static_cast<std::uint64_t>(first.more_in.count());
        CHECK(one.hit().admitted);
    }
}

TEST_CASE("a burst that would not fit into a word is refused")
{
    CHECK_FALSE(limit_rule::of({.limit = 1, .window = 24h, .burst = 10'000}));
    CHECK_FALSE(limit_rule::of({.limit = 1, .window = limit_rule::window_max, .burst = 1'000'000}));
    CHECK(limit_rule::of({.limit = 1, .window = 24h, .burst = 300}));
    CHECK(limit_rule::of({.limit = 1'000'000, .window = limit_rule::window_max}));
}
