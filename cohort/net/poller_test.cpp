#include <cohort/net/poller.hpp>

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <vector>

using cohort::unique_fd;
using cohort::net::poller;
using cohort::net::watcher;

namespace {

struct pair_of_sockets {
    pair_of_sockets()
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
                0);
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
    }
    void poke() const { REQUIRE(::write(theirs.borrow(), "x", 1) == 1); }

    unique_fd ours;
    unique_fd theirs;
};

struct listener final : watcher {
    void ready(std::uint32_t events) noexcept override
    {
        seen |= events;
        ++calls;
        if (then)
            then();
    }
    void swallow(int fd)
    {
        std::array<char, 16> bytes{};
        static_cast<void>(::read(fd, bytes.data(), bytes.size()));
    }

    std::uint32_t seen = 0;
    int calls = 0;
    std::function<void()> then;
};

}  // namespace

TEST_CASE("a watcher hears that its descriptor is readable, again and again until it is read")
{
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    pair_of_sockets pair;
    listener ear;
    REQUIRE(poll.watch(pair.ours.borrow(), EPOLLIN, ear));
    pair.poke();
    ear.then = [&] {
        if (ear.calls == 3) {
            ear.swallow(pair.ours.borrow());
            poll.stop();
        }
    };
    loop.run();
    CHECK(ear.calls == 3);
    CHECK(ear.seen == EPOLLIN);
}

TEST_CASE("a watcher that is forgotten inside a batch hears nothing more, not even of that batch")
{
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    std::array<pair_of_sockets, 8> pairs;
    std::array<std::unique_ptr<listener>, 8> ears;
    int called = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        ears[i] = std::make_unique<listener>();
        REQUIRE(poll.watch(pairs[i].ours.borrow(), EPOLLIN, *ears[i]));
        pairs[i].poke();
        ears[i]->then = [&] {
            ++called;
            // The first one called destroys all of them, itself included.
            for (std::size_t each = 0; each < pairs.size(); ++each) {
                poll.forget(pairs[each].ours.borrow(), *ears[each]);
                pairs[each].ours.reset();
            }
            auto gone = std::move(ears);
            poll.stop();
        };
    }
    loop.run();
    CHECK(called == 1);
}

TEST_CASE("one turn delivers one batch, and Asio's other handlers have their turn in between")
{
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    constexpr std::size_t many = 200;
    std::vector<pair_of_sockets> pairs(many);
    std::vector<listener> ears(many);
    std::size_t heard = 0;
    std::size_t heard_at_turn = 0;
    for (std::size_t i = 0; i < many; ++i) {
        REQUIRE(poll.watch(pairs[i].ours.borrow(), EPOLLIN, ears[i]));
        pairs[i].poke();
        ears[i].then = [&, i] {
            ears[i].swallow(pairs[i].ours.borrow());
            if (++heard == 1)
                boost::asio::post(loop, [&] { heard_at_turn = heard; });
            if (heard == many)
                poll.stop();
        };
    }
    loop.run();
    CHECK(heard == many);
    CHECK(heard_at_turn <= poller::batch_max);
    CHECK(poll.batches() >= many / poller::batch_max);
    CHECK(poll.events() == many);
}

TEST_CASE("a busy poller goes back to sleep and wakes up again")
{
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    std::vector<pair_of_sockets> pairs(poller::busy_from + 4);
    std::vector<listener> ears(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        REQUIRE(poll.watch(pairs[i].ours.borrow(), EPOLLIN, ears[i]));
        pairs[i].poke();
        ears[i].then = [&, i] { ears[i].swallow(pairs[i].ours.borrow()); };
    }
    loop.run_for(std::chrono::milliseconds{20});
    CHECK(ears.back().calls == 1);

    ears.back().then = [&] { poll.stop(); };
    pairs.back().poke();
    loop.run();
    CHECK(ears.back().calls == 2);
}

TEST_CASE("what is watched can be changed")
{
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    pair_of_sockets pair;
    listener ear;
    REQUIRE(poll.watch(pair.ours.borrow(), 0, ear));
    pair.poke();
    boost::asio::post(loop, [&] { REQUIRE(poll.change(pair.ours.borrow(), EPOLLOUT, ear)); });
    ear.then = [&] { poll.stop(); };
    loop.run();
    CHECK(ear.seen == EPOLLOUT);
}

TEST_CASE("stop ends the loop's run, and start begins again with an empty set")
{
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    pair_of_sockets pair;
    listener ear;
    REQUIRE(poll.watch(pair.ours.borrow(), EPOLLIN, ear));
    pair.poke();
    poll.stop();
    loop.run();
    CHECK(ear.calls == 0);

    loop.restart();
    REQUIRE(poll.start());
    REQUIRE(poll.watch(pair.ours.borrow(), EPOLLIN, ear));
    ear.then = [&] { poll.stop(); };
    loop.run();
    CHECK(ear.calls == 1);
}

TEST_CASE("watching a bad descriptor, or the same one twice, is reported")
{
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    listener ear;
    CHECK(poll.watch(100'000, EPOLLIN, ear).error().why().value() == EBADF);
    pair_of_sockets pair;
    REQUIRE(poll.watch(pair.ours.borrow(), EPOLLIN, ear));
    CHECK(poll.watch(pair.ours.borrow(), EPOLLIN, ear).error().why().value() == EEXIST);
    poll.forget(pair.ours.borrow(), ear);
}

TEST_CASE("what is around batches is called once for all that became ready together")
{
    static int before = 0;
    static int after = 0;
    static int seen_before_after = 0;
    before = after = seen_before_after = 0;
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    poll.around_batches({.before = []() noexcept { ++before; },
                         .after = []() noexcept { CHECK(++after == before); }});
    std::array<pair_of_sockets, 3> sockets;
    std::array<listener, 3> each;
    int heard = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(poll.watch(sockets[i].ours.borrow(), EPOLLIN, each[i]));
        each[i].then = [&, i] {
            each[i].swallow(sockets[i].ours.borrow());
            seen_before_after += before == after + 1 ? 1 : 0;
            if (++heard == 3)
                poll.stop();
        };
        sockets[i].poke();
    }
    loop.run();
    CHECK(heard == 3);
    CHECK(seen_before_after == 3);
    CHECK(before == 1);
    CHECK(after == 1);
}

TEST_CASE("all that became ready together has one time, and what comes later another")
{
    boost::asio::io_context loop;
    poller poll{loop};
    REQUIRE(poll.start());
    std::array<pair_of_sockets, 2> sockets;
    std::array<listener, 2> each;
    std::vector<cohort::steady_time> seen;
    for (std::size_t i = 0; i < 2; ++i) {
        REQUIRE(poll.watch(sockets[i].ours.borrow(), EPOLLIN, each[i]));
        each[i].then = [&, i] {
            each[i].swallow(sockets[i].ours.borrow());
            const cohort::steady_time first = poll.time();
            while (cohort::now() <= first) {
            }
            CHECK(poll.time() == first);
            seen.push_back(first);
            if (seen.size() == 2)
                sockets[0].poke();
            if (seen.size() == 3)
                poll.stop();
        };
        sockets[i].poke();
    }
    const cohort::steady_time before = poll.time();
    loop.run();
    REQUIRE(seen.size() == 3);
    CHECK(seen[0] >= before);
    CHECK(seen[0] == seen[1]);
    CHECK(seen[2] > seen[1]);
    CHECK(poll.time() > seen[2]);
}
