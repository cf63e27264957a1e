// Limits in a real redis-server, which is also killed.

#include <cohort/http/limiting/redis_limits.hpp>
#include <cohort/async/deadline.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/testing/harness.hpp>
#include <cohort/testing/log_recorder.hpp>
#include <cohort/testing/test_app.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

/// A redis-server of our own, on a Unix socket in a folder that goes with it. A resource.
class redis_server {
public:
    redis_server() { start(); }
    ~redis_server() { kill(); }
    redis_server(const redis_server&) = delete;
    redis_server& operator=(const redis_server&) = delete;

    void start()
    {
        launch how;
        how.exec = "/usr/bin/redis-server";
        how.args = {
            "--port", "0",     "--unixsocket",          socket(),      "--save", "", "--appendonly",
            "no",     "--dir", folder_.path().string(), "--daemonize", "no"};
        program_.emplace(how);
        REQUIRE(eventually([this] {
            return std::ranges::any_of(program_->lines(), [](const std::string& line) {
                return line.find("accept connections at") != std::string::npos;
            });
        }));
    }
    void kill()
    {
        if (program_) {
            program_->signal(SIGKILL);
            static_cast<void>(program_->wait());
        }
        program_.reset();
        std::filesystem::remove(socket());
    }
    void signal(int number) { program_->signal(number); }

    [[nodiscard]] std::string socket() const { return (folder_.path() / "redis").string(); }

private:
    temporary_folder folder_;
    std::optional<running_program> program_;
};

/// Asks on a loop that runs until there is an answer.
class asker {
public:
    explicit asker(http::redis_options where)
        : limits{std::move(where)}
    {
        ::signal(SIGPIPE, SIG_IGN);  // as in workers; hiredis writes to connections that are gone
    }

    result<http::limit_ruling> hit(const http::limit_rule& by, std::string key)
    {
        return run(limits.hit(by, std::move(key)));
    }
    result<> give_back(const http::limit_rule& by, std::string key, const http::limit_ruling& hit)
    {
        return run(limits.give_back(by, std::move(key), hit));
    }
    /// Asks, and gives up before there is an answer.
    errc leave(const http::limit_rule& by, std::string key)
    {
        asio::cancellation_signal signal;
        std::optional<result<http::limit_ruling>> made;
        const auto before = limits.asked();
        asio::co_spawn(
            loop_, limits.hit(by, std::move(key)),
            asio::bind_cancellation_slot(
                signal.slot(), [&](std::exception_ptr, result<http::limit_ruling> answer) {
                    made.emplace(std::move(answer));
                }));
        wait_for([&] { return limits.asked() > before; });
        signal.emit(asio::cancellation_type::terminal);
        wait_for([&] { return made.has_value(); });
        return *made ? errc{} : static_cast<errc>(made->error().why().value());
    }
    template <class F>
    void wait_for(F come)
    {
        while (!come()) {
            loop_.restart();
            loop_.run_one();
        }
    }

private:
    template <class T>
    T run(awaitable<T> work)
    {
        std::optional<T> made;
        asio::co_spawn(loop_, std::move(work),
                       [&](std::exception_ptr, T answer) { made.emplace(std::move(answer)); });
        wait_for([&] { return made.has_value(); });
        return std::move(*made);
    }

    asio::io_context loop_;

public:
    http::redis_limits limits;
};

http::limit_rule rule(http::limit_rule::measures given)
{
    return http::limit_rule::of(given).value();
}

}  // namespace

TEST_CASE("two machines that count in one Redis have one limit, in both kinds")
{
    redis_server server;
    asker one{{.unix_path = server.socket(), .timeout = 20s}};
    asker other{{.unix_path = server.socket(), .timeout = 20s}};
    for (const http::limit_kind kind : {http::limit_kind::gcra, http::limit_kind::fixed_window}) {
        const auto by = rule({.limit = 3, .window = 1h, .kind = kind});
        const std::string key = kind == http::limit_kind::gcra ? "a" : "b";
        CHECK(one.hit(by, key)->remaining == 2);
        CHECK(other.hit(by, key)->remaining == 1);
        const auto last = one.hit(by, key);
        REQUIRE(last);
        CHECK(last->admitted);
        CHECK(last->remaining == 0);
        const auto refused = other.hit(by, key);
        REQUIRE(refused);
        CHECK_FALSE(refused->admitted);
        CHECK(refused->more_in > 15min);
        CHECK(refused->more_in <= 1h);
        CHECK(other.hit(by, key + "'")->admitted);
    }
}

TEST_CASE("a Redis that dies is asked no more for a pause, one line says so, and it comes back")
{
    log_recorder log;
    redis_server server;
    const auto by = rule({.limit = 100, .window = 1h});
    asker one{{.unix_path = server.socket(), .timeout = 20s, .pause = 1ms, .pause_max = 1ms}};
    asker patient{{.unix_path = server.socket(), .timeout = 20s, .pause = 1h, .pause_max = 1h}};
    CHECK(one.hit(by, "a"));
    CHECK(patient.hit(by, "a"));
    server.kill();
    CHECK_FALSE(one.hit(by, "a"));
    CHECK_FALSE(patient.hit(by, "a"));
    const auto asked = patient.limits.asked();
    for (int i = 0; i < 100; ++i)
        CHECK_FALSE(patient.hit(by, "a"));
    CHECK(patient.limits.asked() == asked);
    CHECK(log.with("going on as configured").size() == 2);

    server.start();
    REQUIRE(eventually([&] { return one.hit(by, "a").has_value(); }));
    CHECK(log.with("going on as configured").size() == 2);
    CHECK(log.with("counts limits again").size() == 1);
}

TEST_CASE("a Redis that hangs costs one time-out")
{
    redis_server server;
    const auto by = rule({.limit = 100, .window = 1h});
    asker one{{.unix_path = server.socket(), .pause = 1h, .pause_max = 1h}};
    server.signal(SIGSTOP);
    const auto made = one.hit(by, "a");
    CHECK_FALSE(made);
    CHECK(made.error().why() == errc::deadline_passed);
    const auto asked = one.limits.asked();
    CHECK_FALSE(one.hit(by, "a"));
    CHECK(one.limits.asked() == asked);
    server.signal(SIGCONT);
}

TEST_CASE("who leaves while it is counted is no failure of Redis, and nobody else's")
{
    log_recorder log;
    redis_server server;
    const auto by = rule({.limit = 3, .window = 1h});
    asker one{{.unix_path = server.socket(), .timeout = 20s, .pause = 1h, .pause_max = 1h}};
    CHECK(one.hit(by, "a")->remaining == 2);
    server.signal(SIGSTOP);
    CHECK(one.leave(by, "a") == errc::cancelled);
    server.signal(SIGCONT);
    // On the same connection, and behind what was asked in vain.
    CHECK(one.hit(by, "a")->remaining == 0);
    CHECK(log.with("going on as configured").empty());
}

TEST_CASE("a Redis that hangs is given up, though all who asked have left")
{
    redis_server server;
    const auto by = rule({.limit = 3, .window = 1h});
    asker one{{.unix_path = server.socket(), .timeout = 50ms, .pause = 1ms, .pause_max = 1ms}};
    CHECK(one.hit(by, "a"));
    server.signal(SIGSTOP);
    CHECK(one.leave(by, "a") == errc::cancelled);
    one.wait_for([&] { return !one.limits.connected(); });
    server.signal(SIGCONT);
    REQUIRE(eventually([&] { return one.hit(by, "a").has_value(); }));
}

TEST_CASE("a hit is given back while it counts, and only then")
{
    redis_server server;
    asker one{{.unix_path = server.socket(), .timeout = 20s}};
    for (const http::limit_kind kind : {http::limit_kind::gcra, http::limit_kind::fixed_window}) {
        const std::string key = kind == http::limit_kind::gcra ? "a" : "b";
        const auto by = rule({.limit = 2, .window = 1h, .kind = kind});
        const auto first = one.hit(by, key);
        REQUIRE(first);
        CHECK(one.give_back(by, key, *first));
        CHECK(one.hit(by, key)->remaining == 1);
        const auto last = one.hit(by, key);
        REQUIRE(last);
        CHECK_FALSE(one.hit(by, key)->admitted);
        CHECK(one.give_back(by, key, *last));
        CHECK(one.hit(by, key)->admitted);
        CHECK_FALSE(one.hit(by, key)->admitted);

        // Of a key that nobody knows, and of another window: as if it were over.
        CHECK(one.give_back(by, key + "'", *last));
        CHECK(one.hit(by, key + "'")->remaining == 1);
        http::limit_ruling older = *last;
        older.next -= kind == http::limit_kind::gcra ? std::uint64_t{7'200} * 1'000'000 : 7'200'000;
        CHECK(one.give_back(by, key, older));
        CHECK_FALSE(one.hit(by, key)->admitted);
    }
}

TEST_CASE("a limit that was made shorter holds nobody in Redis for the time of the longer one")
{
    redis_server server;
    asker one{{.unix_path = server.socket(), .timeout = 20s}};
    for (const http::limit_kind kind : {http::limit_kind::gcra, http::limit_kind::fixed_window}) {
        const std::string key = kind == http::limit_kind::gcra ? "a" : "b";
        const auto hour = rule({.limit = 1, .window = 1h, .kind = kind});
        const auto brief = rule({.limit = 1, .window = 1s, .kind = kind});
        CHECK(one.hit(hour, key)->admitted);
        REQUIRE(eventually([&] { return one.hit(brief, key)->admitted; }));
    }
}

TEST_CASE("an address that is none, and nobody at the other end, are failures like others")
{
    const auto by = rule({.limit = 1});
    asker none{{.address = "not an address"}};
    CHECK_FALSE(none.hit(by, "a"));
    asker nobody{{.unix_path = "/nonexistent/redis"}};
    CHECK_FALSE(nobody.hit(by, "a"));
}

TEST_CASE("the middleware refuses beyond the limit, and does as it is told when nobody counts")
{
    redis_server server;
    const auto limits = std::make_shared<http::redis_limits>(http::redis_options{
        .unix_path = server.socket(), .timeout = 20s, .pause = 1h, .pause_max = 1h});
    http::router api;
    const http::rate_limit_options two{
        .name = "far", .limit = 2, .window = 1h, .kind = http::limit_kind::fixed_window};
    auto strict = api.group("/strict");
    strict.use(http::rate_limit_across(two, limits));
    strict.get("/", [](const http::request&) { return http::text("strict"); });
    auto lenient = api.group("/lenient");
    lenient.use(http::rate_limit_across(two, limits, http::limit_on_failure::allow));
    lenient.get("/", [](const http::request&) { return http::text("lenient"); });
    test_app app{api};

    auto first = app.get("/strict/");
    CHECK(first.status() == 200);
    CHECK(first.header("RateLimit") == "\"far\"; r=1; t=3600");
    CHECK(app.get("/lenient/").status() == 200);
    auto refused = app.get("/strict/");
    CHECK(refused.status() == 429);
    CHECK(refused.header("Retry-After"));

    log_recorder log;
    server.kill();
    for (int i = 0; i < 3; ++i) {
        CHECK(app.get("/strict/").status() == 503);
        CHECK(app.get("/lenient/").status() == 200);
    }
    // Each limit says what it does, and not with each request.
    CHECK(log.with("requests are answered 503 until Redis counts again").size() == 1);
    CHECK(log.with("requests pass uncounted until Redis counts again").size() == 1);
}

TEST_CASE("answers that do not count are given back, to all machines")
{
    redis_server server;
    const auto limits = std::make_shared<http::redis_limits>(
        http::redis_options{.unix_path = server.socket(), .timeout = 20s});
    for (const http::limit_kind kind : {http::limit_kind::gcra, http::limit_kind::fixed_window}) {
        http::router api;
        const auto counts = std::make_shared<http::limit_counts>();
        const std::string name = kind == http::limit_kind::gcra ? "gcra" : "window";
        auto logins = api.group("/login");
        logins.use(http::rate_limit_across({.name = name,
                                            .limit = 2,
                                            .window = 1h,
                                            .kind = kind,
                                            .skip = http::limit_skip::successful,
                                            .counts = counts},
                                           limits));
        logins.get("/right", [](const http::request&) { return http::text("welcome"); });
        logins.get("/wrong",
                   [](const http::request&) -> http::response { throw http::refusal{401}; });
        auto loads = api.group("/file");
        loads.use(http::rate_limit_across({.name = name + "-files",
                                           .limit = 1,
                                           .window = 1h,
                                           .kind = kind,
                                           .skip = http::limit_skip::failed},
                                          limits));
        loads.get("/{name}", [](const http::request& of) -> http::response {
            if (of.path<std::string>("name") != "there")
                throw http::refusal{404};
            return http::text("bytes");
        });
        test_app app{api};
        for (int i = 0; i < 5; ++i)
            CHECK(app.get("/login/right").status() == 200);
        CHECK(counts->given_back == 5);
        CHECK(app.get("/login/wrong").status() == 401);
        CHECK(app.get("/login/wrong").status() == 401);
        CHECK(app.get("/login/right").status() == 429);
        CHECK(counts->admitted == 7);
        CHECK(counts->refused == 1);

        for (int i = 0; i < 3; ++i)
            CHECK(app.get("/file/absent").status() == 404);
        CHECK(app.get("/file/there").status() == 200);
        CHECK(app.get("/file/there").status() == 429);
    }
}

TEST_CASE("when Redis dies before a hit is given back, the answer comes all the same")
{
    redis_server server;
    const auto limits = std::make_shared<http::redis_limits>(http::redis_options{
        .unix_path = server.socket(), .timeout = 20s, .pause = 1h, .pause_max = 1h});
    http::router api;
    const auto counts = std::make_shared<http::limit_counts>();
    auto all = api.group("/");
    all.use(http::rate_limit_across({.name = "dying",
                                     .limit = 2,
                                     .window = 1h,
                                     .skip = http::limit_skip::successful,
                                     .counts = counts},
                                    limits));
    all.get("/", [&server](const http::request&) {
        server.kill();
        return http::text("welcome");
    });
    test_app app{api};
    CHECK(app.get("/").status() == 200);
    CHECK(counts->given_back == 0);
}
