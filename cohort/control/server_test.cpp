#include <cohort/control/server.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/control/client.hpp>
#include <cohort/control/entrance.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::control;
using namespace std::chrono_literals;

namespace {

bool stays(const std::filesystem::path&) { return false; }

/// Answers a few verbs.
class parrot final : public desk {
public:
    awaitable<answer> handle(request what, asker& to) override
    {
        const auto stop = co_await asio::this_coro::cancellation_state;
        if (what.verb == "count") {
            for (int i = 1; i <= 3; ++i)
                to.tell(progress{std::to_string(i)});
        }
        if (what.verb == "sleep") {
            entered = true;
            while (!to.gone() && !stopped(stop))
                co_await to.change();
            left = true;
        }
        co_return answer{exit_code::done, what.verb, std::move(what.arguments)};
    }
    std::atomic<bool> entered{false};
    std::atomic<bool> left{false};
};

/// A server on a thread of its own, in a folder of its own. A resource.
class house {
public:
    house()
    {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-ctl-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
        from.user = ::geteuid();
        from.variable = [this](const char* which) -> std::optional<std::string> {
            if (std::string_view{which} == folder_variable)
                return folder.string();
            return std::nullopt;
        };
        auto opened = entrance::open("api", from, stays);
        REQUIRE(opened);
        door.emplace(std::move(*opened));
        auto made = server::open(loop.get_executor(), door->take_socket(), ::geteuid(), birds);
        REQUIRE(made);
        serving = std::move(*made);
        thread = std::thread{[this] { loop.run(); }};
    }
    ~house()
    {
        close();
        std::filesystem::remove_all(folder);
    }
    void close()
    {
        if (!thread.joinable())
            return;
        asio::co_spawn(loop, serving->close(5s), [](std::exception_ptr) {});
        thread.join();
        door->remove();
    }
    [[nodiscard]] cohort_place place() const
    {
        return {.app = "api", .socket = folder / "api.sock", .opened_by = ::getpid()};
    }

    std::filesystem::path folder;
    viewpoint from;
    parrot birds;
    boost::asio::io_context loop;
    std::optional<entrance> door;
    std::unique_ptr<server> serving;
    std::thread thread;
};

std::string all_that_comes(const unique_fd& from)
{
    std::string text;
    char piece[4096];
    for (;;) {
        const auto got = ::recv(from.borrow(), piece, sizeof piece, 0);
        if (got > 0)
            text.append(piece, static_cast<std::size_t>(got));
        else if (got == 0 || errno != EAGAIN)
            return text;
        else
            std::this_thread::yield();
    }
}

}  // namespace

TEST_CASE("a client finds the cohort, asks, hears progress and gets the answer")
{
    house in;
    const auto found = find_cohorts(in.from);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().app == "api");
    CHECK(found->front().opened_by == ::getpid());

    client who{found->front()};
    request ask{"count"};
    ask.arguments["to"] = 3;
    std::vector<std::string> heard;
    const auto said =
        who.ask(ask, client::manner::once, [&](const progress& p) { heard.push_back(p.text); });
    REQUIRE(said);
    CHECK(said->reason == "count");
    CHECK(said->data.at("to") == 3);
    CHECK(heard == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("the socket and its folder are for its user alone")
{
    house in;
    struct stat seen{};
    REQUIRE(::stat((in.folder / "api.sock").c_str(), &seen) == 0);
    CHECK((seen.st_mode & 0777) == 0600);
}

TEST_CASE("a second cohort of the same name is refused while the first one lives")
{
    house in;
    const auto second = entrance::open("api", in.from, stays);
    REQUIRE_FALSE(second);
    CHECK(second.error().why().value() == EADDRINUSE);
    CHECK(second.error().text().find(std::to_string(::getpid())) != std::string::npos);
    CHECK(entrance::open("other", in.from, stays));
}

TEST_CASE("a file that nobody listens at is replaced, and taken away by who looks around")
{
    house in;
    {
        auto dead = entrance::open("dead", in.from, stays);
        REQUIRE(dead);  // its socket closes here, the file stays
        REQUIRE(entrance::open_at(in.folder / "dead.http", stays));
    }
    CHECK(std::filesystem::exists(in.folder / "dead.sock"));
    CHECK(std::filesystem::exists(in.folder / "dead.http"));
    const auto found = find_cohorts(in.from);
    REQUIRE(found);
    CHECK(found->size() == 1);
    CHECK_FALSE(std::filesystem::exists(in.folder / "dead.sock"));
    CHECK_FALSE(std::filesystem::exists(in.folder / "dead.http"));
    CHECK(entrance::open("dead", in.from, stays));
    CHECK(entrance::open("dead", in.from, stays));
}

TEST_CASE("a cohort at whose door everybody waits is found all the same")
{
    house in;
    const auto busy = entrance::open("busy", in.from, stays);
    REQUIRE(busy);
    std::vector<unique_fd> waiting;
    const auto path = in.folder / "busy.sock";
    auto one = connect_to(path);
    for (; one; one = connect_to(path))
        waiting.push_back(*std::move(one));
    REQUIRE(one.error().why().value() == EAGAIN);

    const auto found = find_cohorts(in.from);
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(found->back().app == "busy");
    CHECK(found->back().opened_by == 0);
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("a successor goes on with the socket that is open already")
{
    house in;
    auto first = entrance::open("dynasty", in.from, stays);
    REQUIRE(first);
    const int number = first->take_socket().release();
    const std::vector<int> left_open{0, number};
    const std::vector<std::filesystem::path> paths{in.folder / "dynasty.sock"};
    auto next = entrance::inherit(paths, left_open);
    REQUIRE(next);
    CHECK(next->socket().borrow() == number);
    next->remove();
    CHECK_FALSE(std::filesystem::exists(in.folder / "dynasty.sock"));
}

TEST_CASE("what is no request gets an answer that says why")
{
    house in;
    for (const std::string_view line : {"GET / HTTP/1.1\r\n", "{\"cohort\":9}\n", "\n"}) {
        auto over = connect_to(in.place().socket);
        REQUIRE(over);
        REQUIRE(::send(over->borrow(), line.data(), line.size(), MSG_NOSIGNAL) > 0);
        std::string text = all_that_comes(*over);
        REQUIRE(text.ends_with('\n'));
        text.pop_back();
        const auto said = decode_word(text);
        REQUIRE(said);
        CHECK(std::get<answer>(*said).code == exit_code::usage);
    }
}

TEST_CASE("who works for an asker learns that it has hung up; one that only stops talking is heard")
{
    house in;
    const std::string line = encode(request{"sleep"});
    auto over = connect_to(in.place().socket);
    REQUIRE(over);
    REQUIRE(::send(over->borrow(), line.data(), line.size(), MSG_NOSIGNAL) > 0);
    REQUIRE(::shutdown(over->borrow(), SHUT_WR) == 0);
    client other{in.place()};
    REQUIRE(other.ask(request{"hello"}, client::manner::once));
    CHECK_FALSE(in.birds.left);
    over->reset();
    const steady_time until = now() + 60s;
    while (!in.birds.left && now() < until)
        std::this_thread::yield();
    CHECK(in.birds.left);
}

TEST_CASE("who is to be kept out is told so, before its request is read")
{
    house in;
    std::atomic<pid_t> asked{0};
    in.serving->keep_out([&](pid_t who) {
        asked = who;
        return std::string{"you live in a sandbox"};
    });
    client who{in.place()};
    const auto said = who.ask(request{"hello"}, client::manner::once);
    REQUIRE(said);
    CHECK(said->code == exit_code::refused);
    CHECK(said->reason.find("sandbox") != std::string::npos);
    CHECK(asked == ::getpid());
}

TEST_CASE("any number of silent connections keeps nobody from being answered")
{
    house in;
    std::vector<unique_fd> idle;
    for (std::size_t i = 0; i < server::silent_max + 16; ++i) {
        auto over = connect_to(in.place().socket);
        // The queue of the kernel is short: whoever does not fit has to come again.
        while (!over && over.error().why().value() == EAGAIN) {
            std::this_thread::yield();
            over = connect_to(in.place().socket);
        }
        REQUIRE(over);
        idle.push_back(*std::move(over));
    }
    client who{in.place()};
    const auto said = who.ask(request{"hello"}, client::manner::once);
    REQUIRE(said);
    CHECK(said->code == exit_code::done);
    CHECK(all_that_comes(idle.front()).find("no request came") != std::string::npos);
    // One of those that are left may still ask.
    const std::string line = encode(request{"late"});
    REQUIRE(::send(idle.back().borrow(), line.data(), line.size(), MSG_NOSIGNAL) > 0);
    CHECK(all_that_comes(idle.back()).find("late") != std::string::npos);
}

TEST_CASE("a budget that is used up is an answer, too")
{
    house in;
    client who{in.place()};
    request ask{"sleep"};
    ask.budget = 1ms;
    const auto said = who.ask(ask, client::manner::once);
    REQUIRE(said);
    CHECK(said->code == exit_code::timed_out);
}

TEST_CASE("whoever has no patience for a frozen primary gets none forced upon it")
{
    house in;
    const auto frozen = entrance::open_at(in.folder / "frozen.sock", stays);
    REQUIRE(frozen);  // the kernel takes connections for it, and nobody ever answers
    client who{{.app = "frozen", .socket = in.folder / "frozen.sock", .opened_by = 0}, 0ms};
    request ask{"ls"};
    ask.budget = 1ms;
    const auto said = who.ask(ask, client::manner::once);
    REQUIRE_FALSE(said);
    CHECK(said.error().why() == errc::deadline_passed);
}

TEST_CASE("a closing server says so to whom it does not answer any more")
{
    house in;
    std::thread asks{[&] {
        client who{in.place()};
        request ask{"sleep"};
        ask.budget = 0ms;
        const auto said = who.ask(ask, client::manner::once);
        REQUIRE(said);
        CHECK(said->code == exit_code::refused);
    }};
    while (!in.birds.entered)
        std::this_thread::yield();
    boost::asio::co_spawn(in.loop, in.serving->close(1ms), [](std::exception_ptr) {});
    asks.join();
}
