// A worker's doors, with a primary that the test plays itself.
#include <cohort/worker/hall.hpp>
#include <cohort/worker/hall_kit_test.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::work;
using work::testing::good_answer;
using work::testing::hall_scene;
using namespace std::chrono_literals;

namespace {

struct scene : hall_scene {
    /// Endpoints that the hall no longer wants.
    std::vector<std::uint32_t> left()
    {
        std::vector<std::uint32_t> found;
        for (const ipc::envelope& each : heard.came) {
            if (each.kind == static_cast<std::uint16_t>(ipc::kind::unlisten))
                found.push_back(ipc::decode<ipc::unlisten>(each.body).value().endpoint);
        }
        return found;
    }
    void refuse(const ipc::envelope& request, int error)
    {
        auto reply = ipc::answer_to(request);
        reply.flags |= ipc::flags::refusal;
        const error_code why{error, boost::system::system_category()};
        reply.body = ipc::encode(fault(why, "bind", "tcp://127.0.0.1:1"));
        REQUIRE(primary.try_send(reply));
    }
};

/// One listen that is going on.
struct attempt {
    attempt(scene& in, std::string where) { in.tasks.spawn(in.run(std::move(where), got, done)); }

    result<std::shared_ptr<door>> got = failed(errc::not_supported, "wait");
    bool done = false;
};

}  // namespace

TEST_CASE("everyone who asked for an address is told why there is none, each its own why")
{
    scene s;
    attempt one{s, "tcp://127.0.0.1:1"};
    attempt other{s, "tcp://127.0.0.1:1"};
    s.wait_for_requests(2);
    s.refuse(*s.asked()[1], EACCES);
    s.refuse(*s.asked()[0], EADDRINUSE);
    ipc::testing::run_until(s.loop, [&] { return one.done && other.done; });
    REQUIRE_FALSE(one.got);
    CHECK(one.got.error().why().value() == EADDRINUSE);
    CHECK(one.got.error().text().find("listen on tcp://127.0.0.1:1") != std::string::npos);
    REQUIRE_FALSE(other.got);
    CHECK(other.got.error().why().value() == EACCES);
    CHECK_FALSE(s.doors.listens());
    CHECK(s.left().empty());  // the primary knows that we do not
}

TEST_CASE("a primary that hangs up while it is asked is an error of the one who asked")
{
    scene s;
    attempt pending{s, "tcp://127.0.0.1:0"};
    s.wait_for_requests(1);
    s.primary.close();
    ipc::testing::run_until(s.loop, [&] { return pending.done; });
    CHECK(s.guide.lost);
    REQUIRE_FALSE(pending.got);
    CHECK(pending.got.error().why() == errc::channel_closed);

    attempt late{s, "tcp://127.0.0.1:0"};
    ipc::testing::run_until(s.loop, [&] { return late.done; });
    REQUIRE_FALSE(late.got);
    CHECK(late.got.error().why() == errc::channel_closed);
}

TEST_CASE("an answer that makes no sense is an error, and the endpoint it speaks of is left")
{
    scene s;
    attempt garbled{s, "tcp://127.0.0.1:0"};
    s.wait_for_requests(1);
    s.answer(*s.asked()[0], "no answer at all");
    ipc::testing::run_until(s.loop, [&] { return garbled.done; });
    REQUIRE_FALSE(garbled.got);
    CHECK(garbled.got.error().why() == errc::malformed);

    attempt nowhere{s, "tcp://127.0.0.1:0"};
    s.wait_for_requests(2);
    s.answer(*s.asked()[1], good_answer(7, "tcp://nowhere"));
    ipc::testing::run_until(s.loop, [&] { return nowhere.done && !s.left().empty(); });
    CHECK_FALSE(nowhere.got);
    CHECK(s.left() == std::vector<std::uint32_t>{7});
    CHECK_FALSE(s.doors.listens());
}

TEST_CASE("after a refusal port 0 is asked for under the same number, as its siblings do")
{
    scene s;
    const auto index_of_request = [&](std::size_t at) {
        return ipc::decode<ipc::listen_request>(s.asked()[at]->body).value().index;
    };
    attempt first{s, "tcp://127.0.0.1:0"};
    s.wait_for_requests(1);
    CHECK(index_of_request(0) == 0);
    s.refuse(*s.asked()[0], EMFILE);
    ipc::testing::run_until(s.loop, [&] { return first.done; });

    attempt again{s, "tcp://127.0.0.1:0"};
    s.wait_for_requests(2);
    CHECK(index_of_request(1) == 0);
    s.answer(*s.asked()[1], good_answer(3, "tcp://127.0.0.1:4711"));
    ipc::testing::run_until(s.loop, [&] { return again.done; });
    REQUIRE(again.got);
    CHECK((*again.got)->number() == 3);
    CHECK((*again.got)->where().port() == 4711);

    attempt next{s, "tcp://127.0.0.1:0"};
    s.wait_for_requests(3);
    CHECK(index_of_request(2) == 1);
    s.refuse(*s.asked()[2], EMFILE);
    ipc::testing::run_until(s.loop, [&] { return next.done; });
    (*again.got)->close();
    ipc::testing::run_until(s.loop, [&] { return !s.left().empty(); });
    CHECK(s.left() == std::vector<std::uint32_t>{3});
}

TEST_CASE("a closed door ends the waiting for its next connection")
{
    scene s;
    attempt opened{s, "tcp://127.0.0.1:4711"};
    s.wait_for_requests(1);
    s.answer(*s.asked()[0], good_answer(1, "tcp://127.0.0.1:4711"));
    ipc::testing::run_until(s.loop, [&] { return opened.done; });
    REQUIRE(opened.got);
    const auto at = *opened.got;
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd client{ends[0]};
    at->deliver(unique_fd{ends[1]});
    CHECK(s.doors.connections() == 1);
    at->close();

    // What was accepted before can still be had; then there is an end.
    std::vector<result<unique_fd>> taken;
    const auto take_two = [](door& from, std::vector<result<unique_fd>>& into) -> awaitable<> {
        into.push_back(co_await from.next());
        into.push_back(co_await from.next());
    };
    s.tasks.spawn(take_two(*at, taken));
    ipc::testing::run_until(s.loop, [&] { return taken.size() == 2; });
    CHECK(taken[0]);
    REQUIRE_FALSE(taken[1]);
    CHECK(taken[1].error().why() == errc::stopping);
}
