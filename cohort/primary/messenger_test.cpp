#include <cohort/primary/messenger.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/scope.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;

namespace {

using answer = result<std::string>;

awaitable<> keep(awaitable<answer> work, std::optional<answer>& into)
{
    auto said = co_await std::move(work);
    into.emplace(std::move(said));
}

awaitable<answer> send_when_stopped(messengers& all, messenger_work what)
{
    co_await sleep_for(1h);
    auto work = all.send(std::move(what), 60s);
    co_return co_await std::move(work);
}

/// What copies of us and we ourselves see. A resource.
struct common_ground {
    std::atomic<unsigned> begun{0};
    std::atomic<bool> open{false};
};
struct unmap {
    void operator()(common_ground* what) const noexcept { ::munmap(what, sizeof *what); }
};
std::unique_ptr<common_ground, unmap> make_ground()
{
    void* const at = ::mmap(nullptr, sizeof(common_ground), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(at != MAP_FAILED);
    return std::unique_ptr<common_ground, unmap>{::new (at) common_ground};
}

std::string do_nothing() noexcept
{
    for (;;)
        ::poll(nullptr, 0, -1);
}

/// A primary, as far as messengers see it. A resource.
struct office {
    ~office()
    {
        tasks.stop();
        until([this] { return tasks.size() == 0; });
    }

    /// Its answer stands at that place.
    std::size_t send(messenger_work what, nanoseconds budget = 60s)
    {
        said.push_back(std::make_unique<std::optional<answer>>());
        tasks.spawn(keep(all.send(std::move(what), budget), *said.back()));
        return said.size() - 1;
    }

    /// It comes back once the ground is open.
    std::size_t send_out_to(common_ground& where, nanoseconds budget = 60s)
    {
        return send(
            [&where]() noexcept {
                ++where.begun;
                while (!where.open)
                    ::poll(nullptr, 0, 1);
                return std::string{"back"};
            },
            budget);
    }

    template <class Condition>
    void until(Condition holds)
    {
        for (loop.restart(); !holds();) {
            loop.run_one_for(10ms);
            loop.restart();
        }
    }

    answer wait_for(std::size_t which)
    {
        until([&] { return said[which]->has_value(); });
        return **said[which];
    }

    boost::asio::io_context loop{1};
    messengers all{loop.get_executor()};
    std::vector<std::unique_ptr<std::optional<answer>>> said;
    scope tasks{loop.get_executor()};
};

answer run(messenger_work what, nanoseconds budget)
{
    office at;
    return at.wait_for(at.send(std::move(what), budget));
}

}  // namespace

TEST_CASE("an errand is run by somebody else, and what it says comes back")
{
    const pid_t us = ::getpid();
    const auto said =
        run([us]() noexcept { return std::string{::getpid() == us ? "here" : "elsewhere"}; }, 60s);
    REQUIRE(said);
    CHECK(*said == "elsewhere");
    const auto much =
        run([]() noexcept { return std::string(messenger_answer_max + 10, 'x'); }, 60s);
    REQUIRE(much);
    CHECK(much->size() == messenger_answer_max);
}

TEST_CASE("an errand that does not come back is given up, and nobody of it is left")
{
    const auto said = run(&do_nothing, 50ms);
    REQUIRE_FALSE(said);
    CHECK(said.error().why() == errc::deadline_passed);
}

TEST_CASE("an errand that dies is told from one that comes back")
{
    const auto said = run(
        []() noexcept {
            ::_exit(3);
            return std::string{};
        },
        60s);
    REQUIRE_FALSE(said);
    CHECK(said.error().why() == errc::answer_failed);
}

TEST_CASE("two are out at once; the others wait for them, and not for ever")
{
    const auto ground = make_ground();
    office at;
    for (int i = 0; i < 3; ++i)
        at.send_out_to(*ground);
    at.until([&] { return ground->begun == 2 && at.all.waiting() == 1; });
    const auto late = at.wait_for(at.send_out_to(*ground, 30ms));
    REQUIRE_FALSE(late);
    CHECK(late.error().why() == errc::deadline_passed);
    CHECK(ground->begun == 2);
    CHECK(at.all.out() == 2);
    ground->open = true;
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(at.wait_for(i).value() == "back");
    CHECK(ground->begun == 3);
    CHECK(at.all.out() == 0);
}

TEST_CASE("as many wait as there is room for")
{
    const auto ground = make_ground();
    office at;
    for (std::size_t i = 0; i < messengers::out_max + messengers::waiting_max; ++i)
        at.send_out_to(*ground);
    at.until([&] { return at.all.waiting() == messengers::waiting_max; });
    const auto said = at.wait_for(at.send_out_to(*ground));
    REQUIRE_FALSE(said);
    CHECK(said.error().why() == errc::queue_full);
    ground->open = true;
    for (std::size_t i = 0; i < messengers::out_max + messengers::waiting_max; ++i)
        CHECK(at.wait_for(i));
}

TEST_CASE("where no copy can be made the work is not done, least of all here")
{
    const auto ground = make_ground();
    std::atomic<bool> over{false};
    std::thread in_the_way{[&over] { over.wait(false); }};
    ground->open = true;
    answer said;
    {
        office at;
        said = at.wait_for(at.send_out_to(*ground));
    }
    over = true;
    over.notify_all();
    in_the_way.join();
    REQUIRE_FALSE(said);
    CHECK(said.error().why() == errc::threads_running);
    CHECK(ground->begun == 0);
}

TEST_CASE("who is stopped still gets a moment for what is nearly done, and no more, and not here")
{
    const pid_t us = ::getpid();
    const auto where = [us]() noexcept {
        return std::string{::getpid() == us ? "here" : "elsewhere"};
    };
    office at;
    at.said.push_back(std::make_unique<std::optional<answer>>());
    at.tasks.spawn(keep(send_when_stopped(at.all, where), *at.said.back()));
    at.until([&] { return at.tasks.size() == 1; });
    at.send(&do_nothing);
    at.until([&] { return at.all.out() == 1; });
    at.tasks.stop();
    CHECK(at.wait_for(0).value() == "elsewhere");
    const auto hung = at.wait_for(1);
    REQUIRE_FALSE(hung);
    CHECK(hung.error().why() == errc::deadline_passed);
}

TEST_CASE("who waits for others when all are stopped is not kept waiting")
{
    const auto ground = make_ground();
    office at;
    at.send(&do_nothing);
    at.send(&do_nothing);
    at.until([&] { return at.all.out() == 2; });
    at.send_out_to(*ground);
    at.until([&] { return at.all.waiting() == 1; });
    at.tasks.stop();
    CHECK_FALSE(at.wait_for(2));
    at.until([&] { return at.all.out() == 0; });
}
