// A thousand clients that are slow on purpose, and a few that are not.
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

using namespace cohort;
using namespace cohort::testing;

namespace {

constexpr int attackers_each = 334;

/// heads: a byte of a head now and then. bodies: the same of a body. readers: ask for much, and
/// read none of it.
enum class attack : std::uint8_t { heads, bodies, readers };

std::string_view opening(attack how)
{
    switch (how) {
        case attack::heads:
            return "GET /who HTTP/1.1\r\nHost: slow\r\nX-Long: ";
        case attack::bodies:
            return "POST /echo HTTP/1.1\r\nHost: slow\r\nContent-Length: 100000\r\n\r\n";
        case attack::readers:
            break;
    }
    return "GET /pour HTTP/1.1\r\nHost: slow\r\n\r\n";
}

/// One of them. A resource.
class attacker {
public:
    attacker(std::uint16_t port, attack how)
        : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, how_{how}
    {
        // A small window, so that little lies between it and the server.
        const int window = 4096;
        REQUIRE(::setsockopt(socket_.borrow(), SOL_SOCKET, SO_RCVBUF, &window, sizeof window) == 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket_.borrow(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
        REQUIRE(::fcntl(socket_.borrow(), F_SETFL, O_NONBLOCK) == 0);
        say(opening(how));
    }

    /// One more byte.
    void trickle()
    {
        if (how_ != attack::readers)
            say("a");
    }
    void say(std::string_view bytes) const
    {
        static_cast<void>(::send(socket_.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }

    /// The server has lost its patience.
    [[nodiscard]] bool is_cut()
    {
        return how_ == attack::readers ? is_reset() : has_heard_the_end();
    }
    [[nodiscard]] attack how() const noexcept { return how_; }
    [[nodiscard]] const std::string& heard() const noexcept { return heard_; }

private:
    [[nodiscard]] bool is_reset() const
    {
        pollfd look{.fd = socket_.borrow(), .events = 0, .revents = 0};
        return ::poll(&look, 1, 0) == 1 && (look.revents & (POLLERR | POLLHUP)) != 0;
    }
    [[nodiscard]] bool has_heard_the_end()
    {
        std::array<char, 4096> some{};
        for (;;) {
            const ssize_t got = ::recv(socket_.borrow(), some.data(), some.size(), 0);
            if (got <= 0)
                return got == 0 || errno == ECONNRESET;
            heard_.append(some.data(), static_cast<std::size_t>(got));
        }
    }

    unique_fd socket_;
    attack how_;
    std::string heard_;
};

/// Trickles until the server has cut all of them; in between, honest clients ask.
class siege {
public:
    explicit siege(std::uint16_t port)
    {
        for (int i = 0; i < attackers_each; ++i) {
            for (const attack how : {attack::heads, attack::bodies, attack::readers})
                here_.emplace_back(port, how);
        }
    }

    [[nodiscard]] bool goes_on() const noexcept { return !here_.empty(); }

    void turn()
    {
        if (const steady_time present = now(); present >= next_byte_) {
            next_byte_ = present + milliseconds{500};
            for (attacker& each : here_)
                each.trickle();
        }
        for (std::size_t i = 0; i < here_.size();) {
            if (!here_[i].is_cut()) {
                ++i;
                continue;
            }
            if (here_[i].how() != attack::readers)
                CHECK_MESSAGE(here_[i].heard().starts_with("HTTP/1.1 408 "), here_[i].heard());
            std::swap(here_[i], here_.back());
            here_.pop_back();
        }
    }

private:
    std::vector<attacker> here_;
    steady_time next_byte_{};
};

void allow_many_descriptors()
{
    rlimit allowed{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &allowed) == 0);
    allowed.rlim_cur = std::min<rlim_t>(allowed.rlim_max, 4096);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &allowed) == 0);
    REQUIRE(allowed.rlim_cur > 3 * attackers_each + 100);
}

bool is_number(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

TEST_CASE("a thousand slow clients are cut, and all others are answered meanwhile")
{
    allow_many_descriptors();
    const std::uint16_t port = free_port();
    launch how{.exec = PROCESS_PROGRAMS "brisk",
               .args = {"--listen", fmt::format("127.0.0.1:{}", port), "--workers", "2", "--name",
                        "brisk"}};
    running_program program{how};
    static_cast<void>(program.wait_for_all("listening on port", 2));

    std::vector<client> honest;
    for (int i = 0; i < 8; ++i)
        honest.emplace_back(port);
    siege slow{port};
    int answered = 0;
    const auto ask = [&answered](client& over) {
        REQUIRE(is_number(over.body_of("/who")));
        ++answered;
    };
    const steady_time until = now() + patience;
    while (slow.goes_on()) {
        REQUIRE(now() < until);
        slow.turn();
        for (client& each : honest)
            ask(each);
        client fresh{port};
        ask(fresh);
    }
    CHECK(answered > 0);
    MESSAGE(answered << " honest requests were answered");
    CHECK(program.stop().success());
}
