#include <cohort/primary/messenger.hpp>

#include <cohort/async/scope.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

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

answer run(messenger_work what, nanoseconds budget)
{
    boost::asio::io_context loop;
    std::optional<answer> said;
    scope tasks{loop.get_executor()};
    tasks.spawn(keep(send_messenger(std::move(what), budget), said));
    loop.run();
    return std::move(said).value();
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
    const auto said = run(
        []() noexcept {
            for (;;)
                ::poll(nullptr, 0, -1);
            return std::string{};
        },
        50ms);
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
