#include <cohort/worker/link.hpp>

#include <cohort/ipc/two_ends_test.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/steady_timer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace cohort;
using namespace std::chrono_literals;
using ipc::testing::run_until;

namespace {

struct quiet_guide final : work::link::guide {
    void welcomed(ipc::welcome, std::vector<unique_fd>) noexcept override {}
    void met(const ipc::neighbours&, std::vector<unique_fd>) noexcept override {}
    void told_to_drain(const ipc::drain_order&) noexcept override { ++drains; }
    void lost_primary(std::string_view) noexcept override { lost = true; }
    void escaped(std::string_view) noexcept override {}
    ipc::hello introduction() noexcept override
    {
        ipc::hello words;
        words.id = 7;
        words.endpoints = {3};
        return words;
    }
    outlook channel_ended() noexcept override { return find ? find() : outlook::none; }

    int drains = 0;
    bool lost = false;
    std::function<outlook()> find;
};

/// A primary's end, with what it heard. It reads nothing before listen().
struct primary_end {
    primary_end(asio::io_context& loop, unique_fd socket)
        : over{ipc::testing::open_end(loop, std::move(socket))}
    {}
    void listen() { over.start(heard.take(), heard.closed()); }

    ipc::testing::recorder heard;
    ipc::channel over;
};

struct stage {
    stage()
    {
        auto ends = ipc::channel::make_pair().value();
        first = std::make_unique<primary_end>(loop, std::move(ends.first));
        auto over = ipc::channel::open(loop.get_executor(), std::move(ends.second)).value();
        ours.emplace(loop.get_executor(), std::move(over), tasks, guide);
        ours->start();
    }
    ~stage()
    {
        ours->close();
        tasks.stop();
        run_until(loop, [&] { return tasks.size() == 0; });
    }

    std::unique_ptr<primary_end> replace()
    {
        auto ends = ipc::channel::make_pair().value();
        auto next = std::make_unique<primary_end>(loop, std::move(ends.first));
        next->listen();
        ours->swap(ipc::channel::open(loop.get_executor(), std::move(ends.second)).value());
        return next;
    }

    asio::io_context loop{1};
    scope tasks{loop.get_executor()};
    quiet_guide guide;
    std::unique_ptr<primary_end> first;
    std::optional<work::link> ours;
};

ipc::kind kind_of(const ipc::envelope& what) { return static_cast<ipc::kind>(what.kind); }

awaitable<> keep_outcome(work::link& ours, std::optional<result<ipc::envelope>>& into)
{
    auto words = ipc::letter(ipc::kind::listen, "{}");
    into.emplace(co_await ours.ask(std::move(words), "listen on"));
}

}  // namespace

TEST_CASE("the primary changes the level of the log, and asks what it is")
{
    stage on;
    on.first->listen();
    run_until(on.loop, [&] { return on.first->heard.came.size() == 1; });
    for (const char* const name : {"off", "nonsense"}) {
        auto letter = ipc::letter(ipc::kind::log_level, name);
        REQUIRE(on.first->over.try_send(letter));
    }
    auto question = ipc::letter(ipc::kind::log_level);
    question.flags = ipc::flags::request;
    question.correlation = 5;
    REQUIRE(on.first->over.try_send(question));
    run_until(on.loop, [&] { return on.first->heard.came.size() == 2; });
    const ipc::envelope& answer = on.first->heard.came[1];
    CHECK(kind_of(answer) == ipc::kind::log_level);
    CHECK(answer.is(ipc::flags::answer));
    CHECK(answer.correlation == 5);
    CHECK(answer.body == "off");
    log::configure({});
}

TEST_CASE("over a new channel a worker introduces itself again, and is not lost")
{
    stage on;
    on.first->listen();
    run_until(on.loop, [&] { return on.first->heard.came.size() == 1; });
    std::unique_ptr<primary_end> second;
    on.guide.find = [&] {
        second = on.replace();
        return work::link::guide::outlook::swapped;
    };
    on.first->over.close();
    run_until(on.loop, [&] { return second && !second->heard.came.empty(); });
    REQUIRE(kind_of(second->heard.came[0]) == ipc::kind::hello);
    const auto hello = ipc::decode<ipc::hello>(second->heard.came[0].body).value();
    CHECK(hello.id == 7);
    CHECK(hello.endpoints == std::vector<std::uint32_t>{3});
    CHECK_FALSE(on.guide.lost);
    CHECK(on.ours->is_open());
    CHECK(on.ours->turn() == 1);

    auto order = ipc::letter(ipc::kind::drain, ipc::encode(ipc::drain_order{}));
    REQUIRE(second->over.try_send(order));
    run_until(on.loop, [&] { return on.guide.drains == 1; });
}

TEST_CASE("without a new channel the end of the old one is the loss of the primary")
{
    stage on;
    on.first->over.close();
    run_until(on.loop, [&] { return on.guide.lost; });
    CHECK_FALSE(on.ours->is_open());
}

TEST_CASE("control letters that the dead primary's kernel queue had no room for reach the next one")
{
    stage on;
    // Nobody reads: first the kernel's buffer is full, then the channel's queue.
    constexpr int letters = 200;
    const std::string much(std::size_t{64} << 10, 'x');
    for (int i = 0; i < letters; ++i) {
        ipc::refused words;
        words.sequences = {static_cast<std::uint64_t>(i)};
        words.why = much;
        on.ours->post(ipc::letter(ipc::kind::refused, ipc::encode(words)));
    }
    on.ours->post(ipc::letter(ipc::kind::leaving));
    on.loop.run_for(20ms);

    const auto second = on.replace();
    run_until(on.loop, [&] {
        return !second->heard.came.empty() &&
               kind_of(second->heard.came.back()) == ipc::kind::leaving;
    });
    CHECK(kind_of(second->heard.came[0]) == ipc::kind::hello);
    // What the kernel had taken is lost with the primary; the rest comes whole and in order.
    std::uint64_t last = 0;
    for (std::size_t i = 1; i + 1 < second->heard.came.size(); ++i) {
        const auto words = ipc::decode<ipc::refused>(second->heard.came[i].body).value();
        REQUIRE((i == 1 || words.sequences.at(0) == last + 1));
        last = words.sequences.at(0);
    }
    CHECK(last == letters - 1);
}

TEST_CASE("a call that waits for a dead primary fails, and can be made again")
{
    stage on;
    std::optional<result<ipc::envelope>> outcome;
    on.tasks.spawn(keep_outcome(*on.ours, outcome));
    on.loop.run_for(20ms);
    CHECK_FALSE(outcome);

    const auto second = on.replace();
    run_until(on.loop, [&] { return outcome.has_value(); });
    REQUIRE_FALSE(*outcome);
    CHECK(outcome->error().why() == errc::channel_closed);

    outcome.reset();
    on.tasks.spawn(keep_outcome(*on.ours, outcome));
    run_until(on.loop, [&] { return second->heard.came.size() == 2; });
    auto reply = ipc::answer_to(second->heard.came[1]);
    reply.body = "yes";
    REQUIRE(second->over.try_send(reply));
    run_until(on.loop, [&] { return outcome.has_value(); });
    REQUIRE(*outcome);
    CHECK((*outcome)->body == "yes");
}

TEST_CASE("what a dead primary had asked is not answered to its successor")
{
    stage on;
    asio::steady_timer slow{on.loop, 50ms};
    int answered = 0;
    on.ours->on_request([&](std::uint32_t, ipc::message) -> awaitable<ipc::message> {
        co_await slow.async_wait(use_tuple);
        ++answered;
        co_return ipc::message::binary("late");
    });
    auto words = ipc::message::binary("who are you?");
    auto question =
        ipc::message::encode(words, static_cast<std::uint16_t>(ipc::kind::user)).value();
    question.flags |= ipc::flags::request;
    question.correlation = 1;
    REQUIRE(on.first->over.try_send(question));
    on.loop.run_for(20ms);
    const auto second = on.replace();
    run_until(on.loop, [&] { return answered == 1; });
    on.ours->post(ipc::letter(ipc::kind::leaving));
    run_until(on.loop, [&] { return second->heard.came.size() >= 2; });
    CHECK(kind_of(second->heard.came[1]) == ipc::kind::leaving);
}

TEST_CASE("while there is hope letters wait for the next channel, and without it they are dropped")
{
    stage on;
    on.guide.find = [] { return work::link::guide::outlook::hope; };
    on.first->over.close();
    on.loop.run_for(20ms);
    CHECK_FALSE(on.guide.lost);
    on.ours->post(ipc::letter(ipc::kind::leaving));
    const auto second = on.replace();
    run_until(on.loop, [&] { return second->heard.came.size() == 2; });
    CHECK(kind_of(second->heard.came[0]) == ipc::kind::hello);
    CHECK(kind_of(second->heard.came[1]) == ipc::kind::leaving);

    second->over.close();
    on.loop.run_for(20ms);
    on.ours->give_up("nobody came");
    CHECK(on.guide.lost);
    CHECK_FALSE(on.ours->is_open());
}

TEST_CASE("a log file that is handed over is confirmed, also where the log is no file")
{
    stage on;
    on.first->listen();
    auto words = ipc::letter(ipc::kind::log_file, "7");
    words.cargo.push_back(duplicate(STDOUT_FILENO).value());
    REQUIRE(on.first->over.try_send(words));
    const auto confirmed = [&] {
        return std::ranges::any_of(on.first->heard.came, [](const ipc::envelope& each) {
            return kind_of(each) == ipc::kind::log_file && each.body == "7";
        });
    };
    run_until(on.loop, confirmed);
    CHECK(confirmed());
    CHECK_FALSE(on.guide.lost);
}
