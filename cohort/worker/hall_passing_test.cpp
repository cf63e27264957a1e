// What the successor of a worker makes of connections that were under way when it died.
#include <cohort/worker/hall.hpp>

#include <cohort/async/scope.hpp>
#include <cohort/ipc/two_ends_test.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/worker/hall_kit_test.hpp>
#include <cohort/worker/link.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::work;
using board::passage;
using board::standing;
using work::testing::deaf_guide;

namespace {

constexpr std::uint32_t our_slot = 0;
constexpr std::uint32_t other_slot = 1;

/// A slot whose worker has died; its successor moves in with what was found.
struct scene {
    scene()
    {
        const auto port = net::local_endpoint(listener.borrow()).value().port();
        client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(client.borrow(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0);
        // The successor owns what it found: these numbers, not these objects.
        accepted = ::accept4(listener.borrow(), nullptr, nullptr, SOCK_CLOEXEC);
        REQUIRE(accepted != -1);
    }
    ~scene()
    {
        poller.stop();
        ::close(accepted);
    }
    scene(const scene&) = delete;
    scene& operator=(const scene&) = delete;

    static std::pair<unique_fd, unique_fd> pair() { return ipc::channel::make_pair().value(); }

    std::vector<int> move_in(std::vector<int> found)
    {
        REQUIRE(poller.start());
        std::vector<unique_fd> cargo;
        cargo.push_back(duplicate(board.fd()).value());
        cargo.push_back(std::move(inbox.take));
        ipc::welcome terms;
        terms.slot = our_slot;
        terms.balance = "balanced";
        doors.inherit(journal, std::move(found));
        REQUIRE(doors.open(terms, std::move(cargo)));
        return doors.take_found();
    }
    board::ticket offer(std::uint32_t from, std::uint32_t to)
    {
        board::ticket_terms terms{.from = from, .to = to};
        socklen_t size = sizeof terms.cookie;
        REQUIRE(::getsockopt(accepted, SOL_SOCKET, SO_COOKIE, &terms.cookie, &size) == 0);
        return board.tickets().offer(terms, now()).value();
    }
    /// The worker that had it took and gave some bytes.
    void serve()
    {
        char bytes[16];
        REQUIRE(::send(client.borrow(), "question", 8, 0) == 8);
        REQUIRE(::recv(accepted, bytes, sizeof bytes, 0) == 8);
        REQUIRE(::send(accepted, "answer", 6, 0) == 6);
        REQUIRE(::recv(client.borrow(), bytes, sizeof bytes, 0) == 6);
    }

    unique_fd listener =
        net::open_listener(net::endpoint::parse("tcp://127.0.0.1:0").value(), {}).value();
    unique_fd client;
    int accepted = -1;
    board::segment board = board::segment::create(2).value();
    board::journal journal =
        board::journal::create({.records = 256, .arena_bytes = 65'536}).value();
    boost::asio::io_context loop{1};
    net::poller poller{loop};
    scope tasks{loop.get_executor()};
    deaf_guide guide;
    net::inbox_pair inbox = net::make_inbox().value();
    std::pair<unique_fd, unique_fd> ends = pair();
    work::link talk{loop.get_executor(), ipc::testing::open_end(loop, std::move(ends.second)),
                    tasks, guide};
    wakeup changed{loop.get_executor()};
    hall doors{loop.get_executor(), poller, talk, changed};
};

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) != -1; }

}  // namespace

TEST_CASE("of two copies of one connection that nobody wrote down, one goes on")
{
    scene s;
    const auto ticket = s.offer(other_slot, our_slot);
    const int seen = duplicate(s.accepted).value().release();
    CHECK(s.move_in({s.accepted, seen}) == std::vector<int>{s.accepted});
    CHECK_FALSE(is_open(seen));
    CHECK(s.journal.record(s.accepted)->state().now == standing::passing);
    CHECK(s.board.tickets().look(ticket).value().now == passage::taken);
    CHECK(s.doors.is_ours(static_cast<std::uint32_t>(ticket)));
    s.doors.settle();
    CHECK_FALSE(s.board.tickets().look(ticket));
}

TEST_CASE("a connection that was taken out of an inbox by the dead goes on where it stood")
{
    scene s;
    s.serve();
    const auto ticket = s.offer(other_slot, our_slot);
    CHECK(s.move_in({s.accepted}) == std::vector<int>{s.accepted});
    const auto& record = *s.journal.record(s.accepted);
    CHECK(record.state().now == standing::passing);
    CHECK(record.state().ticket == static_cast<std::uint32_t>(ticket));
    CHECK(record.state().parsed == 8);
    CHECK(record.state().composed == 6);
    CHECK(record.taken.load() == 8);
    CHECK(record.given.load() == 6);
}

TEST_CASE("a copy of a connection that its giver took back is closed, and nothing is said on it")
{
    scene s;
    const auto ticket = s.offer(other_slot, our_slot);
    REQUIRE(s.board.tickets().revoke(ticket));
    const int copy = duplicate(s.accepted).value().release();
    CHECK(s.move_in({copy}).empty());
    CHECK_FALSE(is_open(copy));
    CHECK(::send(s.accepted, "here", 4, MSG_NOSIGNAL) == 4);
    char bytes[8];
    CHECK(::recv(s.client.borrow(), bytes, sizeof bytes, 0) == 4);
}

TEST_CASE("a connection whose giver died before it was sent stays with its slot")
{
    scene s;
    const auto ticket = s.offer(our_slot, other_slot);
    CHECK(s.move_in({s.accepted}) == std::vector<int>{s.accepted});
    CHECK(s.board.tickets().look(ticket).value().now == passage::revoked);
    CHECK_FALSE(s.board.tickets().take(ticket));
}

TEST_CASE("a new connection that has no ticket stays new")
{
    scene s;
    CHECK(s.move_in({s.accepted}) == std::vector<int>{s.accepted});
    CHECK(s.journal.record(s.accepted)->state().now == standing::free);
}

TEST_CASE("the journal is lent once, and says so when a second server has asked for it")
{
    scene s;
    (void)s.move_in({});
    CHECK(s.doors.lend_journal() == &s.journal);
    CHECK(s.journal.header().strangers.load() == 0);
    CHECK(s.doors.lend_journal() == nullptr);
    CHECK(s.journal.header().strangers.load() == 1);
}

TEST_CASE("what nobody else takes is left open for a successor, who finds it where it stood")
{
    scene s;
    s.serve();
    (void)s.move_in({s.accepted});
    unique_fd connection{duplicate(s.accepted).value()};
    const int number = connection.borrow();
    const net::handover at{.endpoint = 1, .taken = 8, .given = 6, .requests = 1};
    CHECK_FALSE(s.doors.move_on(connection, at));  // nobody is there at all
    CHECK(connection.valid());

    s.doors.expect_successor();
    REQUIRE(s.doors.move_on(connection, at));
    CHECK_FALSE(connection.valid());
    CHECK(is_open(number));
    const auto& record = *s.journal.record(number);
    CHECK(record.state().now == standing::idle);
    CHECK(record.state().parsed == 8);
    CHECK(record.state().composed == 6);
    CHECK(record.state().requests == 1);
    CHECK(record.taken.load() == 8);
    CHECK(record.given.load() == 6);

    SUBCASE("but closed when nobody follows after all")
    {
        s.doors.expect_nobody();
        CHECK_FALSE(is_open(number));
    }
    SUBCASE("and sent to the slot's inbox when the table ends with us")
    {
        ipc::neighbours us;
        us.slots = {our_slot};
        std::vector<unique_fd> cargo;
        cargo.push_back(std::move(s.inbox.give));
        s.doors.meet(us, std::move(cargo));
        s.doors.orphaned();
        CHECK_FALSE(is_open(number));
    }
    CHECK(record.state().now == standing::free);
}
