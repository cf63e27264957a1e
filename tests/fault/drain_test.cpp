// A whole cohort leaves while clients send: what was sent is answered, or the connection had ended
// in peace before.
#include "editions.hpp"

#include <cohort/base/random.hpp>
#include <cohort/net/socket_address.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view post =
    "POST /edition HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\n"
    "hello";
constexpr int answer_comes_within_ms = 60'000;

/// How the life of one connection ended.
enum class fate {
    announced,  ///< the last answer said so
    closed,     ///< in peace, between two requests
    refused,    ///< nobody listened any more
    reset,
    unanswered,  ///< closed, although a request had been sent
};

/// One client: sends, hears, rests for a random moment, and sends again, until it is over.
fate keep_asking(const net::endpoint& server, std::uint64_t seed, std::atomic<unsigned>& answers)
{
    random_source dice{seed};
    const auto address = net::to_socket_address(server).value();
    const unique_fd socket{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(socket.borrow(), address.get(), address.length) == -1)
        return errno == ECONNREFUSED ? fate::refused : fate::reset;
    for (;;) {
        if (::send(socket.borrow(), post.data(), post.size(), MSG_NOSIGNAL) == -1)
            return fate::reset;
        std::string answer;
        while (!answer.ends_with("\r\n\r\n1")) {
            char some[512];
            pollfd wait{.fd = socket.borrow(), .events = POLLIN, .revents = 0};
            if (::poll(&wait, 1, answer_comes_within_ms) != 1)
                return fate::unanswered;
            const ssize_t got = ::recv(socket.borrow(), some, sizeof some, 0);
            if (got <= 0)
                return got == 0 ? fate::unanswered : fate::reset;
            answer.append(some, static_cast<std::size_t>(got));
        }
        ++answers;
        if (answer.find("onnection: close") != std::string::npos)
            return fate::announced;
        // Whoever hears the end before it sends knows that nothing was lost.
        pollfd rest{.fd = socket.borrow(), .events = POLLIN, .revents = 0};
        const timespec pause{0, static_cast<long>(dice.fraction() * 20e6)};
        if (::ppoll(&rest, 1, &pause, nullptr) == 1) {
            char byte = 0;
            const ssize_t got = ::recv(socket.borrow(), &byte, 1, 0);
            return got == 0 ? fate::closed : fate::reset;
        }
    }
}

}  // namespace

TEST_CASE("no request is lost while a whole cohort leaves")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    MESSAGE("seed " << seed);
    for (std::uint64_t round = 0; round < 3; ++round) {
        edition_server server{{.workers = 2}};
        constexpr std::size_t clients = 24;
        std::vector<fate> fates(clients, fate::closed);
        std::atomic<unsigned> answers{0};
        {
            std::vector<std::jthread> all;
            for (std::size_t i = 0; i < clients; ++i)
                all.emplace_back([&, i] {
                    fates[i] =
                        keep_asking(server.where(), mix(seed + round * clients + i), answers);
                });
            CHECK(testing::eventually([&] { return answers >= 20 * clients; }));
            CHECK(server.program().stop().code() == 0);
        }
        for (const fate each : fates) {
            CHECK(each != fate::reset);
            CHECK(each != fate::unanswered);
        }
    }
}
