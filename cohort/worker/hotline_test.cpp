#include <cohort/worker/hotline.hpp>

#include <cohort/net/inbox.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

using namespace cohort;
using namespace std::chrono_literals;

namespace {

/// A hotline and what it was told.
struct desk final : work::hotline::host {
    desk()
    {
        REQUIRE(poller.start());
        line.emplace(loop.get_executor(), poller, *this);
        line->open(std::move(box.take));
    }
    ~desk()
    {
        line.reset();
        poller.stop();
    }

    void called(unique_fd channel) noexcept override { heard.push_back(std::move(channel)); }
    void hotline_ended() noexcept override { ended = true; }

    /// The primary's end of a channel whose other end was given.
    unique_fd call(pid_t whom = ::getpid())
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        unique_fd ours{ends[0]};
        unique_fd theirs{ends[1]};
        net::handover about;
        about.from_slot = net::handover::from_primary;
        about.sequence = static_cast<std::uint64_t>(whom);
        REQUIRE(net::give(box.give.borrow(), theirs, about));
        return ours;
    }

    boost::asio::io_context loop{1};
    net::poller poller{loop};
    net::inbox_pair box = net::make_inbox().value();
    std::vector<unique_fd> heard;
    bool ended = false;
    std::optional<work::hotline> line;
};

}  // namespace

TEST_CASE("a channel that comes over the hotline is heard of, by itself or when asked")
{
    desk at;
    const unique_fd one = at.call();
    at.loop.run_for(10ms);
    REQUIRE(at.heard.size() == 1);
    CHECK(::write(one.borrow(), "x", 1) == 1);
    char got = 0;
    CHECK(::read(at.heard[0].borrow(), &got, 1) == 1);

    const unique_fd other = at.call();
    CHECK(at.line->look());
    CHECK(at.heard.size() == 2);
    CHECK_FALSE(at.line->look());
}

TEST_CASE("of the channels of several primaries only the last one's counts")
{
    desk at;
    const unique_fd dead = at.call();
    const unique_fd alive = at.call();
    at.loop.run_for(10ms);
    REQUIRE(at.heard.size() == 1);
    CHECK(::write(alive.borrow(), "x", 1) == 1);
    char got = 0;
    CHECK(::read(at.heard[0].borrow(), &got, 1) == 1);
    CHECK(::send(dead.borrow(), "x", 1, MSG_NOSIGNAL) == -1);
}

TEST_CASE("when nobody can call any more, the hotline rests in peace")
{
    desk at;
    at.box.give.reset();
    at.loop.run_for(10ms);
    CHECK(at.heard.empty());
    CHECK(at.ended);
    CHECK_FALSE(at.line->is_open());
    CHECK_FALSE(at.line->look());
}

TEST_CASE("a call for somebody who sat here before is not taken for one's own")
{
    desk at;
    const unique_fd mine = at.call();
    const unique_fd another = at.call(1);
    at.loop.run_for(10ms);
    REQUIRE(at.heard.size() == 1);
    CHECK(::write(mine.borrow(), "x", 1) == 1);
    CHECK(::send(another.borrow(), "x", 1, MSG_NOSIGNAL) == -1);
}
