// Messages that are large, or many, or carry connections: row 1.5 of node-cluster.md.

#include "stage.hpp"

#include <cohort/async/deadline.hpp>
#include <cohort/ipc/handover.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <csignal>
#include <string>
#include <utility>

#include <unistd.h>

namespace actor {

namespace {

namespace asio = cohort::asio;
using asio::ip::tcp;

constexpr int handles = 200;

std::string pattern(std::size_t bytes)
{
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i)
        text[i] = static_cast<char>(i * 31 + i / 256);
    return text;
}

// Workers.

/// Sends 200 descriptors as fast as it can, and tells how many it got.
task<> send_handles(cohort::worker& self)
{
    for (int i = 0; i < handles; ++i) {
        auto words = message::json(i);
        words.attach(pipe_with(fmt::format("{}", i)));
        co_await self.send(std::move(words));
    }
}

task<int> exchange(cohort::worker& self)
{
    int good = 0;
    self.on_message([&self, &good](message& what) {
        const auto reads = what.take_descriptor();
        good += read_all(reads.borrow()) == boost::json::serialize(what.json()) ? 1 : 0;
        if (good == handles)
            self.disconnect();
    });
    co_await send_handles(self);
    co_await self.until_stopping();
    co_return good == handles ? 0 : 9;
}

/// Greets over a connection that it is given, reads one line, and passes the connection on.
task<> converse(cohort::worker& self, message what)
{
    auto socket = cohort::ipc::adopt_tcp(self.executor(), what.take_descriptor());
    if (!socket)
        co_return expect(false, socket.error().text());
    const std::string greeting = fmt::format("I am worker {}\n", self.id());
    co_await asio::async_write(*socket, asio::buffer(greeting), asio::use_awaitable);
    std::string line(5, ' ');
    co_await asio::async_read(*socket, asio::buffer(line), asio::use_awaitable);
    auto next = cohort::ipc::release_descriptor(std::move(*socket));
    if (!next)
        co_return expect(false, next.error().text());
    auto words = message::json(boost::json::string{line});
    words.attach(std::move(*next));
    const std::uint32_t to = what.json().to_number<std::uint32_t>();
    co_await self.send_to(to, std::move(words));
}

task<> hear(cohort::worker& self, message what)
{
    auto socket = cohort::ipc::adopt_tcp(self.executor(), what.take_descriptor());
    if (!socket)
        co_return expect(false, socket.error().text());
    const std::string greeting =
        fmt::format("worker {} heard {}\n", self.id(), boost::json::serialize(what.json()));
    co_await asio::async_write(*socket, asio::buffer(greeting), asio::use_awaitable);
}

task<int> hand_on(cohort::worker& self)
{
    self.on_message([&self](std::uint32_t from, message& what) {
        if (from == 0)
            self.spawn(converse(self, std::move(what)));
        else
            self.spawn(hear(self, std::move(what)));
    });
    co_await self.until_stopping();
    co_return 0;
}

constexpr std::array parts{role{"exchange", exchange}, role{"hand-on", hand_on}};

// The primary.

task<> large(stage& on)
{
    const auto who = co_await on.online("echo");
    // 800 KB of two-byte text and a live connection, both ways.
    std::string text;
    while (text.size() < 800'000)
        text += "ü";
    auto pair = connect_tcp();
    auto words = message::json(boost::json::string{text});
    words.attach(std::move(pair.far));
    expect((co_await on.cluster.send(who.id, std::move(words), patience)).has_value(), "send");
    co_await on.until("message", who.id);
    expect(on.heard.back().said == boost::json::string{text}, "800 KB come back as they went");
    expect(on.messages.size() == 1, "with the connection");
    if (on.messages.size() == 1) {
        const auto far = on.messages.front().take_descriptor();
        expect(write_all(far.borrow(), "alive"), "write");
        expect_equal(read_some(pair.near.borrow(), 5), "alive", "the connection goes on");
        expect(write_all(pair.near.borrow(), "yes"), "write");
        expect_equal(read_some(far.borrow(), 3), "yes", "both ways");
    }

    const std::string bytes = pattern(16U << 20U);
    auto big = message::binary(bytes);
    expect((co_await on.cluster.send(who.id, std::move(big), patience)).has_value(), "send");
    co_await on.until("message", who.id, 2);
    expect(on.heard.back().bytes == bytes, "16 MiB come back as they went");

    auto vast = message::binary(std::string((64U << 20U) + 1, 'x'));
    const auto refused = on.cluster.try_send(who.id, vast);
    expect(!refused && refused.error().why() == cohort::errc::too_large, "64 MiB is the limit");
}

task<> pushes_back(stage& on)
{
    const auto who = co_await on.online("echo");
    static_cast<void>(on.cluster.kill(who.id, SIGSTOP));
    unsigned taken = 0;
    const std::string block = pattern(256U << 10U);
    cohort::result<> outcome;
    for (; taken < 1000 && outcome; ++taken) {
        auto words = message::binary(block);
        outcome = on.cluster.try_send(who.id, words);
        if (!outcome) {
            expect(words.bytes() == block, "what was not taken is untouched");
            break;
        }
    }
    expect(!outcome && outcome.error().why() == cohort::errc::queue_full,
           fmt::format("the queue has a bound, {} taken", taken));
    expect(taken < 64, fmt::format("and it is a small one: {} times 256 KiB", taken));
    auto late = message::json("late");
    const auto sent = co_await on.cluster.send(who.id, std::move(late), 50ms);
    expect(!sent && sent.error().why() == cohort::errc::deadline_passed, "send waits for room");

    // Somebody who waits gets through as soon as it reads again.
    static_cast<void>(on.cluster.kill(who.id, SIGCONT));
    auto last = message::json("last");
    expect((co_await on.cluster.send(who.id, std::move(last), patience)).has_value(), "room again");
    const std::function<bool()> came = [&on] { return on.heard.back().said == "last"; };
    co_await on.until(came, "the last one comes back");
    expect(on.count("message", who.id) == taken + 1, "all that were taken arrived, in order");
}

task<> both_ways(stage& on)
{
    const auto who = on.fork("exchange");
    for (int i = 0; i < handles; ++i) {
        auto words = message::json(i);
        words.attach(pipe_with(fmt::format("{}", i)));
        const auto sent = co_await on.cluster.send(who.id, std::move(words), patience);
        expect(sent.has_value(), "send");
    }
    co_await on.until("exit", who.id);
    expect(on.find("exit", who.id).end->code() == 0, "the worker got all, each with its own");
    expect(on.messages.size() == handles, fmt::format("the primary got {}", on.messages.size()));
}

task<> connection(stage& on)
{
    const auto first = co_await on.online("hand-on");
    const auto second = co_await on.online("hand-on");
    auto pair = connect_tcp();
    auto words = message::json(second.id);
    words.attach(std::move(pair.far));
    expect((co_await on.cluster.send(first.id, std::move(words), patience)).has_value(), "send");
    const std::string greeting = fmt::format("I am worker {}\n", first.id);
    const cohort::unique_fd client = std::move(pair.near);
    // The workers are other processes: blocking here does not keep them from answering, but the
    // message has to leave first; send() completed, so it has.
    expect_equal(read_some(client.borrow(), greeting.size()), greeting, "the first one speaks");
    expect(write_all(client.borrow(), "hello"), "write");
    const std::string heard = fmt::format("worker {} heard \"hello\"\n", second.id);
    // The second gets it through this process, so this process must not block now.
    std::string got;
    const std::function<bool()> all = [&] {
        char piece[64];
        const auto n = ::recv(client.borrow(), piece, sizeof piece, MSG_DONTWAIT);
        if (n > 0)
            got.append(piece, static_cast<std::size_t>(n));
        return got.size() >= heard.size();
    };
    for (const auto until = cohort::now() + patience; !all() && cohort::now() < until;)
        co_await cohort::sleep_for(1ms);
    expect_equal(got, heard, "the second one goes on with the same connection");
    expect(read_all(client.borrow()).empty(), "and it ends when the last owner closes it");
}

task<> twice(stage& on)
{
    // Node sends a socket the first time and only the text the second time; here each message has
    // its own duplicate, and the sender may keep one, too.
    const auto who = co_await on.online("echo");
    auto pair = connect_tcp();
    for (int i = 0; i < 2; ++i) {
        auto copy = cohort::duplicate(pair.far);
        expect(copy.has_value(), "duplicate");
        auto words = message::json(i);
        words.attach(std::move(*copy));
        expect((co_await on.cluster.send(who.id, std::move(words), patience)).has_value(), "send");
    }
    co_await on.until("message", who.id, 2);
    expect(on.messages.size() == 2, "both came back with a descriptor");
    for (message& each : on.messages) {
        const auto back = each.take_descriptor();
        expect(write_all(back.borrow(), "x"), "each is open");
    }
    expect(write_all(pair.far.borrow(), "x"), "ours is open, too");
    expect_equal(read_some(pair.near.borrow(), 3), "xxx", "and all are the same connection");
}

constexpr std::array stories{
    scenario{"large", large},         scenario{"pushes-back", pushes_back},
    scenario{"both-ways", both_ways}, scenario{"connection", connection},
    scenario{"twice", twice},
};

}  // namespace

std::span<const scenario> bulk_scenarios() { return stories; }
std::span<const role> bulk_roles() { return parts; }

}  // namespace actor
