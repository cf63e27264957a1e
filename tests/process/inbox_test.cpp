// An inbox belongs to the slot: what a killed taker left in it, its successor takes.

#include <cohort/net/inbox.hpp>
#include <cohort/process/clone.hpp>

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <set>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace cohort;

namespace {

struct client {
    unique_fd far;
    std::uint64_t number = 0;
};

/// A client's connection, given to the inbox.
client give_one(const net::inbox_pair& inbox, std::uint64_t number)
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    unique_fd near{ends[0]};
    client made{unique_fd{ends[1]}, number};
    REQUIRE(net::give(inbox.give.borrow(), near, {.sequence = number}));
    return made;
}

/// Takes connections until `count` are served, answering each with its number; then it waits to be
/// killed, holding what it has, or leaves if nobody needs it any more.
void serve(int take_end, std::size_t count) noexcept
{
    std::vector<unique_fd> held;
    while (held.size() < count) {
        pollfd ask{.fd = take_end, .events = POLLIN, .revents = 0};
        if (::poll(&ask, 1, 5000) != 1)
            return;
        auto taken = net::take(take_end);
        if (!taken || !*taken)
            continue;
        const std::uint64_t number = (*taken)->about.sequence;
        if (::write((*taken)->connection.borrow(), &number, sizeof number) == sizeof number)
            held.push_back(std::move((*taken)->connection));
    }
    ::poll(nullptr, 0, 10'000);  // its parent kills it long before
}

result<process::child> start(const net::inbox_pair& inbox, std::size_t count)
{
    auto permit = process::fork_permit::ask();
    REQUIRE(permit);
    const int take_end = inbox.take.borrow();
    process::birth how;
    how.keep = {take_end};
    return process::clone(std::move(*permit), how,
                          [take_end, count]() noexcept { serve(take_end, count); });
}

bool answered(const client& by)
{
    pollfd ask{.fd = by.far.borrow(), .events = POLLIN, .revents = 0};
    std::uint64_t number = ~by.number;
    return ::poll(&ask, 1, 5000) == 1 &&
           ::read(by.far.borrow(), &number, sizeof number) == sizeof number && number == by.number;
}

}  // namespace

TEST_CASE("what a killed taker had not taken is served by its successor, in order, none lost")
{
    const net::inbox_pair inbox = net::make_inbox().value();
    std::vector<client> clients;
    for (std::uint64_t number = 0; number < 60; ++number)
        clients.push_back(give_one(inbox, number));

    auto first = start(inbox, 10);
    REQUIRE(first);
    for (std::size_t i = 0; i < 10; ++i)
        CHECK(answered(clients[i]));
    REQUIRE(first->signal(SIGKILL));
    CHECK(first->wait().signal() == SIGKILL);

    // Its ten connections died with it, here, without a keeper; the other fifty never noticed.
    auto second = start(inbox, 50);
    REQUIRE(second);
    for (std::size_t i = 10; i < 60; ++i)
        CHECK(answered(clients[i]));
    REQUIRE(second->signal(SIGKILL));
    second->wait();
}

TEST_CASE("an inbox takes connections while nobody serves the slot")
{
    const net::inbox_pair inbox = net::make_inbox().value();
    auto early = start(inbox, 1);
    REQUIRE(early);
    REQUIRE(early->signal(SIGKILL));
    early->wait();

    const client patient = give_one(inbox, 7);
    auto late = start(inbox, 1);
    REQUIRE(late);
    CHECK(answered(patient));
    REQUIRE(late->signal(SIGKILL));
    late->wait();
}

TEST_CASE("takers that are killed at any moment lose only what they had taken")
{
    const net::inbox_pair inbox = net::make_inbox().value();
    for (int round = 0; round < 20; ++round) {
        std::vector<client> clients;
        for (std::uint64_t number = 0; number < 50; ++number)
            clients.push_back(give_one(inbox, number));

        auto hasty = start(inbox, 50);
        REQUIRE(hasty);
        // Killed in the middle of its work: once it has answered a few, without a pause.
        CHECK(answered(clients[static_cast<std::size_t>(round)]));
        REQUIRE(hasty->signal(SIGKILL));
        hasty->wait();

        // Whatever is left comes in order and whole: no gap, no connection twice. One message may
        // be there whose connection the dead one had already looked at.
        std::uint64_t expected = 0;
        std::set<std::uint64_t> left;
        for (auto next = net::take(inbox.take.borrow()).value(); next;
             next = net::take(inbox.take.borrow()).value())
        {
            if (left.empty())
                expected = next->about.sequence;
            CHECK(next->about.sequence == expected++);
            left.insert(next->about.sequence);
        }
        CHECK((left.empty() || expected == 50));
    }
}
