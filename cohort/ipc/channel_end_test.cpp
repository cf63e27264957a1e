// How channels end: in peace, in the middle, by garbage, by ourselves.
#include <cohort/ipc/channel.hpp>

#include <cohort/ipc/two_ends_test.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <memory>

using namespace cohort;
using namespace cohort::ipc;
using namespace cohort::ipc::testing;

namespace {

awaitable<> send_one(channel& over, envelope what, std::optional<result<>>& outcome)
{
    auto sent = co_await over.send(std::move(what));
    outcome.emplace(std::move(sent));
}

awaitable<> flush_it(channel& over, nanoseconds budget, std::optional<result<>>& outcome)
{
    auto flushed = co_await over.flush(budget);
    outcome.emplace(std::move(flushed));
}

void write_bytes(const unique_fd& to, std::string_view bytes)
{
    REQUIRE(::send(to.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
}

std::string frame_of(std::uint16_t kind, std::string_view body)
{
    frame_header header;
    header.kind = kind;
    header.body_bytes = static_cast<std::uint32_t>(body.size());
    const auto image = encode(header);
    return std::string{image.data(), image.size()}.append(body);
}

}  // namespace

TEST_CASE("all that was sent before a close arrives before the news of the close")
{
    two_ends ends;
    scope flushing{ends.loop.get_executor()};
    for (std::uint16_t i = 0; i < 500; ++i)
        must_send(ends.left, envelope{i, std::string(5000, 'x')});
    std::optional<result<>> flushed;
    flushing.spawn(flush_it(ends.left, 5s, flushed));
    ends.right.start(ends.right_heard.take(), ends.right_heard.closed());
    ends.run([&] { return flushed.has_value(); });
    CHECK(flushed->has_value());
    ends.left.close();
    ends.run([&] { return ends.right_heard.ended.has_value(); });
    CHECK(ends.right_heard.came.size() == 500);
    CHECK_FALSE(ends.right_heard.ended->has_value());
    CHECK_FALSE(ends.right.is_open());
    ends.run([&] { return flushing.size() == 0; });
}

TEST_CASE("a flush that the peer does not let through ends at its deadline")
{
    two_ends ends;
    scope flushing{ends.loop.get_executor()};
    must_send(ends.left, envelope{1, std::string(3U << 20U, 'x')});
    std::optional<result<>> flushed;
    flushing.spawn(flush_it(ends.left, 30ms, flushed));
    ends.run([&] { return flushed.has_value(); });
    CHECK(flushed->error().why() == errc::deadline_passed);
    ends.run([&] { return flushing.size() == 0; });
}

TEST_CASE("a peer that goes in the middle of its message costs that message only")
{
    one_end end;
    end.start();
    const auto whole = frame_of(1, "whole");
    const auto cut = frame_of(2, "this one is cut");
    write_bytes(end.peer, whole + cut.substr(0, cut.size() - 4));
    end.peer.reset();
    end.run([&] { return end.heard.ended.has_value(); });
    REQUIRE(end.heard.came.size() == 1);
    CHECK(end.heard.came.front().body == "whole");
    REQUIRE(end.heard.ended->has_value());
    CHECK((*end.heard.ended)->why() == errc::channel_closed);
}

TEST_CASE("when the peer dies mid-message the sender and all who queue behind it hear of it")
{
    one_end end;
    end.start();
    scope senders{end.loop.get_executor()};
    std::optional<result<>> first;
    std::optional<result<>> second;
    senders.spawn(send_one(end.mine, envelope{1, std::string(8U << 20U, 'x')}, first));
    senders.spawn(send_one(end.mine, envelope{2, "behind"}, second));
    end.run([&] { return end.mine.counts().writes > 0; });
    CHECK_FALSE(first);
    end.peer.reset();
    end.run([&] { return first && second && end.heard.ended; });
    CHECK(first->error().why() == errc::channel_closed);
    CHECK(second->error().why() == errc::channel_closed);

    envelope late{3};
    const auto refused = end.mine.try_send(late);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why() == errc::channel_closed);
    end.run([&] { return senders.size() == 0; });
}

TEST_CASE("what the peer did not take can be taken back, with its descriptors")
{
    one_end end;
    end.start();
    must_send(end.mine, envelope{1, std::string(8U << 20U, 'x')});
    // The first leaves in part and counts as one more message than the queue's limit.
    envelope laden{2};
    laden.cargo.push_back(descriptor_that_says("mine"));
    CHECK(end.mine.try_send(laden).error().why() == errc::queue_full);
    end.mine.close();
    auto unsent = end.mine.take_unsent();
    REQUIRE(unsent.size() == 1);
    CHECK(unsent[0].body.size() == 8U << 20U);
    CHECK(what_it_says(laden.cargo.front()) == "mine");
}

TEST_CASE("the last words of a peer that reads nothing any more are still heard")
{
    one_end end;
    write_bytes(end.peer, frame_of(1, "last words"));
    must_send(end.mine, envelope{1, "unread"});
    end.run([&] { return end.mine.counts().writes > 0; });
    end.peer.reset();
    must_send(end.mine, envelope{2, "too late"});
    end.run([&] { return !end.mine.is_open(); });
    end.start();
    end.run([&] { return end.heard.ended.has_value(); });
    REQUIRE(end.heard.came.size() == 1);
    CHECK(end.heard.came.front().body == "last words");
    REQUIRE(end.heard.ended->has_value());
    CHECK((*end.heard.ended)->why() == errc::channel_closed);
}

TEST_CASE("garbage closes the channel, after the good frames before it")
{
    one_end end;
    end.start();
    write_bytes(end.peer, frame_of(1, "good") + "GET / HTTP/1.1\r\nHost: not a frame\r\n\r\n");
    end.run([&] { return end.heard.ended.has_value(); });
    CHECK(end.heard.came.size() == 1);
    REQUIRE(end.heard.ended->has_value());
    CHECK((*end.heard.ended)->why() == errc::malformed);
    CHECK(end.mine.native_handle() == -1);
}

TEST_CASE("announced descriptors that never came are garbage")
{
    one_end end;
    end.start();
    frame_header header;
    header.cargo = 1;
    const auto image = encode(header);
    write_bytes(end.peer, {image.data(), image.size()});
    end.run([&] { return end.heard.ended.has_value(); });
    REQUIRE(end.heard.ended->has_value());
    CHECK((*end.heard.ended)->why() == errc::malformed);
}

TEST_CASE("after our own close nothing is called any more")
{
    two_ends ends;
    ends.start_both();
    must_send(ends.right, envelope{1});
    ends.left.close();
    ends.left.close();
    ends.run([&] { return ends.right_heard.ended.has_value(); });
    CHECK(ends.left_heard.came.empty());
    CHECK_FALSE(ends.left_heard.ended);
}

TEST_CASE("a channel may be closed or destroyed inside its own callbacks")
{
    asio::io_context loop{1};
    auto pair = channel::make_pair();
    REQUIRE(pair);
    auto doomed = std::make_unique<channel>(open_end(loop, std::move(pair->first)));
    auto peer = open_end(loop, std::move(pair->second));
    int taken = 0;
    int ended = 0;
    SUBCASE("destroyed by an envelope")
    {
        doomed->start(
            [&](envelope&&) noexcept {
                ++taken;
                doomed.reset();
            },
            [&](std::optional<fault>) noexcept { ++ended; });
        must_send(peer, envelope{1});
        must_send(peer, envelope{2});
        run_until(loop, [&] { return taken != 0; });
    }
    SUBCASE("closed by an envelope")
    {
        doomed->start(
            [&](envelope&&) noexcept {
                ++taken;
                doomed->close();
            },
            [&](std::optional<fault>) noexcept { ++ended; });
        must_send(peer, envelope{1});
        must_send(peer, envelope{2});
        run_until(loop, [&] { return taken != 0; });
    }
    SUBCASE("destroyed by the news of the end")
    {
        doomed->start([](envelope&&) noexcept {},
                      [&](std::optional<fault>) noexcept {
                          ++taken;
                          doomed.reset();
                      });
        peer.close();
        run_until(loop, [&] { return taken != 0; });
    }
    loop.restart();
    loop.poll();
    CHECK(taken == 1);
    CHECK(ended == 0);
}
