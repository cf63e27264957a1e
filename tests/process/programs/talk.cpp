// Messages of a cluster without HTTP: each scenario checks itself, and says "ok" at its end.
#include "scenario.hpp"

#include <cohort/ipc/handover.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

using namespace scenario;
using asio::ip::tcp;

namespace {

int requests()
{
    return with_helpers(2, [](cluster& c, ids id) -> task<> {
        auto answer = co_await c.request(id[0], text("hello"), patience);
        EXPECT(answer && words_of(*answer) == "hello");

        answer = co_await c.request(id[0], text("throw"), patience);
        EXPECT(!answer && answer.error().why() == errc::answer_failed);
        EXPECT(answer.error().text().find("will not say") != std::string::npos);

        answer = co_await c.request(id[0], text("never"), 50ms);
        EXPECT(!answer && answer.error().why() == errc::deadline_passed);

        const std::string asks = fmt::format("ask {}", id[1]);
        answer = co_await c.request(id[0], text(asks), patience);
        EXPECT(answer && words_of(*answer) == fmt::format("worker {} asked by {}", id[1], id[0]));

        answer = co_await c.request(id[0], text("ask 99"), patience);
        EXPECT(!answer && answer.error().text().find("no such worker") != std::string::npos);

        answer = co_await c.request(id[0], text("tell 99"), patience);
        EXPECT(answer && words_of(*answer).find("no such worker") != std::string::npos);

        const std::string tells = fmt::format("tell {}", id[1]);
        answer = co_await c.request(id[0], text(tells), patience);
        EXPECT(answer && words_of(*answer) == "sent");

        answer = co_await c.request(77, text("who"), patience);
        EXPECT(!answer && answer.error().why() == errc::no_such_worker);

        answer = co_await c.request(id[1], text("die"), patience);
        EXPECT(!answer && answer.error().why() == errc::worker_gone);
    });
}

int big()
{
    return with_helpers(1, [](cluster& c, ids id) -> task<> {
        std::string bytes(64U << 20U, 'x');
        bytes.back() = 'y';
        message out = message::binary(bytes);
        auto answer = co_await c.request(id[0], std::move(out), patience);
        EXPECT(answer && answer->bytes() == bytes);

        message more = message::binary(bytes + "z");
        answer = co_await c.request(id[0], std::move(more), patience);
        EXPECT(!answer && answer.error().why() == errc::too_large);
    });
}

/// A worker that is not there, or dies while it is told a lot, costs only its own messages.
int dying()
{
    return with_helpers(2, [](cluster& c, ids id) -> task<> {
        (void)c.kill(id[0], SIGSTOP);
        std::string bytes(32U << 20U, 'x');
        message first = message::binary(bytes);
        auto sent = co_await c.send(id[0], std::move(first), 200ms);
        EXPECT(!sent && sent.error().why() == errc::deadline_passed);
        (void)c.kill(id[0], SIGKILL);
        const auto end = co_await c.exited(id[0], patience);
        EXPECT(end && end->signal() == SIGKILL);
        sent = co_await c.send(id[0], text("anybody?"), patience);
        EXPECT(!sent && sent.error().why() == errc::no_such_worker);
        auto answer = co_await c.request(id[1], text("hello"), patience);
        EXPECT(answer && words_of(*answer) == "hello");
    });
}

/// Node's fault: messages sent before the program listens are lost.
int early()
{
    cluster group{by_hand()};
    std::string heard;
    group.on_message([&heard](const worker_info&, message& what) { heard += words_of(what); });
    group.on_start([&heard](cluster& c) -> task<> {
        const auto born = c.fork();
        EXPECT(born.has_value());
        for (const char* each : {"a", "b", "c"}) {
            const auto sent = co_await c.send(born->id, text(each), patience);
            EXPECT(sent.has_value());
        }
        const auto end = co_await c.exited(born->id, patience);
        EXPECT(end && end->code() == 0);
        EXPECT(heard == "abc");
        log::info("ok");
    });
    return group.run([](worker& self) -> task<> {
        co_await sleep_for(100ms);
        int count = 0;
        self.on_message([&](message& what) {
            self.spawn(self.send(text(words_of(what))));
            if (++count == 3)
                self.disconnect();
        });
        co_await self.until_stopping();
    });
}

/// A live TCP connection goes from the primary to a worker and on to another one.
int handing()
{
    cluster group{by_hand()};
    group.on_start([](cluster& c) -> task<> {
        const auto first = c.fork();
        const auto second = c.fork();
        EXPECT(first && second);
        tcp::acceptor door{c.loop(), tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
        tcp::socket near{c.loop()};
        const auto where = door.local_endpoint();
        near.connect(where);
        auto far = co_await door.async_accept(asio::use_awaitable);
        auto descriptor = ipc::release_descriptor(std::move(far));
        EXPECT(descriptor.has_value());

        message out = message::json(json::object{{"pass_to", second->id}});
        out.attach(std::move(*descriptor));
        const auto sent = co_await c.send(first->id, std::move(out), patience);
        EXPECT(sent.has_value());
        std::string line;
        co_await asio::async_read_until(near, asio::dynamic_buffer(line), '\n',
                                        asio::use_awaitable);
        EXPECT(line == fmt::format("served by {}\n", second->id));
        const drain_report report = co_await c.disconnect(5s);
        EXPECT(report.forced.empty());
        log::info("ok");
    });
    return group.run([](worker& self) -> task<> {
        self.on_message([&self](message& what) {
            unique_fd connection = what.take_descriptor();
            if (what.json().is_object()) {
                const auto to = what.json().at("pass_to").to_number<std::uint32_t>();
                message on = message::json("yours");
                on.attach(std::move(connection));
                self.spawn(self.send_to(to, std::move(on)));
                return;
            }
            auto socket = ipc::adopt_tcp(self.executor(), std::move(connection));
            if (!socket)
                throw failure{socket.error()};
            const std::string line = fmt::format("served by {}\n", self.id());
            asio::write(*socket, asio::buffer(line));
        });
        co_await self.until_stopping();
    });
}

int broadcast()
{
    cluster group{by_hand()};
    std::map<std::string, int> heard;
    group.on_message([&heard](const worker_info&, message& what) { ++heard[words_of(what)]; });
    group.on_start([&heard](cluster& c) -> task<> {
        for (int i = 0; i < 3; ++i)
            EXPECT(c.fork().has_value());
        auto sent = co_await c.broadcast(text("from above"), patience);
        EXPECT(sent.has_value());
        for (const auto& each : c.workers())
            EXPECT((co_await c.exited(each.id, patience)).has_value());
        EXPECT(heard["heard from above"] == 3);
        EXPECT(heard["from worker"] == 3);
        EXPECT(heard["heard from worker"] == 6);
        log::info("ok");
    });
    return group.run([](worker& self) -> task<> {
        int from_workers = 0;
        bool from_above = false;
        self.on_message([&](std::uint32_t from, message& what) {
            self.spawn(self.send(text("heard " + words_of(what))));
            if (from == 0 && !std::exchange(from_above, true))
                self.spawn(self.broadcast(text("from worker")));
            if (from != 0)
                ++from_workers;
            if (from_above && from_workers == 2)
                self.disconnect();
        });
        co_await self.until_stopping();
    });
}

}  // namespace

int main(int argc, char** argv)
{
    return scenario::run(argc, argv,
                         {{"requests", requests},
                          {"big", big},
                          {"dying", dying},
                          {"early", early},
                          {"handing", handing},
                          {"broadcast", broadcast}});
}
