#include <cohort/net/inbox.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::net;

namespace {

struct two_ends {
    unique_fd near;
    unique_fd far;
};

two_ends connection()
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    return {unique_fd{ends[0]}, unique_fd{ends[1]}};
}

bool readable(const unique_fd& fd)
{
    pollfd ask{.fd = fd.borrow(), .events = POLLIN, .revents = 0};
    return ::poll(&ask, 1, 0) == 1 && (ask.revents & POLLIN) != 0;
}

/// No more descriptors than are open now, and `spare` ones, for as long as this lives.
class no_descriptors_left {
public:
    explicit no_descriptors_left(rlim_t spare = 0)
    {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        // The kernel gives out the lowest free number; the next after the spare ones is the limit.
        std::vector<unique_fd> free;
        while (free.size() <= spare)
            free.emplace_back(::fcntl(0, F_DUPFD_CLOEXEC, 0));
        rlimit tight = before_;
        tight.rlim_cur = static_cast<rlim_t>(free.back().borrow());
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    }
    no_descriptors_left(const no_descriptors_left&) = delete;
    no_descriptors_left& operator=(const no_descriptors_left&) = delete;
    ~no_descriptors_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("a connection goes through an inbox with what belongs to it, and still works")
{
    const inbox_pair inbox = make_inbox().value();
    two_ends client = connection();
    const int number = client.near.borrow();

    CHECK_FALSE(readable(inbox.take));
    const handover about{.endpoint = 3, .from_slot = 7, .sequence = 1'000'000'000'000};
    REQUIRE(give(inbox.give.borrow(), client.near, about));
    CHECK_FALSE(client.near.valid());
    CHECK(::fcntl(number, F_GETFD) == -1);
    CHECK(readable(inbox.take));

    auto taken = take(inbox.take.borrow()).value();
    REQUIRE(taken);
    CHECK(taken->about == about);
    CHECK((::fcntl(taken->connection.borrow(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(::write(taken->connection.borrow(), "hello", 5) == 5);
    std::array<char, 8> heard{};
    CHECK(::read(client.far.borrow(), heard.data(), heard.size()) == 5);

    taken->connection.reset();
    CHECK(::read(client.far.borrow(), heard.data(), heard.size()) == 0);  // no copy lingers
}

TEST_CASE("an empty inbox has nothing and does not block")
{
    const inbox_pair inbox = make_inbox().value();
    CHECK(take(inbox.take.borrow()).value() == std::nullopt);
}

TEST_CASE("connections leave an inbox in the order they came")
{
    const inbox_pair inbox = make_inbox().value();
    std::vector<two_ends> clients;
    for (std::uint64_t i = 0; i < 20; ++i) {
        clients.push_back(connection());
        REQUIRE(give(inbox.give.borrow(), clients.back().near, {.sequence = i}));
    }
    for (std::uint64_t i = 0; i < 20; ++i)
        CHECK(take(inbox.take.borrow()).value()->about.sequence == i);
    CHECK(take(inbox.take.borrow()).value() == std::nullopt);
}

TEST_CASE("a full inbox refuses, and the connection stays with the caller")
{
    const inbox_pair inbox = make_inbox().value();
    two_ends client = connection();
    int accepted = 0;
    for (;;) {
        unique_fd copy = duplicate(client.near).value();
        const auto given = give(inbox.give.borrow(), copy, {});
        if (!given) {
            CHECK(given.error().why() == errc::queue_full);
            CHECK(copy.valid());
            break;
        }
        ++accepted;
        REQUIRE(accepted < 100'000);
    }
    CHECK(accepted >= 64);  // room for a burst

    REQUIRE(take(inbox.take.borrow()).value());
    CHECK(give(inbox.give.borrow(), client.near, {}));
}

TEST_CASE("a taker without descriptors leaves the connection in the inbox")
{
    const inbox_pair inbox = make_inbox().value();
    two_ends client = connection();
    REQUIRE(give(inbox.give.borrow(), client.near, {.sequence = 5}));
    // UBSan opens a pipe when it meets an error category for the first time, which it must not do
    // below; so it meets it here.
    errno = EMFILE;
    REQUIRE(cohort::failed("make UBSan's acquaintance").error().why().value() == EMFILE);
    {
        const no_descriptors_left squeeze;
        for (int i = 0; i < 3; ++i) {
            const auto taken = take(inbox.take.borrow());
            REQUIRE_FALSE(taken);
            CHECK(taken.error().why().value() == EMFILE);
        }
        CHECK(readable(inbox.take));
    }
    {
        // One is not enough: somebody else may take what we have looked at, and what we receive
        // then needs another.
        const no_descriptors_left squeeze{1};
        const auto taken = take(inbox.take.borrow());
        REQUIRE_FALSE(taken);
        CHECK(taken.error().why().value() == EMFILE);
        CHECK(readable(inbox.take));
    }
    const no_descriptors_left two{2};
    const auto taken = take(inbox.take.borrow()).value();
    REQUIRE(taken);
    CHECK(taken->about.sequence == 5);
    CHECK(::write(taken->connection.borrow(), "x", 1) == 1);
}

TEST_CASE("what is no handover is dropped, named, and does not stop what follows")
{
    const inbox_pair inbox = make_inbox().value();
    const std::string stranger(64, 'x');
    two_ends client = connection();
    REQUIRE(::send(inbox.give.borrow(), "short", 5, 0) == 5);
    REQUIRE(::send(inbox.give.borrow(), stranger.data(), 40, 0) == 40);
    REQUIRE(::send(inbox.give.borrow(), stranger.data(), sizeof(handover), 0) == sizeof(handover));
    REQUIRE(give(inbox.give.borrow(), client.near, {.sequence = 9}));

    for (int i = 0; i < 3; ++i) {
        const auto taken = take(inbox.take.borrow());
        REQUIRE_FALSE(taken);
        CHECK(taken.error().why() == errc::malformed);
    }
    CHECK(take(inbox.take.borrow()).value()->about.sequence == 9);
}

TEST_CASE("two takers of one inbox share what is there: each connection has one owner")
{
    const inbox_pair inbox = make_inbox().value();
    constexpr std::uint64_t count = 3000;
    std::array<std::vector<std::uint64_t>, 2> taken;
    std::atomic<bool> all_given{false};
    std::atomic<int> wrong{0};
    const auto take_some = [&](std::vector<std::uint64_t>& into) {
        for (bool last = false;;) {
            auto next = take(inbox.take.borrow());
            if (next && *next) {
                // The connection says itself which one it is.
                std::uint64_t number = 0;
                const auto got = ::read((*next)->connection.borrow(), &number, sizeof number);
                if (got != sizeof number || number != (*next)->about.sequence)
                    ++wrong;
                into.push_back(number);
            } else if (std::exchange(last, all_given.load())) {
                return;
            }
        }
    };
    std::thread one{[&] { take_some(taken[0]); }};
    std::thread other{[&] { take_some(taken[1]); }};
    for (std::uint64_t i = 0; i < count;) {
        two_ends client = connection();
        if (::write(client.far.borrow(), &i, sizeof i) != sizeof i)
            ++wrong;
        while (!give(inbox.give.borrow(), client.near, {.sequence = i}))
            std::this_thread::yield();
        ++i;
    }
    all_given = true;
    one.join();
    other.join();

    CHECK(wrong == 0);
    std::vector<std::uint64_t> all = taken[0];
    all.insert(all.end(), taken[1].begin(), taken[1].end());
    std::ranges::sort(all);
    REQUIRE(all.size() == count);
    for (std::uint64_t i = 0; i < count; ++i)
        CHECK(all[i] == i);
}

TEST_CASE("when every end is gone, giver and taker are told")
{
    inbox_pair inbox = make_inbox().value();
    two_ends client = connection();
    inbox.take.reset();
    const auto given = give(inbox.give.borrow(), client.near, {});
    REQUIRE_FALSE(given);
    CHECK(given.error().why() == errc::channel_closed);
    CHECK(client.near.valid());

    inbox_pair other = make_inbox().value();
    other.give.reset();
    CHECK(take(other.take.borrow()).error().why() == errc::channel_closed);
}
