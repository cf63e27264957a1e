// Other people's clients: nghttp, h2load and curl, where they are installed.
#include <cohort/http/h2/service.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/http/h2/detail/house_test.hpp>
#include <cohort/net/poller.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::h2::detail;
using namespace std::chrono_literals;

namespace {

/// The house, on a port.
struct port_house : h2_house, net::watcher {
    port_house()
    {
        http::detail::add_hello(api);
        api.get("/long", [](const request&) { return text(std::string(1'000'000, 'l')); });
        api.get("/later", [](const request&) -> task<response> {
            co_await sleep_for(1ms);
            co_return text("later");
        });
        options.limits.body_bytes_max = 4U << 20;
        open_both();
        listener = unique_fd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t length = sizeof address;
        REQUIRE(::bind(listener.borrow(), generic, length) == 0);
        REQUIRE(::listen(listener.borrow(), 128) == 0);
        REQUIRE(::getsockname(listener.borrow(), generic, &length) == 0);
        port = std::to_string(ntohs(address.sin_port));
        REQUIRE(poller.watch(listener.borrow(), EPOLLIN, *this));
    }
    ~port_house() { poller.forget(listener.borrow(), *this); }

    void ready(std::uint32_t) noexcept override
    {
        unique_fd caller{
            ::accept4(listener.borrow(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (caller.valid())
            static_cast<void>(serving->take(std::move(caller)));
    }
    /// What a program prints while the house is open. `after` stands behind the address.
    std::string run(const std::string& program, const std::string& path)
    {
        const std::string command = program + " http://127.0.0.1:" + port + path + " 2>&1";
        std::atomic<bool> done = false;
        std::string printed;
        std::jthread reader{[&] {
            FILE* const from = ::popen(command.c_str(), "re");
            std::array<char, 4096> piece;
            for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), from)) != 0;)
                printed.append(piece.data(), got);
            ::pclose(from);
            done = true;
        }};
        while (!done)
            loop.run_one_for(5ms);
        return printed;
    }

    unique_fd listener;
    std::string port;
};

bool installed(const char* program)
{
    const bool there = std::filesystem::exists(std::string{"/usr/bin/"} + program);
    if (!there)
        MESSAGE(program, " is not installed");
    return there;
}

bool has(const std::string& text, std::string_view what)
{
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("h2load's requests are all answered, many streams on many connections")
{
    if (!installed("h2load"))
        return;
    port_house h;
    const std::string small = h.run("h2load -n 5000 -c 10 -m 50", "/");
    CHECK_MESSAGE(has(small, "5000 succeeded, 0 failed, 0 errored, 0 timeout"), small);
    const std::string later = h.run("h2load -n 1000 -c 5 -m 100", "/later");
    CHECK_MESSAGE(has(later, "1000 succeeded, 0 failed, 0 errored, 0 timeout"), later);
    const std::string narrow = h.run("h2load -n 20 -c 2 -m 5 -w 16 -W 16", "/long");
    CHECK_MESSAGE(has(narrow, "20 succeeded, 0 failed, 0 errored, 0 timeout"), narrow);
    h.until([&] { return h.two->connections() == 0; });
    CHECK(h.two->requests() == 6020);
    CHECK(h.two->running() == 0);
}

TEST_CASE("nghttp uploads and downloads, with priorities and trailers")
{
    if (!installed("nghttp"))
        return;
    port_house h;
    const auto body =
        std::filesystem::temp_directory_path() / ("cohort-h2-" + std::to_string(::getpid()));
    {
        FILE* const f = std::fopen(body.c_str(), "we");
        const std::string text(3'000'000, 'u');
        std::fwrite(text.data(), 1, text.size(), f);
        std::fclose(f);
    }
    const std::string up = h.run("nghttp -ns --trailer 'x: y' -d " + body.string(), "/echo");
    CHECK_MESSAGE(has(up, " 200 "), up);
    CHECK_MESSAGE(has(up, " 2M "), up);
    const std::string down = h.run("nghttp -nsv -p 7 -w 14 -W 14", "/long");
    CHECK_MESSAGE(has(down, "content-length: 1000000"), down);
    std::filesystem::remove(body);
}

TEST_CASE("curl with prior knowledge is answered")
{
    if (!installed("curl"))
        return;
    port_house h;
    const std::string said = h.run("curl -sS --http2-prior-knowledge -w ' %{http_version}'", "/");
    CHECK(said == "Hello, world 2");
    const std::string gone = h.run("curl -sS --http2-prior-knowledge -H 'Expect: 100-continue' "
                                   "-d hello -w ' %{http_code}'",
                                   "/echo");
    CHECK(gone == "hello 200");
}
