#include <cohort/primary/dealer.hpp>
#include <cohort/net/inbox.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

using namespace cohort;
using namespace cohort::primary;

namespace {

/// Slots that accept, or not, and their inboxes.
struct seats final : seating {
    seats()
    {
        for (net::inbox_pair& each : inbox_ends)
            each = net::make_inbox().value();
    }

    void loads(std::uint32_t, std::vector<net::load>& into) override
    {
        for (std::uint32_t slot = 0; slot < inbox_ends.size(); ++slot)
            into.push_back({.slot = slot, .lanes = 4, .accepting = accepting});
    }
    int give_end(std::uint32_t slot) override { return inbox_ends.at(slot).give.borrow(); }
    int take_end(std::uint32_t slot) override { return inbox_ends.at(slot).take.borrow(); }
    void inboxes(std::vector<inbox_state>& into) override
    {
        for (std::uint32_t slot = 0; slot < inbox_ends.size(); ++slot)
            into.push_back({.slot = slot, .tenant = slot + 1});
    }

    std::array<net::inbox_pair, 2> inbox_ends;
    bool accepting = false;
};

struct table {
    table() { REQUIRE(poller.start()); }

    boost::asio::io_context loop{1};
    net::poller poller{loop};
    seats places;
    dealer deals{loop.get_executor(), poller, config::policy::round_robin, 0, places};
};

struct connection {
    connection()
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) ==
                0);
        client.reset(ends[0]);
        server.reset(ends[1]);
    }
    [[nodiscard]] bool is_closed() const
    {
        char byte = 0;
        return ::recv(client.borrow(), &byte, 1, 0) == 0;
    }

    unique_fd client;
    unique_fd server;
};

}  // namespace

TEST_CASE("connections that nobody takes wait, and are closed when the dealer is")
{
    table t;
    connection waits;
    t.deals.stray(1, std::move(waits.server));
    CHECK(t.deals.book().waiting() == 1);
    CHECK_FALSE(waits.is_closed());
    t.deals.close();
    CHECK(t.deals.book().waiting() == 0);
    CHECK(waits.is_closed());
}

TEST_CASE("a closing dealer also closes what is on its way, or was left in an inbox")
{
    table t;
    t.places.accepting = true;
    connection dealt;
    t.deals.stray(1, std::move(dealt.server));
    CHECK(t.deals.book().on_their_way() == 1);
    connection passed_on;
    REQUIRE(net::give(t.places.give_end(1), passed_on.server, {.endpoint = 1, .from_slot = 0}));
    t.places.accepting = false;
    t.deals.close();
    CHECK(dealt.is_closed());
    CHECK(passed_on.is_closed());
    CHECK(t.deals.book().on_their_way() == 0);
    CHECK(t.deals.book().waiting() == 0);
}

TEST_CASE("what comes back to a closed dealer is closed")
{
    table t;
    t.deals.close();
    connection late;
    t.deals.stray(1, std::move(late.server));
    CHECK(late.is_closed());
    connection left;
    REQUIRE(net::give(t.places.give_end(0), left.server, {.endpoint = 1, .from_slot = 1}));
    t.deals.slot_lost(0);
    CHECK(left.is_closed());
    t.deals.close();
}

TEST_CASE("a connection that a worker has taken is not closed with the dealer's copy of it")
{
    table t;
    t.places.accepting = true;
    connection dealt;
    t.deals.stray(1, std::move(dealt.server));
    const auto taken = net::take(t.places.take_end(0)).value();
    REQUIRE(taken);
    t.places.accepting = false;
    t.deals.close();
    CHECK_FALSE(dealt.is_closed());
    CHECK(::send(taken->connection.borrow(), "x", 1, MSG_NOSIGNAL) == 1);
}
