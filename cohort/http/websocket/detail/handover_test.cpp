#include <cohort/http/websocket/detail/handover.hpp>

#include <cohort/async/scope.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using cohort::http::detail::handover;

namespace {

struct waiting_room {
    boost::asio::io_context loop{1};
    handover door{loop};
    scope jobs{loop.get_executor()};
    std::string heard;

    ~waiting_room()
    {
        loop.poll();
        jobs.stop();
        loop.poll();
    }
    asio::cancellation_signal* enter(char name) { return jobs.spawn(wait_twice(name)); }

    awaitable<> wait_twice(char name)
    {
        for (int i = 0; i < 2; ++i) {
            co_await door.wait();
            heard += name;
        }
    }
};

}  // namespace

TEST_CASE("who waits goes on inside the call, in the order of coming")
{
    waiting_room h;
    h.enter('a');
    h.enter('b');
    CHECK_FALSE(h.door.waits());
    h.loop.poll();
    CHECK(h.door.waits());

    h.door.resume_one();
    CHECK(h.heard == "a");
    h.door.resume_one();
    CHECK(h.heard == "ab");
    h.door.resume_one();
    h.door.resume_one();
    CHECK(h.heard == "abab");
    CHECK_FALSE(h.door.waits());
    h.door.resume_one();
    CHECK(h.heard == "abab");
}

TEST_CASE("when all are told, they go on at the loop's next turn")
{
    waiting_room h;
    h.enter('a');
    h.enter('b');
    h.loop.poll();
    h.door.notify_all();
    CHECK(h.heard.empty());
    CHECK_FALSE(h.door.waits());
    h.loop.poll();
    CHECK(h.heard == "ab");
    CHECK(h.door.waits());
}

TEST_CASE("who is cancelled goes on once, at the loop's next turn, whatever comes besides")
{
    waiting_room h;
    asio::cancellation_signal* const a = h.enter('a');
    h.enter('b');
    h.loop.poll();
    boost::asio::post(h.loop, [&] {
        a->emit(asio::cancellation_type::total);
        a->emit(asio::cancellation_type::terminal);
        CHECK(h.heard.empty());
        h.door.resume_one();
        CHECK(h.heard == "b");
    });
    h.loop.poll();
    CHECK(h.heard == "ba");
    CHECK(h.door.waits());
}
