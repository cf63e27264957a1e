// Descriptors and their messages stay together.
#include <cohort/ipc/cargo.hpp>

#include <cohort/ipc/channel.hpp>
#include <cohort/ipc/handover.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/ipc/two_ends_test.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::ipc;
using namespace cohort::ipc::testing;
using boost::asio::ip::tcp;

namespace {

envelope laden(std::uint16_t kind, int descriptors, std::size_t bytes = 0)
{
    envelope what{kind, pattern(bytes, kind)};
    for (int i = 0; i < descriptors; ++i)
        what.cargo.push_back(descriptor_that_says(std::to_string(kind) + "." + std::to_string(i)));
    return what;
}

void check_laden(const envelope& came, std::uint16_t kind, int descriptors, std::size_t bytes = 0)
{
    CHECK(came.kind == kind);
    CHECK((came.body == pattern(bytes, kind)));
    CHECK(came.cargo_lost == 0);
    REQUIRE(came.cargo.size() == static_cast<std::size_t>(descriptors));
    for (int i = 0; i < descriptors; ++i) {
        const auto& one = came.cargo[static_cast<std::size_t>(i)];
        CHECK(what_it_says(one) == std::to_string(kind) + "." + std::to_string(i));
        CHECK((::fcntl(one.borrow(), F_GETFD) & FD_CLOEXEC) != 0);
    }
}

/// Leaves room for `spare` more descriptors in this process, until it is destroyed.
class descriptor_shortage {
public:
    explicit descriptor_shortage(std::size_t spare)
    {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        rlimit lower = before_;
        lower.rlim_cur = std::min<rlim_t>(before_.rlim_cur, 256);
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
        for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) != -1;)
            fillers_.emplace_back(fd);
        REQUIRE(fillers_.size() >= spare);
        fillers_.resize(fillers_.size() - spare);
    }
    descriptor_shortage(const descriptor_shortage&) = delete;
    descriptor_shortage& operator=(const descriptor_shortage&) = delete;
    ~descriptor_shortage() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
    std::vector<unique_fd> fillers_;
};

std::pair<tcp::socket, tcp::socket> connected(asio::io_context& loop)
{
    tcp::acceptor door{loop, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    tcp::socket client{loop};
    client.connect(door.local_endpoint());
    return {std::move(client), door.accept()};
}

awaitable<> send_one(channel& over, envelope what, std::optional<result<>>& outcome)
{
    auto sent = co_await over.send(std::move(what));
    outcome.emplace(std::move(sent));
}

}  // namespace

TEST_CASE(
    "text, descriptors, text in a burst arrive in order with the descriptors on the right one")
{
    two_ends ends;
    ends.start_both();
    for (std::uint16_t i = 0; i < 200; ++i)
        must_send(ends.left, laden(i, i % 3, i * 7U));
    ends.run([&] { return ends.right_heard.came.size() == 200; });
    for (std::uint16_t i = 0; i < 200; ++i)
        check_laden(ends.right_heard.came[i], i, i % 3, i * 7U);
}

TEST_CASE("253 descriptors travel with one message")
{
    two_ends ends;
    ends.start_both();
    must_send(ends.left, laden(1, 253, 10));
    envelope more = laden(2, 254);
    CHECK(ends.left.try_send(more).error().why() == errc::too_large);
    CHECK(more.cargo.size() == 254);
    ends.run([&] { return ends.right_heard.came.size() == 1; });
    check_laden(ends.right_heard.came[0], 1, 253, 10);
}

TEST_CASE("large messages with descriptors keep theirs when reads and writes cut them anywhere")
{
    two_ends ends;
    ends.start_both();
    for (std::uint16_t i = 0; i < 12; ++i)
        must_send(ends.left, laden(i, 1 + i % 2, 100'000U + i * 33'333U));
    ends.run([&] { return ends.right_heard.came.size() == 12; });
    for (std::uint16_t i = 0; i < 12; ++i)
        check_laden(ends.right_heard.came[i], i, 1 + i % 2, 100'000U + i * 33'333U);
}

TEST_CASE("an 800 KB message with a socket arrives whole, both ways at once")
{
    two_ends ends;
    ends.start_both();
    must_send(ends.left, laden(1, 1, 800'000));
    must_send(ends.right, laden(2, 1, 800'000));
    ends.run([&] { return ends.right_heard.came.size() == 1 && ends.left_heard.came.size() == 1; });
    check_laden(ends.right_heard.came[0], 1, 1, 800'000);
    check_laden(ends.left_heard.came[0], 2, 1, 800'000);
}

TEST_CASE("descriptors wait with their messages while the receiver is paused")
{
    two_ends ends;
    int taken = 0;
    ends.right.start(
        [&](envelope&& what) noexcept {
            check_laden(what, static_cast<std::uint16_t>(taken++), 1, 20);
            ends.right.pause();
        },
        ends.right_heard.closed());
    for (std::uint16_t i = 0; i < 20; ++i)
        must_send(ends.left, laden(i, 1, 20));
    for (int wanted = 1; wanted <= 20; ++wanted) {
        ends.run([&] { return taken == wanted; });
        ends.right.resume();
    }
}

TEST_CASE("the sender's copies are closed once sent")
{
    two_ends ends;
    ends.start_both();
    int pipe_ends[2];
    REQUIRE(::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) == 0);
    const unique_fd reader{pipe_ends[0]};
    envelope what{1};
    what.cargo.emplace_back(pipe_ends[1]);
    must_send(ends.left, std::move(what));
    ends.run([&] { return ends.right_heard.came.size() == 1; });
    ends.right_heard.came.clear();
    // The received copy is gone too, so the pipe has no writer left: end of file, not EAGAIN.
    char byte = 0;
    CHECK(::read(reader.borrow(), &byte, 1) == 0);
}

TEST_CASE("a receiver out of descriptors loses those of one message, and nothing else")
{
    two_ends ends;
    std::size_t spare = 0;
    SUBCASE("no room at all") { spare = 0; }
    SUBCASE("room for one of three") { spare = 1; }
    must_send(ends.left, envelope{1, "before"});
    must_send(ends.left, laden(2, 3, 50));
    must_send(ends.left, laden(3, 3, 100'000));
    must_send(ends.left, envelope{4, "between"});
    // In the kernel, and the sender's copies closed, before the shortage begins.
    ends.run([&] { return ends.left.queued_bytes() == 0; });
    {
        const descriptor_shortage shortage{spare};
        ends.start_both();
        ends.run([&] { return ends.right_heard.came.size() == 4; });
    }
    CHECK(ends.right_heard.came[0].body == "before");
    for (const std::uint16_t kind : {std::uint16_t{2}, std::uint16_t{3}}) {
        const envelope& came = ends.right_heard.came[kind - 1U];
        CHECK(came.kind == kind);
        CHECK((came.body == pattern(kind == 2 ? 50 : 100'000, kind)));
        CHECK(came.cargo.empty());
        CHECK(came.cargo_lost == 3);
    }
    CHECK(ends.right_heard.came[3].body == "between");
    CHECK(ends.right.counts().cargo_lost == 6);

    must_send(ends.left, laden(5, 2, 60));
    ends.run([&] { return ends.right_heard.came.size() == 5; });
    check_laden(ends.right_heard.came[4], 5, 2, 60);
}

TEST_CASE("a descriptor that the kernel does not carry costs its message and nothing else")
{
    // Linux refuses to pass io_uring instances since 6.7; a container may not allow making one.
    io_uring_params parameters{};
    const auto ring = ::syscall(SYS_io_uring_setup, 2, &parameters);
    if (ring == -1) {
        MESSAGE("no io_uring here");
        return;
    }
    two_ends ends;
    ends.start_both();
    scope senders{ends.loop.get_executor()};
    envelope odd{2};
    odd.cargo.emplace_back(static_cast<int>(ring));
    std::optional<result<>> outcome;
    must_send(ends.left, laden(1, 1));
    senders.spawn(send_one(ends.left, std::move(odd), outcome));
    ends.run([&] { return outcome.has_value(); });
    must_send(ends.left, laden(3, 1));
    ends.run([&] { return ends.right_heard.came.size() >= (outcome->has_value() ? 3U : 2U); });
    if (!outcome->has_value()) {
        CHECK(outcome->error().why() == errc::not_supported);
        CHECK(ends.left.counts().refused == 1);
        CHECK(ends.right_heard.came[0].kind == 1);
        CHECK(ends.right_heard.came[1].kind == 3);
    }
    ends.run([&] { return senders.size() == 0; });
}

TEST_CASE("a connection handed over as a message goes on at its new owner")
{
    two_ends ends;
    ends.start_both();
    auto [client, served] = connected(ends.loop);
    asio::write(client, asio::buffer("before ", 7));

    auto descriptor = release_descriptor(std::move(served));
    REQUIRE(descriptor);
    message what = message::json("yours");
    what.attach(*std::move(descriptor));
    auto sealed = message::encode(what, 9);
    REQUIRE(sealed);
    must_send(ends.left, *std::move(sealed));
    ends.run([&] { return ends.right_heard.came.size() == 1; });

    auto came = message::decode(std::move(ends.right_heard.came.front()));
    REQUIRE(came);
    CHECK(came->json() == "yours");
    auto adopted = adopt_tcp(ends.loop.get_executor(), came->take_descriptor());
    REQUIRE(adopted);
    asio::write(client, asio::buffer("after", 5));
    std::string heard(12, '\0');
    asio::read(*adopted, asio::buffer(heard));
    CHECK(heard == "before after");
}

TEST_CASE("what is no connection is not adopted as one")
{
    asio::io_context loop{1};
    CHECK_FALSE(adopt_tcp(loop.get_executor(), descriptor_that_says("pipe")));
    unique_fd local{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto refused = adopt_tcp(loop.get_executor(), std::move(local));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why().value() == EAFNOSUPPORT);
}
