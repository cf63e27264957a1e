#include <cohort/net/balance.hpp>

#include <cohort/base/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

using namespace cohort::net;
using namespace std::chrono_literals;
using cohort::steady_time;

namespace {

std::vector<load> idle_workers(std::uint32_t count)
{
    std::vector<load> made(count);
    for (std::uint32_t slot = 0; slot < count; ++slot)
        made[slot] = {.slot = slot, .lanes = 4, .accepting = true};
    return made;
}

const steady_time noon{24h};

/// 1.25 is the promise: the busiest over the idlest.
double spread(const std::vector<load>& workers)
{
    const auto [least, most] = std::ranges::minmax(workers, {}, &load::connections_open);
    return static_cast<double>(most.connections_open) /
           static_cast<double>(std::max(1U, least.connections_open));
}

void take_one(load& worker)
{
    ++worker.connections_open;
    ++worker.inbox_taken_total;
    worker.on_their_way -= std::min(worker.on_their_way, 1U);
}

/// Deals `count` connections whose workers note them only after every `lag` deals.
template <class Policy>
std::vector<load> deal(Policy policy, int count, int lag)
{
    auto workers = idle_workers(4);
    std::vector<std::uint32_t> on_their_way;
    for (int i = 0; i < count; ++i) {
        const std::string client =
            "10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256);
        const auto slot = policy.choose(workers, client).value();
        policy.given(workers[slot]);
        ++workers[slot].on_their_way;
        on_their_way.push_back(slot);
        if (on_their_way.size() >= static_cast<std::size_t>(lag)) {
            for (const auto to : on_their_way)
                take_one(workers[to]);
            on_their_way.clear();
        }
    }
    for (const auto to : on_their_way)
        take_one(workers[to]);
    return workers;
}

/// `winner(i)` says who wins the i-th accept; every `lag` accepts the inboxes are read.
template <class Winner>
std::vector<load> accept_balanced(int count, int lag, Winner winner)
{
    auto workers = idle_workers(4);
    std::vector<balanced> minds{balanced{0}, balanced{1}, balanced{2}, balanced{3}};
    std::vector<std::uint32_t> on_their_way;
    for (int i = 0; i < count; ++i) {
        const std::uint32_t at = winner(i);
        if (const auto to = minds[at].hand_to(workers, noon)) {
            minds[at].given(workers[*to], noon);
            on_their_way.push_back(*to);
        } else {
            ++workers[at].connections_open;
        }
        if (i % lag == 0) {
            for (const auto to : on_their_way)
                take_one(workers[to]);
            on_their_way.clear();
        }
    }
    for (const auto to : on_their_way)
        take_one(workers[to]);
    return workers;
}

}  // namespace

TEST_CASE("1,000 connections over 4 idle workers spread within 1.25, whoever wins the accepts")
{
    cohort::random_source dice{42};
    for (const int lag : {1, 7, 64}) {
        CAPTURE(lag);
        CHECK(spread(accept_balanced(1000, lag, [](int) { return 0U; })) <= 1.25);
        CHECK(spread(accept_balanced(1000, lag, [](int i) { return i < 500 ? 1U : 2U; })) <= 1.25);
        CHECK(spread(accept_balanced(1000, lag, [&dice](int) {
                  return static_cast<std::uint32_t>(dice.next() % 4);
              })) <= 1.25);
        CHECK(spread(deal(round_robin{}, 1000, lag)) <= 1.25);
        CHECK(spread(deal(least_connections{}, 1000, lag)) <= 1.25);
        CHECK(spread(deal(sticky{}, 1000, lag)) <= 1.25);
    }
}

TEST_CASE("a worker keeps what it accepted while it is not clearly above its share")
{
    auto workers = idle_workers(2);
    balanced mind{0};

    workers[0].connections_open = 3;
    CHECK(mind.hand_to(workers, noon) == std::nullopt);
    workers[0].connections_open = 4;
    CHECK(mind.hand_to(workers, noon) == 1);

    workers[1].connections_open = 800;
    workers[0].connections_open = 899;
    CHECK(mind.hand_to(workers, noon) == std::nullopt);
    workers[0].connections_open = 900;
    CHECK(mind.hand_to(workers, noon) == 1);
}

TEST_CASE("a worker hands nothing to one whose lanes are full, however few connections that has")
{
    auto workers = idle_workers(2);
    workers[0].connections_open = 100;
    workers[1].lanes_busy = workers[1].lanes;
    balanced mine{0};
    CHECK_FALSE(mine.hand_to(workers, noon));
    workers[0].lanes_busy = workers[0].lanes;  // both are: connections decide again
    CHECK(mine.hand_to(workers, noon) == 1);
}

TEST_CASE("a worker keeps everything when no other accepts")
{
    auto workers = idle_workers(3);
    workers[0].connections_open = 1000;
    workers[1].accepting = workers[2].accepting = false;
    CHECK(balanced{0}.hand_to(workers, noon) == std::nullopt);
}

TEST_CASE("a worker whose lanes are busy lets an idle one accept first")
{
    auto workers = idle_workers(2);
    balanced mind{0};
    const steady_time start{1s};

    workers[0].lanes_busy = 1;
    CHECK_FALSE(mind.may_accept(workers, start));
    CHECK(balanced{1}.may_accept(workers, start));

    workers[1].lanes_busy = 2;
    CHECK(mind.may_accept(workers, start));
    workers[0].lanes_busy = 4;
    CHECK_FALSE(mind.may_accept(workers, start));
    workers[1].lanes_busy = 9;
    CHECK(mind.may_accept(workers, start));
}

TEST_CASE("a busy worker accepts after all when nobody else took the connection")
{
    auto workers = idle_workers(2);
    balanced mind{0};
    workers[0].lanes_busy = 4;  // and worker 1 is stuck, though its row looks idle
    steady_time at{1s};

    CHECK_FALSE(mind.may_accept(workers, at));
    CHECK_FALSE(mind.may_accept(workers, at += balanced::pause));
    CHECK_FALSE(mind.may_accept(workers, at += balanced::pause));
    CHECK(mind.may_accept(workers, at += balanced::pause));

    // The next connection is a new question, and so is one that comes a second later.
    CHECK_FALSE(mind.may_accept(workers, at += balanced::pause));
    CHECK_FALSE(mind.may_accept(workers, at += 1s));
}

TEST_CASE("a worker that is not accepting, or not on the board, accepts nothing")
{
    auto workers = idle_workers(2);
    workers[0].accepting = false;
    CHECK_FALSE(balanced{0}.may_accept(workers, steady_time{1s}));
    CHECK_FALSE(balanced{7}.may_accept(workers, steady_time{1s}));
}

TEST_CASE("a hand-over counts until the target has taken it")
{
    handovers_in_flight account;
    load target{.slot = 5, .inbox_taken_total = 100, .accepting = true};

    account.given(target, noon);
    account.given(target, noon);
    CHECK(account.towards(target) == 2);
    target.inbox_taken_total = 101;
    CHECK(account.towards(target) == 1);
    target.inbox_taken_total = 110;  // others sent to it as well
    CHECK(account.towards(target) == 0);
}

TEST_CASE("a target whose successor counts from zero owes nothing")
{
    handovers_in_flight account;
    load target{.slot = 0, .inbox_taken_total = 100, .accepting = true};
    account.given(target, noon);
    target.inbox_taken_total = 0;
    CHECK(account.towards(target) == 0);
    account.given(target, noon);
    CHECK(account.towards(target) == 1);
}

TEST_CASE("a target that takes nothing for a while gets nothing more until it takes again")
{
    handovers_in_flight account;
    load target{.slot = 0, .inbox_taken_total = 7, .accepting = true};
    CHECK_FALSE(account.neglected(target, noon));
    account.given(target, noon);
    account.given(target, noon + 90ms);
    CHECK_FALSE(account.neglected(target, noon + 100ms));
    CHECK(account.neglected(target, noon + 101ms));

    target.inbox_taken_total = 8;
    CHECK_FALSE(account.neglected(target, noon + 200ms));
    CHECK(account.neglected(target, noon + 301ms));
    target.inbox_taken_total = 9;
    CHECK_FALSE(account.neglected(target, noon + 900ms));
    account.given(target, noon + 1s);  // long after: a new beginning
    CHECK_FALSE(account.neglected(target, noon + 1100ms));
    CHECK(account.neglected(target, noon + 1101ms));
    CHECK_FALSE(account.neglected(target, noon + 2001ms));  // rescued meanwhile: one more try
    CHECK(account.towards(target) == 0);
}

TEST_CASE("a stuck worker that looks idle gets a bounded number of connections, then none")
{
    auto workers = idle_workers(2);
    balanced mind{0};
    std::uint32_t given = 0;
    for (; given < 1000; ++given) {
        workers[0].connections_open = 10'000;
        const auto to = mind.hand_to(workers, noon);
        if (!to)
            break;
        mind.given(workers[*to], noon);
    }
    CHECK(given == handovers_in_flight::open_max);
    workers[1].inbox_taken_total = given;
    CHECK(mind.hand_to(workers, noon) == 1);
}

TEST_CASE("least connections counts what is on its way, and forgets what was taken back")
{
    auto workers = idle_workers(2);
    least_connections policy;
    workers[0].on_their_way = 5;
    CHECK(policy.choose(workers) == 1);
    CHECK(policy.choose(workers) == 1);
    workers[0].on_their_way = 0;
    CHECK(policy.choose(workers) == 0);
}

TEST_CASE("round robin deals in turn and steps over those who do not accept")
{
    auto workers = idle_workers(3);
    round_robin policy;
    CHECK(policy.choose(workers) == 0);
    CHECK(policy.choose(workers) == 1);
    CHECK(policy.choose(workers) == 2);
    CHECK(policy.choose(workers) == 0);
    workers[1].accepting = false;
    CHECK(policy.choose(workers) == 2);
    CHECK(policy.choose(workers) == 0);
    workers[0].accepting = workers[2].accepting = false;
    CHECK(policy.choose(workers) == std::nullopt);
    workers[1].accepting = true;
    CHECK(policy.choose(workers) == 1);
}

TEST_CASE("least connections chooses the fewest, and equals take turns")
{
    auto workers = idle_workers(3);
    least_connections policy;
    workers[0].connections_open = 5;
    CHECK(policy.choose(workers) == 1);
    CHECK(policy.choose(workers) == 2);
    CHECK(policy.choose(workers) == 1);
    workers[1].connections_open = 2;
    CHECK(policy.choose(workers) == 2);
    workers[2].accepting = false;
    CHECK(policy.choose(workers) == 1);
}

TEST_CASE("sticky gives one client one slot, whatever the loads are")
{
    auto workers = idle_workers(4);
    sticky policy;
    const auto home = policy.choose(workers, "192.0.2.7");
    workers[*home].connections_open = 100'000;
    CHECK(policy.choose(workers, "192.0.2.7") == home);
    std::ranges::reverse(workers);
    CHECK(policy.choose(workers, "192.0.2.7") == home);
}

TEST_CASE("a client of a crowded slot waits for it, and others do not")
{
    auto workers = idle_workers(4);
    sticky policy;
    const auto home = policy.choose(workers, "192.0.2.7").value();
    workers[home].accepting = false;
    workers[home].crowded = true;
    CHECK(policy.choose(workers, "192.0.2.7") == std::nullopt);
    workers[home].crowded = false;
    CHECK(policy.choose(workers, "192.0.2.7") != home);
    for (auto& one : workers)
        one.crowded = true;
    CHECK(least_connections{}.choose(workers) != home);  // for the others it is just busy
}

TEST_CASE("when a slot goes only its clients move, and when it comes back only they return")
{
    auto workers = idle_workers(4);
    sticky policy;
    std::map<std::string, std::uint32_t> homes;
    for (int i = 0; i < 2000; ++i) {
        const std::string client = "2001:db8::" + std::to_string(i);
        homes[client] = policy.choose(workers, client).value();
    }

    workers[2].accepting = false;
    std::map<std::uint32_t, int> moved_to;
    for (const auto& [client, home] : homes) {
        const auto now = policy.choose(workers, client).value();
        if (home == 2)
            ++moved_to[now];
        else
            CHECK(now == home);
    }
    CHECK(moved_to.size() == 3);  // the lost slot's clients spread over all the others

    workers[2].accepting = true;
    for (const auto& [client, home] : homes)
        CHECK(policy.choose(workers, client) == home);
}
