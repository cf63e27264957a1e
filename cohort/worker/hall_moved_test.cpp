// Connections that come from other servers: who takes them, and what becomes of the rest.
#include <cohort/async/scope.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/ipc/two_ends_test.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/worker/hall.hpp>
#include <cohort/worker/link.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::work;
using namespace std::chrono_literals;

namespace {

struct deaf_guide final : work::link::guide {
    void welcomed(ipc::welcome, std::vector<unique_fd>) noexcept override {}
    void met(const ipc::neighbours&, std::vector<unique_fd>) noexcept override {}
    void told_to_drain(const ipc::drain_order&) noexcept override {}
    void lost_primary(std::string_view) noexcept override { lost = true; }
    void escaped(std::string_view) noexcept override {}

    bool lost = false;
};

std::string good_answer(std::uint32_t endpoint, std::string where)
{
    ipc::listen_answer words;
    words.endpoint = endpoint;
    words.where = std::move(where);
    return ipc::encode(words);
}

/// A hall, and the primary's end of its channel.
struct scene {
    scene()
    {
        REQUIRE(poller.start());
        std::vector<unique_fd> cargo;
        cargo.push_back(duplicate(board.fd()).value());
        cargo.push_back(std::move(inbox.take));
        ipc::welcome terms;
        terms.balance = "balanced";
        REQUIRE(doors.open(terms, std::move(cargo)));
        talk.start();
        primary.start(heard.take(), heard.closed());
    }
    ~scene()
    {
        poller.stop();
        primary.close();
        talk.close();
        tasks.stop();
        ipc::testing::run_until(loop, [&] { return tasks.size() == 0; });
    }
    scene(const scene&) = delete;
    scene& operator=(const scene&) = delete;

    static std::array<unique_fd, 2> pair()
    {
        auto ends = ipc::channel::make_pair().value();
        return {std::move(ends.first), std::move(ends.second)};
    }
    awaitable<> run(std::string where, result<std::shared_ptr<door>>& into, bool& done)
    {
        const net::listen_options usual;
        into = co_await doors.listen(std::move(where), usual);
        done = true;
    }
    /// Requests to listen, in the order in which they came.
    std::vector<ipc::envelope*> asked()
    {
        std::vector<ipc::envelope*> found;
        for (ipc::envelope& each : heard.came) {
            if (each.kind == static_cast<std::uint16_t>(ipc::kind::listen))
                found.push_back(&each);
        }
        return found;
    }
    void wait_for_requests(std::size_t count)
    {
        ipc::testing::run_until(loop, [&] { return asked().size() == count; });
    }
    void answer(const ipc::envelope& request, std::string body)
    {
        auto reply = ipc::answer_to(request);
        reply.body = std::move(body);
        REQUIRE(primary.try_send(reply));
    }

    /// Opens a door there.
    std::shared_ptr<door> open(std::uint32_t endpoint)
    {
        const std::string where = "tcp://127.0.0.1:" + std::to_string(4710 + endpoint);
        const std::size_t before = asked().size();
        result<std::shared_ptr<door>> got = failed(errc::not_supported, "wait");
        bool done = false;
        tasks.spawn(run(where, got, done));
        wait_for_requests(before + 1);
        answer(*asked().back(), good_answer(endpoint, where));
        ipc::testing::run_until(loop, [&] { return done; });
        REQUIRE(got);
        (*got)->serve([](unique_fd&&) noexcept {});
        return *got;
    }
    void serve(bool takes)
    {
        doors.on_moved([this, takes](unique_fd& connection, const net::handover& about) noexcept {
            if (takes) {
                served.push_back(about.endpoint);
                kept.push_back(std::move(connection));
            }
            ++offered;
            return takes;
        });
    }
    /// From the server of another slot. Returns the client's end.
    unique_fd moved(std::uint32_t endpoint)
    {
        std::array<int, 2> sockets{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0);
        unique_fd connection{sockets[1]};
        net::handover about;
        about.endpoint = endpoint;
        about.from_slot = neighbour;
        about.what = net::handover::kind::moved;
        about.requests = 3;
        REQUIRE(net::give(inbox.give.borrow(), connection, about));
        const std::uint64_t before = doors.row().inbox_taken_total.load();
        ipc::testing::run_until(loop,
                                [&] { return doors.row().inbox_taken_total.load() > before; });
        return unique_fd{sockets[0]};
    }
    /// Another worker, with the giving end of its inbox.
    void settle_neighbour(std::uint32_t slot, net::inbox_pair& its)
    {
        board::slot& row = board.row(slot);
        board::move_in(row, {.tenant = board::tenant_of(1, ::getpid()), .worker_id = 9});
        row.beat_ns = now_ns();
        row.accepting = 1;
        ipc::neighbours who;
        who.slots = {slot};
        std::vector<unique_fd> cargo;
        cargo.push_back(std::move(its.give));
        doors.meet(who, std::move(cargo));
    }

    static constexpr std::uint32_t neighbour = 1;
    board::segment board = board::segment::create(4).value();
    std::vector<std::uint32_t> served;
    std::vector<unique_fd> kept;
    int offered = 0;
    boost::asio::io_context loop{1};
    net::poller poller{loop};
    scope tasks{loop.get_executor()};
    wakeup changed{loop.get_executor()};
    deaf_guide guide;
    net::inbox_pair inbox = net::make_inbox().value();
    std::array<unique_fd, 2> ends = pair();
    ipc::testing::recorder heard;
    ipc::channel primary = ipc::testing::open_end(loop, std::move(ends[0]));
    work::link talk{loop.get_executor(), ipc::testing::open_end(loop, std::move(ends[1])), tasks,
                    guide};
    hall doors{loop.get_executor(), poller, talk, changed};
};

bool is_closed(const unique_fd& client)
{
    char byte = 0;
    return ::recv(client.borrow(), &byte, 1, MSG_DONTWAIT) == 0;
}

}  // namespace

TEST_CASE("a connection of an endpoint that is not ours is not served here, until it is")
{
    scene s;
    const auto first = s.open(1);
    s.serve(true);
    const unique_fd client = s.moved(2);  // where only another worker listens
    s.doors.refresh();
    CHECK(s.offered == 0);
    CHECK_FALSE(is_closed(client));
    const unique_fd ours = s.moved(1);
    CHECK(s.served == std::vector<std::uint32_t>{1});

    const auto second = s.open(2);
    CHECK(s.served == std::vector<std::uint32_t>{1, 2});
}

TEST_CASE("and goes to the next slot, with all that is known of it")
{
    scene s;
    const auto door = s.open(1);
    s.serve(true);
    const unique_fd client = s.moved(2);
    net::inbox_pair its = net::make_inbox().value();
    s.settle_neighbour(2, its);
    s.doors.refresh();
    const auto got = net::take(its.take.borrow()).value();
    REQUIRE(got);
    CHECK(got->about.endpoint == 2);
    CHECK(got->about.requests == 3);
    CHECK(got->about.what == net::handover::kind::moved);
    CHECK(s.offered == 0);
}

TEST_CASE("what cannot be taken at once is not closed, and nobody waits for it")
{
    scene s;
    const auto door = s.open(1);
    s.serve(false);
    const unique_fd client = s.moved(1);
    CHECK(s.offered == 1);
    CHECK_FALSE(is_closed(client));
    s.serve(true);
    s.doors.refresh();
    CHECK(s.served == std::vector<std::uint32_t>{1});
}
