// A channel's everyday life: order, sizes, flow. Its ends are in channel_end_test.cpp, its
// descriptors in cargo_test.cpp.
#include <cohort/ipc/channel.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/ipc/two_ends_test.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

using namespace cohort;
using namespace cohort::ipc;
using namespace cohort::ipc::testing;

namespace {

awaitable<> send_all(channel& over, int count, std::size_t bytes, int& done)
{
    for (int i = 0; i < count; ++i) {
        envelope what{static_cast<std::uint16_t>(i), pattern(bytes, static_cast<unsigned>(i))};
        auto sent = co_await over.send(std::move(what));
        if (!sent)
            co_return;
        ++done;
    }
}

awaitable<> send_one(channel& over, envelope what, std::optional<result<>>& outcome)
{
    auto sent = co_await over.send(std::move(what));
    outcome.emplace(std::move(sent));
}

}  // namespace

TEST_CASE("an envelope arrives with all that was written on it")
{
    two_ends ends;
    ends.start_both();
    envelope what{7, "body"};
    what.flags = flags::request | 0x4000;
    what.from = 3;
    what.to = 4;
    what.correlation = 99;
    must_send(ends.left, std::move(what));
    ends.run([&] { return !ends.right_heard.came.empty(); });
    const envelope& came = ends.right_heard.came.front();
    CHECK(came.kind == 7);
    CHECK(came.flags == (flags::request | 0x4000));
    CHECK(came.from == 3);
    CHECK(came.to == 4);
    CHECK(came.correlation == 99);
    CHECK(came.body == "body");
}

TEST_CASE("a thousand small envelopes of one turn keep their order and share a few writes")
{
    two_ends ends;
    ends.start_both();
    for (std::uint16_t i = 0; i < 1000; ++i)
        must_send(ends.left, envelope{i, std::string(i % 200, 'x')});
    ends.run([&] { return ends.right_heard.came.size() == 1000; });
    for (std::uint16_t i = 0; i < 1000; ++i) {
        CHECK(ends.right_heard.came[i].kind == i);
        CHECK(ends.right_heard.came[i].body.size() == i % 200U);
    }
    CHECK(ends.left.counts().writes <= 8);
    CHECK(ends.left.counts().sent == 1000);
    CHECK(ends.right.counts().received == 1000);
}

TEST_CASE("64 MiB both ways at once arrive whole")
{
    two_ends ends;
    ends.start_both();
    const std::size_t size = 64U << 20U;
    const auto leftward = pattern(size, 1);
    const auto rightward = pattern(size, 2);
    must_send(ends.left, envelope{1, rightward});
    must_send(ends.right, envelope{2, leftward});
    ends.run([&] { return ends.right_heard.came.size() == 1 && ends.left_heard.came.size() == 1; });
    CHECK((ends.right_heard.came[0].body == rightward));
    CHECK((ends.left_heard.came[0].body == leftward));
}

TEST_CASE("a body over the limit is refused and stays with the caller")
{
    channel_limits limits;
    limits.frame.body_bytes_max = 100;
    two_ends ends{limits};
    envelope what{1, std::string(101, 'x')};
    const auto sent = ends.left.try_send(what);
    REQUIRE_FALSE(sent);
    CHECK(sent.error().why() == errc::too_large);
    CHECK(what.body.size() == 101);
}

TEST_CASE("what is sent before the receiver starts is delivered, in order, once it does")
{
    two_ends ends;
    for (std::uint16_t i = 0; i < 300; ++i)
        must_send(ends.left, envelope{i, std::string(3000, 'x')});
    ends.run([&] { return ends.left.counts().writes > 0; });
    CHECK(ends.right_heard.came.empty());
    ends.start_both();
    ends.run([&] { return ends.right_heard.came.size() == 300; });
    for (std::uint16_t i = 0; i < 300; ++i)
        CHECK(ends.right_heard.came[i].kind == i);
}

TEST_CASE("a full queue refuses, keeps the envelope with the caller, and takes it later")
{
    channel_limits limits;
    limits.queue_bytes_max = 64U << 10U;
    two_ends ends{limits};
    envelope what{1};
    result<> sent;
    int queued = 0;
    for (; sent; ++queued) {
        what.body = std::string(10'000, 'x');
        sent = ends.left.try_send(what);
    }
    CHECK(sent.error().why() == errc::queue_full);
    CHECK(what.body.size() == 10'000);
    CHECK(queued == 8);
    ends.start_both();
    ends.run([&] { return ends.left.queued_bytes() == 0; });
    CHECK(ends.left.try_send(what));
}

TEST_CASE("empty messages fill the queue as well")
{
    two_ends ends;
    envelope what{1};
    std::size_t queued = 0;
    while (ends.left.try_send(what)) {
        what = envelope{1};
        ++queued;
    }
    CHECK(queued > 10'000);
    CHECK(queued < 50'000);
    ends.start_both();
    ends.run([&] { return ends.right_heard.came.size() == queued; });
}

TEST_CASE("a sender that awaits is held back by a receiver that does not read")
{
    channel_limits limits;
    limits.queue_bytes_max = 64U << 10U;
    two_ends ends{limits};
    scope senders{ends.loop.get_executor()};
    int done = 0;
    senders.spawn(send_all(ends.left, 2000, 10'000, done));
    ends.loop.run_for(50ms);
    CHECK(done < 200);
    ends.start_both();
    ends.run([&] { return ends.right_heard.came.size() == 2000; });
    ends.run([&] { return senders.size() == 0; });
    CHECK(done == 2000);
    for (unsigned i = 0; i < 2000; ++i)
        REQUIRE((ends.right_heard.came[i].body == pattern(10'000, i)));
}

TEST_CASE("a cancelled send that had not begun sends nothing")
{
    channel_limits limits;
    limits.queue_bytes_max = 1000;
    two_ends ends{limits};
    scope senders{ends.loop.get_executor()};
    int filled = 0;
    senders.spawn(send_all(ends.left, 1000, 5000, filled));
    ends.loop.run_for(20ms);
    const int before = filled;

    scope impatient{ends.loop.get_executor()};
    std::optional<result<>> outcome;
    impatient.spawn(send_one(ends.left, envelope{9999, "never"}, outcome));
    ends.loop.poll();
    REQUIRE_FALSE(outcome);
    impatient.stop();
    ends.run([&] { return outcome.has_value(); });
    CHECK(outcome->error().why() == errc::cancelled);

    ends.start_both();
    ends.run([&] { return ends.right_heard.came.size() == 1000; });
    ends.run([&] { return senders.size() == 0 && impatient.size() == 0; });
    CHECK(filled > before);
    for (const envelope& came : ends.right_heard.came)
        CHECK(came.kind != 9999);
}

TEST_CASE("a paused channel delivers nothing, and everything after resume")
{
    two_ends ends;
    int taken = 0;
    ends.right.start(
        [&](envelope&& what) noexcept {
            CHECK(what.kind == taken);
            if (++taken % 10 == 0)
                ends.right.pause();
        },
        ends.right_heard.closed());
    for (std::uint16_t i = 0; i < 500; ++i)
        must_send(ends.left, envelope{i, "some text to fill a frame"});
    for (int paused = 10; paused <= 500; paused += 10) {
        ends.run([&] { return taken == paused; });
        ends.loop.restart();
        ends.loop.poll();
        CHECK(taken == paused);
        ends.right.resume();
    }
    CHECK(taken == 500);
}

TEST_CASE("answers given inside the callback leave together")
{
    two_ends ends;
    ends.left.start(ends.left_heard.take(), ends.left_heard.closed());
    ends.right.start(
        [&](envelope&& what) noexcept {
            envelope reply = answer_to(what);
            CHECK(ends.right.try_send(reply));
        },
        ends.right_heard.closed());
    for (std::uint16_t i = 0; i < 100; ++i)
        must_send(ends.left, envelope{i, "question"});
    ends.run([&] { return ends.left_heard.came.size() == 100; });
    CHECK(ends.right.counts().writes <= 2);
}

TEST_CASE("bytes that come one at a time are read as well")
{
    one_end end;
    end.start();
    frame_header header;
    header.kind = 5;
    header.body_bytes = 3;
    const auto image = encode(header);
    std::string stream{image.data(), image.size()};
    stream += "abc";
    for (const char byte : stream) {
        CHECK(end.heard.came.empty());
        REQUIRE(::send(end.peer.borrow(), &byte, 1, MSG_NOSIGNAL) == 1);
        end.loop.restart();
        end.loop.poll();
    }
    end.run([&] { return end.heard.came.size() == 1; });
    CHECK(end.heard.came.front().body == "abc");
}

TEST_CASE("only a stream socket of this host can become a channel")
{
    asio::io_context loop{1};
    unique_fd udp{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const auto refused = channel::open(loop.get_executor(), std::move(udp));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why() == errc::bad_value);

    const auto file = channel::open(loop.get_executor(), descriptor_that_says("x"));
    REQUIRE_FALSE(file);
    CHECK(file.error().why().value() == ENOTSOCK);
}
