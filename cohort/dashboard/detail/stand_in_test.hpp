#pragma once
// A primary that answers from a script, and the process of the dashboard as a thread.

#include <cohort/base/try.hpp>
#include <cohort/base/wary_open.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/control/hatch.hpp>
#include <cohort/control/server.hpp>
#include <cohort/dashboard/dashboard.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/net/socket_address.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cohort::dashboard::detail {

/// The desk of a primary with two workers, and what it gives through its hatch. Answers on a thread
/// of its own.
class stand_in final : public control::desk, public control::larder {
public:
    result<std::vector<unique_fd>> fetch(const control::wish& what, pid_t) override
    {
        std::vector<unique_fd> all;
        if (what.what == control::goods::conversation) {
            auto ends = control::hatch::make_ends();
            COHORT_TRY(auto both, std::move(ends));
            answering->take(std::move(both.first), "the dashboard");
            all.push_back(std::move(both.second));
            return all;
        }
        if (what.what != control::goods::log || file.empty())
            return failed(errc::bad_value, "find what was asked for");
        COHORT_TRY(auto opened, wary_open(file, O_RDONLY));
        all.push_back(std::move(opened));
        return all;
    }

    awaitable<control::answer> handle(control::request what, control::asker& to) override
    {
        {
            const std::lock_guard alone{mutex};
            asked.push_back(what.verb);
        }
        using control::answer;
        using control::exit_code;
        if (what.verb == "ls")
            co_return answer{exit_code::done, "", survey()};
        if (what.verb == "show") {
            boost::json::object data{{"slot", 1}, {"name", "api.1"}, {"stage", "serving"}};
            data["worker"] = worker.load();
            data["pid"] = 71;
            if (!file.empty())
                data["log"] = file;
            co_return answer{exit_code::done, "", std::move(data)};
        }
        if (what.verb == "why" && !file.empty()) {
            boost::json::object end{{"worker", 5}, {"pid", 70}, {"file", file}};
            boost::json::object slot{{"slot", 1}};
            slot["ends"] = boost::json::array{std::move(end)};
            boost::json::object data;
            data["slots"] = boost::json::array{std::move(slot)};
            co_return answer{exit_code::done, "", std::move(data)};
        }
        if (what.verb == "report") {
            std::ifstream from{what.arguments.at("worker") == 5 ? file : std::string{}};
            if (!from)
                co_return answer{exit_code::no_such_cohort, "no such report"};
            std::string text{std::istreambuf_iterator<char>{from}, {}};
            co_return answer{exit_code::done, "", {{"text", std::move(text)}}};
        }
        if (what.verb == "signal") {
            ++worker;
            co_return answer{exit_code::done, "TERM sent to 1 worker"};
        }
        if (what.verb == "events") {
            boost::json::object event{{"sequence", 1},
                                      {"time", "2026-01-01T00:00:00.000Z"},
                                      {"event", "scaled"},
                                      {"to", 2}};
            if (!what.arguments.contains("from"))
                to.tell(control::progress{"scaled", std::move(event)});
            co_return answer{exit_code::done, "", {{"next", 2}, {"missed", 0}}};
        }
        if (what.verb == "scale") {
            to.tell(control::progress{"1 of 2 workers serve"});
            co_return answer{exit_code::done, "2 of 2 workers serve", std::move(what.arguments)};
        }
        if (what.verb == "drain" && what.slot == 9U)
            co_return answer{exit_code::no_such_cohort, "api has no slot 9"};
        co_return answer{exit_code::done, what.verb, std::move(what.arguments)};
    }

    std::size_t times(const std::string& verb)
    {
        const std::lock_guard alone{mutex};
        return static_cast<std::size_t>(std::ranges::count(asked, verb));
    }

    std::atomic<int> serving{2};
    std::atomic<int> worker{7};
    std::string file;  // its log, and the report of worker 5; before anybody asks
    std::unique_ptr<control::server> answering;

private:
    boost::json::object survey() const
    {
        boost::json::array slots;
        for (int i = 0; i < 2; ++i)
            slots.emplace_back(boost::json::object{{"slot", i},
                                                   {"name", fmt::format("api.{}", i)},
                                                   {"stage", i < serving ? "serving" : "resting"},
                                                   {"generation", 1},
                                                   {"worker", i + 1},
                                                   {"pid", ::getpid()},
                                                   {"restarts", 1}});
        return {{"app", "api"}, {"stage", "serving"},        {"root", ::getpid()},
                {"wanted", 2},  {"serving", serving.load()}, {"parked", 0},
                {"held", 0},    {"generation", 1},           {"slots", std::move(slots)}};
    }

    std::mutex mutex;
    std::vector<std::string> asked;
};

/// Both, in a folder of their own. A resource.
class stage {
public:
    /// @param change  of the settings and of what the process gets, before it begins
    explicit stage(const std::function<void(config::settings&, premises&)>& change = {})
    {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-dash-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
        auto admin = control::entrance::open_at(folder / "api.sock", stays);
        REQUIRE(admin);
        auto made =
            control::server::open(loop.get_executor(), admin->take_socket(), ::geteuid(), primary);
        REQUIRE(made);
        primary.answering = *std::move(made);
        with.hatch = open_hatch().release();
        spare = open_hatch();
        asking = std::thread{[this] { loop.run(); }};

        auto local = control::entrance::open_at(folder / "api.http", stays);
        REQUIRE(local);
        auto remote = net::open_listener(net::endpoint::parse("127.0.0.1:0").value());
        REQUIRE(remote);
        port = net::local_endpoint(remote->borrow()).value().port();
        settings.name = std::string{"api"};
        settings.admin.token = std::string{"0123456789abcdef"};
        with.view_token = folder / "api.view_token";
        with.settings = &settings;
        with.board = &*board;
        with.first = ::getpid();
        with.resident = true;
        with.local = local->take_socket().release();
        with.remote = remote->release();
        if (change)
            change(settings, with);
        sigset_t term;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
        serving = std::thread{[this] { code = serve(with); }};
    }
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;
    ~stage()
    {
        if (serving.joinable())
            static_cast<void>(end());
        asio::post(loop, [this] { hatches.clear(); });
        asio::co_spawn(loop, primary.answering->close(seconds{5}), [](std::exception_ptr) {});
        asking.join();
        std::filesystem::remove_all(folder);
    }

    /// Tells it to end, and waits until it has.
    int end()
    {
        ::pthread_kill(serving.native_handle(), SIGTERM);
        return wait();
    }

    /// Until it ends by itself.
    int wait()
    {
        serving.join();
        return code;
    }

    unique_fd connect() const
    {
        auto made = control::connect_to(folder / "api.http");
        REQUIRE(made);
        return *std::move(made);
    }

    unique_fd connect_remote() const
    {
        const auto to = net::to_socket_address(
            net::endpoint::internet(net::endpoint::family::tcp, "127.0.0.1", port));
        unique_fd made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        REQUIRE(::connect(made.borrow(), to->get(), to->length) == 0);
        return made;
    }

    /// Head and body of the answer.
    std::string ask_local(const std::string& line, const std::string& more = {},
                          const std::string& body = {}) const
    {
        return exchange(connect(), line, more, body);
    }
    std::string ask_remote(const std::string& line, const std::string& more = {},
                           const std::string& body = {}) const
    {
        return exchange(connect_remote(), line, more, body);
    }

    static std::string exchange(unique_fd over, const std::string& line, const std::string& more,
                                const std::string& body)
    {
        const std::string host = more.contains("Host:") ? "" : "Host: localhost\r\n";
        const std::string length =
            body.empty() ? ""
                         : fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n",
                                       body.size());
        const std::string text = fmt::format("{} HTTP/1.1\r\n{}{}{}Connection: close\r\n\r\n{}",
                                             line, host, more, length, body);
        REQUIRE(::send(over.borrow(), text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
        return receive(over, {});
    }

    /// What comes, up to and including `end`, or until the end of the connection.
    static std::string receive(const unique_fd& over, const std::string& end)
    {
        constexpr int patience_ms = 60'000;
        std::string text;
        std::array<char, 65'536> piece{};
        for (;;) {
            pollfd ready{.fd = over.borrow(), .events = POLLIN, .revents = 0};
            if (::poll(&ready, 1, patience_ms) != 1)
                return text;
            const auto got = ::recv(over.borrow(), piece.data(), piece.size(), 0);
            if (got <= 0)
                return text;
            text.append(piece.data(), static_cast<std::size_t>(got));
            if (!end.empty() && text.contains(end))
                return text;
        }
    }

    static std::string body_of(const std::string& answer)
    {
        const auto at = answer.find("\r\n\r\n");
        return at == std::string::npos ? std::string{} : answer.substr(at + 4);
    }
    static boost::json::object json_of(const std::string& answer)
    {
        return boost::json::parse(body_of(answer)).as_object();
    }

    stand_in primary;
    std::filesystem::path folder;
    std::uint16_t port = 0;
    config::settings settings;
    result<board::segment> board = board::segment::create(4);
    premises with;
    unique_fd spare;  // another end of the primary's hatch

private:
    /// The other process's end.
    unique_fd open_hatch()
    {
        auto ends = control::hatch::make_ends();
        REQUIRE(ends);
        auto made = control::hatch::open(loop.get_executor(), std::move(ends->first), primary);
        REQUIRE(made);
        hatches.push_back(*std::move(made));
        return std::move(ends->second);
    }
    static bool stays(const std::filesystem::path&) { return false; }

    boost::asio::io_context loop{1};
    std::vector<std::unique_ptr<control::hatch>> hatches;
    std::thread asking;
    std::thread serving;
    int code = -1;
};

}  // namespace cohort::dashboard::detail
