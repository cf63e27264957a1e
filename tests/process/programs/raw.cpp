// A cluster without HTTP: each scenario checks itself and says "ok" or what went wrong.
#include <cohort/app.hpp>
#include <cohort/ipc/handover.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace cohort;
using namespace std::chrono_literals;
namespace json = boost::json;
using asio::ip::tcp;

namespace {

constexpr nanoseconds patience = 15s;

void expect(bool fine, const char* what, int line)
{
    if (!fine)
        throw std::runtime_error{fmt::format("line {}: {}", line, what)};
}
#define EXPECT(claim) expect((claim), #claim, __LINE__)

message text(std::string_view words) { return message::json(json::value(json::string(words))); }

std::string words_of(const message& of)
{
    return of.json().is_string() ? std::string{of.json().as_string()} : std::string{};
}

/// Answers what it is asked; the other half of most scenarios.
task<> helper(worker& self)
{
    self.on_message([&self](std::uint32_t from, message& what) {
        if (words_of(what) == "echo")
            self.spawn(self.send_to(from, text("echoed")));
    });
    self.on_request([&self](std::uint32_t from, message what) -> task<message> {
        const std::string asked = words_of(what);
        if (asked == "throw")
            throw std::runtime_error{"will not say"};
        if (asked == "die")
            ::raise(SIGKILL);
        if (asked == "never")
            co_await self.until_stopping();
        if (asked == "leave")
            self.disconnect();
        if (asked.starts_with("ask ")) {
            const auto id = static_cast<std::uint32_t>(std::stoul(asked.substr(4)));
            message question = text("who");
            co_return co_await self.request_of(id, std::move(question), patience);
        }
        if (asked.starts_with("tell ")) {
            const auto id = static_cast<std::uint32_t>(std::stoul(asked.substr(5)));
            message words = text("told");
            const auto sent = co_await self.try_send_to(id, std::move(words));
            co_return text(sent ? "sent" : sent.error().text());
        }
        if (asked == "who")
            co_return text(fmt::format("worker {} asked by {}", self.id(), from));
        co_return std::move(what);
    });
    co_await self.until_stopping();
}

settings by_hand()
{
    settings s;
    s.name = "raw";
    s.supervision = supervision::by_hand;
    s.stop.timeout = 2s;
    return s;
}

/// Runs `act` in the primary with `count` helpers.
template <class F>
int with_helpers(unsigned count, F act)
{
    cluster group{by_hand()};
    group.on_start([act, count](cluster& c) -> task<> {
        std::vector<std::uint32_t> ids;
        for (unsigned i = 0; i < count; ++i) {
            auto born = c.fork();
            EXPECT(born.has_value());
            ids.push_back(born->id);
        }
        co_await act(c, ids);
        const drain_report report = co_await c.disconnect(5s);
        EXPECT(report.forced.empty());
        log::info("ok");
    });
    return group.run(helper);
}

using ids = const std::vector<std::uint32_t>&;

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

int disconnecting()
{
    return with_helpers(3, [](cluster& c, ids id) -> task<> {
        auto answer = co_await c.request(id[0], text("who"), patience);
        EXPECT(answer.has_value());
        EXPECT(c.disconnect(id[0]).has_value());
        EXPECT(c.disconnect(id[0]).has_value());  // Node's fault: the second one crashes the worker
        auto end = co_await c.exited(id[0], patience);
        EXPECT(end && end->code() == 0);
        EXPECT(c.disconnect(id[0]).has_value());
        EXPECT(c.is_dead(id[0]));
        EXPECT(!c.disconnect(99).has_value());

        answer = co_await c.request(id[1], text("leave"), patience);
        end = co_await c.exited(id[1], patience);
        EXPECT(end && end->code() == 0);

        const auto late = c.fork();
        EXPECT(late.has_value());
        EXPECT(c.disconnect(late->id).has_value());
        end = co_await c.exited(late->id, patience);
        EXPECT(end && end->code() == 0);
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

/// Listening: port 0, twice, again, exclusive, Unix, errors.
task<> listen_in_many_ways(worker& self)
{
    auto first = co_await self.listen("tcp://127.0.0.1:0");
    auto second = co_await self.listen("tcp://127.0.0.1:0");
    EXPECT(first.port() != 0 && second.port() != 0 && first.port() != second.port());
    const std::string numbered = fmt::format("127.0.0.1:{}", first.port());
    auto twice = co_await self.try_listen(numbered);
    EXPECT(!twice && twice.error().why() == error_code(EADDRINUSE, boost::system::system_category()));
    first.close();
    auto again = co_await self.try_listen(numbered);
    EXPECT(again.has_value() && again->local_endpoint().text() == "tcp://" + numbered);

    auto nonsense = co_await self.try_listen("nonsense:0:0");
    EXPECT(!nonsense && nonsense.error().why() == errc::bad_value);
    auto nowhere = co_await self.try_listen("unix:/does/not/exist/x");
    EXPECT(!nowhere && nowhere.error().text().find("No such file") != std::string::npos);
    auto foreign = co_await self.try_listen("192.0.2.1:80");
    EXPECT(!foreign && foreign.error().why() ==
                           error_code(EADDRNOTAVAIL, boost::system::system_category()));

    listen_options alone;
    alone.exclusive = true;
    auto own = co_await self.try_listen("127.0.0.1:0", alone);
    EXPECT(own && own->port() != second.port());
    const std::string words = fmt::format("{} {} {}", again->port(), second.port(), own->port());
    message report = text(words);
    co_await self.send(std::move(report));
    co_await self.until_stopping();
}

int listening()
{
    cluster group{by_hand()};
    std::vector<std::string> heard;
    std::vector<std::string> announced;
    group.on_message([&](const worker_info&, message& what) { heard.push_back(words_of(what)); });
    group.on_listening([&](const worker_info&, const listening_info& where) {
        announced.push_back(where.endpoint);
    });
    group.on_start([&](cluster& c) -> task<> {
        EXPECT(c.fork().has_value());
        EXPECT(c.fork().has_value());
        for (int i = 0; i < 1000 && heard.size() < 2; ++i)
            co_await sleep_for(5ms);
        EXPECT(heard.size() == 2);
        const auto shared = [](const std::string& of) { return of.substr(0, of.rfind(' ')); };
        EXPECT(shared(heard[0]) == shared(heard[1]));  // one port for all
        EXPECT(heard[0] != heard[1]);                  // but for the exclusive one
        EXPECT(announced.size() == 6);
        for (const auto& each : c.workers())
            EXPECT(each.state == worker_state::listening);
        const drain_report report = co_await c.disconnect(5s);
        EXPECT(report.forced.empty() && report.left.size() == 2);
        EXPECT(c.workers().empty());
        log::info("ok");
    });
    return group.run(listen_in_many_ways);
}

/// SURFACE's own example: a loop around accept() with plain Asio sockets.
task<> session(tcp::socket peer, worker& self)
{
    std::string line;
    auto [ec, n] =
        co_await asio::async_read_until(peer, asio::dynamic_buffer(line), '\n', use_tuple);
    if (ec)
        co_return;
    const std::string answer = fmt::format("{} {}", self.id(), line);
    co_await asio::async_write(peer, asio::buffer(answer), use_tuple);
}

int echo(int argc, char** argv)
{
    settings defaults;
    defaults.stop.timeout = 5s;
    cluster group{settings::from(argc, argv, defaults)};
    group.on_exit([](const worker_info& who, exit_status how) {
        log::info({{"code", how.code().value_or(-1)}}, "worker {} left: {}", who.id, how.words());
    });
    return group.run([](worker& self) -> task<> {
        auto door = co_await self.listen("tcp://127.0.0.1:0");
        for (;;) {
            auto peer = co_await door.accept();
            self.spawn(session(std::move(peer), self));
        }
    });
}

int executed(int argc, char** argv)
{
    auto chosen = by_hand();
    chosen.exec = argv[0];
    chosen.args = {"executed"};
    chosen.env = {{"GREETING", "hello"}};
    chosen.out.what = config::stream_target::kind::pipe;
    static_cast<void>(argc);
    cluster group{std::move(chosen)};
    group.on_start([](cluster& c) -> task<> {
        fork_options more;
        more.env = {{"NAME", "world"}};
        const auto born = c.fork(more);
        EXPECT(born.has_value());
        auto pipes = c.take_pipes(born->id);
        EXPECT(pipes.out.valid());
        auto answer = co_await c.request(born->id, text("who"), patience);
        EXPECT(answer && words_of(*answer) == "hello world 1 raw");
        EXPECT(c.disconnect(born->id).has_value());
        const auto end = co_await c.exited(born->id, patience);
        EXPECT(end && end->code() == 7);

        fork_options wrong;
        wrong.exec = "/does/not/exist";
        const auto never = c.fork(wrong);
        EXPECT(!never && never.error().text().find("/does/not/exist") != std::string::npos);
        log::info("ok");
    });
    return group.run([](worker& self) -> task<int> {
        const auto variable = [](const char* name) {
            const char* value = std::getenv(name);
            return std::string{value != nullptr ? value : ""};
        };
        const std::string words = fmt::format("{} {} {} {}{}", variable("GREETING"),
                                              variable("NAME"), self.id(), self.app(),
                                              variable("COHORT_CHANNEL_FD"));
        self.on_request([words](std::uint32_t, message) -> task<message> { co_return text(words); });
        co_await self.until_stopping();
        co_return 7;
    });
}

/// A program that dies as soon as it starts is not restarted for ever.
int crashing()
{
    settings s;
    s.name = "raw";
    s.workers = config::worker_count::exactly(2);
    s.restart.backoff_first = 5ms;
    s.restart.backoff_ceiling = 20ms;
    cluster group{std::move(s)};
    int deaths = 0;
    group.on_exit([&deaths](const worker_info&, exit_status how) {
        ++deaths;
        expect(how.words() == "exit code 1, exception escaped: cannot start", "words", __LINE__);
    });
    const int code = group.run([](worker&) -> task<> {
        throw std::runtime_error{"cannot start"};
        co_return;
    });
    expect(deaths == 10, "five deaths a slot", __LINE__);
    log::info("given up");
    return code;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string scenario = argc > 1 ? argv[1] : "";
    const std::map<std::string, std::function<int()>> all{
        {"requests", requests},
        {"big", big},
        {"dying", dying},
        {"disconnecting", disconnecting},
        {"early", early},
        {"handing", handing},
        {"broadcast", broadcast},
        {"listening", listening},
        {"executed", [&] { return executed(argc, argv); }},
        {"crashing", crashing},
        {"echo", [&] { return echo(argc - 1, argv + 1); }},
    };
    const auto at = all.find(scenario);
    return at == all.end() ? 99 : at->second();
}
