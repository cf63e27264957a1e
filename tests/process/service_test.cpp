// The cohort as a service: this test plays systemd, with its datagram socket and its sockets.

#include "api_server.hpp"
#include "family.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/control/client.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/process/notice.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

/// What arrived at the service manager. A resource.
struct heard {
    process::notice words;
    unique_fd descriptor;
};

/// The socket behind NOTIFY_SOCKET. A resource.
class manager {
public:
    manager()
        : path_{(folder_.path() / "notify").string()},
          fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.data(), path_.size());
        REQUIRE(::bind(fd_.borrow(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
    }

    [[nodiscard]] std::string variable() const { return "NOTIFY_SOCKET=" + path_; }

    /// The next message that `is_it` likes; descriptors to be stored are kept all the while.
    process::notice wait_for(const std::function<bool(const process::notice&)>& is_it)
    {
        const auto until = now() + patience;
        while (now() < until) {
            heard one = next(until);
            if (one.words.store && one.words.store_name && one.descriptor.valid())
                stored.emplace_back(*one.words.store_name, std::move(one.descriptor));
            if (is_it(one.words))
                return one.words;
        }
        throw failure{fault(make_error_code(errc::deadline_passed), "hear from the service")};
    }

    std::vector<std::pair<std::string, unique_fd>> stored;

private:
    heard next(steady_time until)
    {
        pollfd look{fd_.borrow(), POLLIN, 0};
        const auto left = std::chrono::ceil<milliseconds>(until - now()).count();
        if (::poll(&look, 1, static_cast<int>(left)) != 1)
            throw failure{fault(make_error_code(errc::deadline_passed), "hear from the service")};
        std::array<char, process::notice_bytes_max> bytes{};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
        iovec into{bytes.data(), bytes.size()};
        msghdr message{};
        message.msg_iov = &into;
        message.msg_iovlen = 1;
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        const ssize_t got = ::recvmsg(fd_.borrow(), &message, MSG_CMSG_CLOEXEC);
        REQUIRE(got > 0);
        heard one;
        one.words = process::parse_notice({bytes.data(), static_cast<std::size_t>(got)}).value();
        if (const cmsghdr* const head = CMSG_FIRSTHDR(&message)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
            one.descriptor = unique_fd{fd};
        }
        return one;
    }

    temporary_folder folder_;
    std::string path_;
    unique_fd fd_;
};

/// A socket as systemd passes it.
struct passed {
    std::string name;
    int fd = -1;
};

/// A service of two workers. LISTEN_PID is the program's own pid, so a shell sets it.
launch service(const manager& by, const std::string& bind, const std::vector<passed>& sockets = {},
               std::vector<std::string> env = {})
{
    launch how;
    how.env = std::move(env);
    how.env.push_back(by.variable());
    const std::vector<std::string> args{PROCESS_PROGRAMS "api", "--bind", bind, "-w", "2"};
    how.exec = "/bin/sh";
    how.args = {"-c", "LISTEN_PID=$$ exec \"$0\" \"$@\""};
    how.args.insert(how.args.end(), args.begin(), args.end());
    if (sockets.empty())
        return how;
    std::string names;
    for (const passed& each : sockets) {
        names += (names.empty() ? "" : ":") + each.name;
        how.keep.push_back({.ours = each.fd, .number = static_cast<int>(3 + how.keep.size())});
    }
    how.env.push_back(fmt::format("LISTEN_FDS={}", sockets.size()));
    how.env.push_back("LISTEN_FDNAMES=" + names);
    return how;
}

bool is_ready(const process::notice& said) { return said.ready; }
bool is_stopping(const process::notice& said) { return said.stopping; }

std::uint16_t port_at(int fd) { return net::local_endpoint(fd).value().port(); }

}  // namespace

TEST_CASE("a service says that it is ready when its workers listen, how many, and that it stops")
{
    manager systemd;
    running_program app{service(systemd, "127.0.0.1:0")};
    const auto ready = systemd.wait_for(is_ready);
    CHECK(ready.status == "2 workers ready");
    const auto lines = app.wait_for_all("listening on port", 2);
    client one{port_of(lines.front())};
    CHECK_NOTHROW(who_is(one));
    app.signal(SIGTTIN);
    systemd.wait_for([](const auto& said) { return said.status == "3 workers ready"; });
    app.signal(SIGTERM);
    systemd.wait_for(is_stopping);
    const auto longer =
        systemd.wait_for([](const auto& said) { return said.extension.has_value(); });
    CHECK(*longer.extension >= 30s);
    CHECK(app.wait().code() == 0);
}

TEST_CASE("a service feeds its watchdog for as long as its primary turns, and the next one does")
{
    manager systemd;
    running_program app{service(systemd, "127.0.0.1:0", {}, {"WATCHDOG_USEC=200000"})};
    systemd.wait_for(is_ready);
    const auto alive = [](const process::notice& said) { return said.watchdog_alive; };
    for (int i = 0; i < 3; ++i)
        CHECK(systemd.wait_for(alive).watchdog_alive);
    ::kill(primary_below(app.pid()), SIGKILL);
    systemd.wait_for(is_ready);
    CHECK(systemd.wait_for(alive).watchdog_alive);
    CHECK(app.stop().code() == 0);
}

TEST_CASE("workers do not find the variables of the service manager")
{
    manager systemd;
    running_program app{service(systemd, "127.0.0.1:0", {}, {"WATCHDOG_USEC=200000"})};
    systemd.wait_for(is_ready);
    // /proc shows the environment as it was at the exec; so ask what a shell would inherit.
    const auto lines = app.wait_for_all("listening on port", 2);
    client one{port_of(lines.front())};
    const auto said = boost::json::parse(one.body_of("/environment")).as_object();
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_PID"})
        CHECK_FALSE(said.contains(name));
    CHECK(app.stop().code() == 0);
}

TEST_CASE("a service listens on the socket that was opened for it, by name or by address")
{
    manager systemd;
    const auto where = net::endpoint::parse("127.0.0.1:0").value();
    const unique_fd socket = net::open_listener(where).value();
    const std::uint16_t port = port_at(socket.borrow());
    // Somebody is waiting before the service is there.
    client early{port};
    ask_for(early, "/who");
    std::string bind = fmt::format("127.0.0.1:{}", port);
    std::string name = "web";
    SUBCASE("by address") {}
    SUBCASE("by name")
    {
        bind = "127.0.0.1:0";
        name = "cohort.tcp%3A//127.0.0.1%3A0";
    }
    running_program app{service(systemd, bind, {{name, socket.borrow()}})};
    systemd.wait_for(is_ready);
    CHECK_NOTHROW(read_answer(early));
    CHECK(app.stop().code() == 0);
    CHECK(systemd.stored.empty());
}

TEST_CASE("a restart of the whole service loses nobody who waits in the queue")
{
    manager systemd;
    std::uint16_t port = 0;
    {
        running_program app{service(systemd, "127.0.0.1:0")};
        systemd.wait_for(is_ready);
        REQUIRE(systemd.stored.size() == 1);
        CHECK(systemd.stored[0].first == "cohort.tcp%3A//127.0.0.1%3A0");
        port = port_at(systemd.stored[0].second.borrow());
        CHECK(app.stop().code() == 0);
    }
    // Nobody serves; whoever comes now waits.
    client waiting{port};
    ask_for(waiting, "/who");
    const std::vector<passed> kept{{systemd.stored[0].first, systemd.stored[0].second.borrow()}};
    running_program app{service(systemd, "127.0.0.1:0", kept)};
    systemd.wait_for(is_ready);
    CHECK_NOTHROW(read_answer(waiting));
    CHECK(systemd.stored.size() == 1);
    CHECK(app.stop().code() == 0);
}

TEST_CASE("a socket that was kept and that nobody wants any more is given up")
{
    manager systemd;
    const auto where = net::endpoint::parse("127.0.0.1:0").value();
    const unique_fd socket = net::open_listener(where).value();
    const std::string name = "cohort.tcp%3A//127.0.0.1%3A9";
    running_program app{service(systemd, "127.0.0.1:0", {{name, socket.borrow()}})};
    const auto forgotten = systemd.wait_for([](const auto& said) { return said.unstore; });
    CHECK(forgotten.store_name == name);
    CHECK(app.stop().code() == 0);
}

TEST_CASE("a reload that is refused while another one runs does not end it for the manager")
{
    manager systemd;
    running_program app{service(systemd, "127.0.0.1:0", {}, {"COHORT_RELOAD_SOAK=1500ms"})};
    systemd.wait_for(is_ready);
    app.signal(SIGHUP);
    systemd.wait_for([](const auto& said) { return said.reloading; });
    control::client over{
        {.app = "process_program_api",
         .socket = app.runtime_folder() / control::socket_name("process_program_api"),
         .opened_by = app.pid()}};
    const control::request reload{"reload"};
    const auto refused = over.ask(reload, control::client::manner::once);
    REQUIRE(refused);
    CHECK(refused->code == control::exit_code::refused);
    CHECK(systemd.wait_for(is_ready).status == "generation 2 serves");
    CHECK(app.stop().code() == 0);
}
