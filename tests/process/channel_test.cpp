// Channels between real processes, which die as they please.
#include <cohort/ipc/channel.hpp>
#include <cohort/ipc/call.hpp>
#include <cohort/ipc/handover.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/ipc/two_ends_test.hpp>
#include <cohort/process/clone.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::ipc;
using namespace cohort::ipc::testing;
using boost::asio::ip::tcp;

namespace {

/// A child that runs `life` with its end of a channel, and our end of it. The child is killed and
/// reaped when this is destroyed (process::child).
struct companion {
    explicit companion(void (*life)(unique_fd) noexcept)
        : companion{channel::make_pair(), life}
    {}

    asio::io_context loop{1};
    recorder heard;
    std::optional<process::child> child;
    std::optional<channel> mine;

private:
    companion(result<std::pair<unique_fd, unique_fd>> pair, void (*life)(unique_fd) noexcept)
    {
        REQUIRE(pair);
        auto permit = process::fork_permit::ask();
        REQUIRE(permit);
        process::birth how;
        how.keep = {pair->second.borrow()};
        auto born =
            process::clone(*std::move(permit), how, [life, end = pair->second.borrow()]() noexcept {
                life(unique_fd{end});
            });
        REQUIRE(born);
        child.emplace(*std::move(born));
        pair->second.reset();
        mine.emplace(open_end(loop, std::move(pair->first)));
    }
};

/// In the child: a channel on a loop that runs until the parent closes it.
void converse(unique_fd end, void (*answer)(channel&, envelope&&) noexcept) noexcept
{
    asio::io_context loop{1};
    auto opened = channel::open(loop.get_executor(), std::move(end));
    if (!opened)
        ::_exit(1);
    opened->start([&](envelope&& what) noexcept { answer(*opened, std::move(what)); },
                  [&](std::optional<fault>) noexcept { loop.stop(); });
    loop.run();
}

void echo(channel& to, envelope&& what) noexcept
{
    if (!to.try_send(what))
        ::_exit(2);
}

void echo_life(unique_fd end) noexcept { converse(std::move(end), echo); }

/// Never reads; waits to be killed.
void silent_life(unique_fd) noexcept
{
    for (;;)
        ::pause();
}

/// Writes half a large frame and is gone.
void half_life(unique_fd end) noexcept
{
    frame_header header;
    header.kind = 1;
    header.body_bytes = 5;
    const auto image = encode(header);
    std::string bytes{image.data(), image.size()};
    bytes += "whole";
    header.body_bytes = 1'000'000;
    const auto second = encode(header);
    bytes.append(second.data(), second.size());
    bytes.append(10'000, 'x');
    if (::write(end.borrow(), bytes.data(), bytes.size()) == -1)
        ::_exit(1);
    ::kill(::getpid(), SIGKILL);
}

/// Sends a thousand messages, flushes and leaves at once.
awaitable<> send_and_leave(channel& to)
{
    for (std::uint16_t i = 0; i < 1000; ++i) {
        envelope what{i, pattern(2000, i)};
        auto sent = co_await to.send(std::move(what));
        if (!sent)
            ::_exit(3);
    }
    auto flushed = co_await to.flush(patience);
    ::_exit(flushed ? 0 : 4);
}

void hasty_life(unique_fd end) noexcept
{
    asio::io_context loop{1};
    auto opened = channel::open(loop.get_executor(), std::move(end));
    if (!opened)
        ::_exit(1);
    scope sending{loop.get_executor()};
    sending.spawn(send_and_leave(*opened));
    loop.run();
}

/// Serves the connection that comes with each message: reads five bytes, answers them twice.
void serve_connection(channel& to, envelope&& what) noexcept
{
    auto came = message::decode(std::move(what));
    if (!came || came->json() != "yours")
        ::_exit(2);
    asio::io_context loop{1};
    auto connection = adopt_tcp(loop.get_executor(), came->take_descriptor());
    if (!connection)
        ::_exit(3);
    error_code ec;
    std::string heard(5, '\0');
    asio::read(*connection, asio::buffer(heard), ec);
    asio::write(*connection, asio::buffer(heard + heard), ec);
    // And home again, still open.
    auto descriptor = release_descriptor(*std::move(connection));
    message back = message::json("yours again");
    back.attach(*std::move(descriptor));
    auto sealed = message::encode(back, 2);
    if (ec || !sealed || !to.try_send(*sealed))
        ::_exit(4);
}

void serving_life(unique_fd end) noexcept { converse(std::move(end), serve_connection); }

awaitable<> send_one(channel& over, envelope what, std::optional<result<>>& outcome)
{
    auto sent = co_await over.send(std::move(what));
    outcome.emplace(std::move(sent));
}

}  // namespace

TEST_CASE("a live TCP connection is handed to another process, goes on there, and comes back")
{
    companion other{serving_life};
    other.mine->start(other.heard.take(), other.heard.closed());
    tcp::acceptor door{other.loop, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    tcp::socket client{other.loop};
    client.connect(door.local_endpoint());
    tcp::socket served = door.accept();

    auto descriptor = release_descriptor(std::move(served));
    REQUIRE(descriptor);
    message what = message::json("yours");
    what.attach(*std::move(descriptor));
    auto sealed = message::encode(what, 1);
    REQUIRE(sealed);
    must_send(*other.mine, *std::move(sealed));
    asio::write(client, asio::buffer("hello", 5));
    run_until(other.loop, [&] { return other.heard.came.size() == 1; });

    std::string heard(10, '\0');
    asio::read(client, asio::buffer(heard));
    CHECK(heard == "hellohello");

    auto back = message::decode(std::move(other.heard.came.front()));
    REQUIRE(back);
    auto home = adopt_tcp(other.loop.get_executor(), back->take_descriptor());
    REQUIRE(home);
    asio::write(*home, asio::buffer("home", 4));
    heard.resize(4);
    asio::read(client, asio::buffer(heard));
    CHECK(heard == "home");
}

TEST_CASE("a peer killed while it is sent a large message costs that message and what follows")
{
    companion other{silent_life};
    other.mine->start(other.heard.take(), other.heard.closed());
    scope senders{other.loop.get_executor()};
    std::optional<result<>> large;
    std::optional<result<>> behind;
    senders.spawn(send_one(*other.mine, envelope{1, std::string(16U << 20U, 'x')}, large));
    senders.spawn(send_one(*other.mine, envelope{2, "behind"}, behind));
    run_until(other.loop, [&] { return other.mine->counts().writes > 0; });
    REQUIRE(other.child->signal(SIGKILL));
    run_until(other.loop, [&] { return large && behind && other.heard.ended; });
    CHECK(large->error().why() == errc::channel_closed);
    CHECK(behind->error().why() == errc::channel_closed);
    run_until(other.loop, [&] { return senders.size() == 0; });
}

TEST_CASE("a peer that dies in the middle of its own message leaves the whole ones before it")
{
    companion other{half_life};
    other.mine->start(other.heard.take(), other.heard.closed());
    run_until(other.loop, [&] { return other.heard.ended.has_value(); });
    REQUIRE(other.heard.came.size() == 1);
    CHECK(other.heard.came.front().body == "whole");
    REQUIRE(other.heard.ended->has_value());
    CHECK((*other.heard.ended)->why() == errc::channel_closed);
}

TEST_CASE("a process that sends, flushes and leaves at once loses nothing")
{
    companion other{hasty_life};
    // We begin to read late: until then everything waits where it is.
    other.loop.run_for(std::chrono::milliseconds{20});
    other.mine->start(other.heard.take(), other.heard.closed());
    run_until(other.loop, [&] { return other.heard.ended.has_value(); });
    CHECK(other.heard.came.size() == 1000);
    CHECK_FALSE(other.heard.ended->has_value());
    const auto ended = other.child->wait();
    CHECK(ended.code() == 0);
}

TEST_CASE("64 MiB go to another process and back while small messages keep their order")
{
    companion other{echo_life};
    other.mine->start(other.heard.take(), other.heard.closed());
    const auto body = pattern(64U << 20U, 5);
    for (std::uint16_t i = 0; i < 10; ++i)
        must_send(*other.mine, envelope{i, "small"});
    must_send(*other.mine, envelope{10, body});
    run_until(other.loop, [&] { return other.heard.came.size() == 11; });
    for (std::uint16_t i = 0; i < 10; ++i)
        CHECK(other.heard.came[i].kind == i);
    CHECK((other.heard.came[10].body == body));
}

TEST_CASE("the parent's death is the end of the conversation for the child")
{
    companion other{echo_life};
    other.mine->close();
    const auto ended = other.child->wait();
    CHECK(ended.code() == 0);
}
