// Connections that come from other servers: who takes them, and what becomes of the rest.
#include <cohort/board/slot.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/worker/hall.hpp>
#include <cohort/worker/hall_kit_test.hpp>

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
using work::testing::good_answer;
using work::testing::hall_scene;
using namespace std::chrono_literals;

namespace {

struct scene : hall_scene {
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
    std::vector<std::uint32_t> served;
    std::vector<unique_fd> kept;
    int offered = 0;
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
