// Lives of workers without HTTP: each scenario checks itself, and says "ok" at its end.
#include "scenario.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <cstdlib>

using namespace scenario;
using asio::ip::tcp;

namespace {

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

/// Listening: port 0, twice, again, exclusive, Unix, errors.
task<> listen_in_many_ways(worker& self)
{
    auto first = co_await self.listen("tcp://127.0.0.1:0");
    auto second = co_await self.listen("tcp://127.0.0.1:0");
    EXPECT(first.port() != 0 && second.port() != 0 && first.port() != second.port());
    const std::string numbered = fmt::format("127.0.0.1:{}", first.port());
    auto twice = co_await self.try_listen(numbered);
    EXPECT(!twice &&
           twice.error().why() == error_code(EADDRINUSE, boost::system::system_category()));
    first.close();
    auto again = co_await self.try_listen(numbered);
    EXPECT(again.has_value() && again->local_endpoint().text() == "tcp://" + numbered);

    auto nonsense = co_await self.try_listen("nonsense:0:0");
    EXPECT(!nonsense && nonsense.error().why() == errc::bad_value);
    auto nowhere = co_await self.try_listen("unix:/does/not/exist/x");
    EXPECT(!nowhere && nowhere.error().text().find("No such file") != std::string::npos);
    auto foreign = co_await self.try_listen("192.0.2.1:80");
    EXPECT(!foreign &&
           foreign.error().why() == error_code(EADDRNOTAVAIL, boost::system::system_category()));

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
        const std::string words =
            fmt::format("{} {} {} {}{}", variable("GREETING"), variable("NAME"), self.id(),
                        self.app(), variable("COHORT_CHANNEL_FD"));
        self.on_request(
            [words](std::uint32_t, message) -> task<message> { co_return text(words); });
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
    // Hooks run in the primary, which with keepers is another process than the one that goes on
    // after run(): it would not see what they counted.
    s.keepers = false;
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
    return scenario::run(argc, argv,
                         {{"disconnecting", disconnecting},
                          {"listening", listening},
                          {"executed", [&] { return executed(argc, argv); }},
                          {"crashing", crashing},
                          {"echo", [&] { return echo(argc - 1, argv + 1); }}});
}
