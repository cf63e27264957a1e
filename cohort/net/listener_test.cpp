#include <cohort/net/listener.hpp>

#include <cohort/net/accept.hpp>
#include <cohort/net/limits.hpp>
#include <cohort/net/socket_address.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

using namespace cohort;
using namespace cohort::net;
namespace fs = std::filesystem;

namespace {

class folder {
public:
    folder()
    {
        std::string name = (fs::temp_directory_path() / "cohort-net-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { fs::remove_all(path_); }

    [[nodiscard]] fs::path file(const char* name) const { return path_ / name; }
    [[nodiscard]] endpoint socket(const char* name) const
    {
        return endpoint::parse("unix:" + file(name).string()).value();
    }

private:
    fs::path path_;
};

endpoint at(std::string_view text) { return endpoint::parse(text).value(); }

result<unique_fd> connect_to(const endpoint& where)
{
    const socket_address address = to_socket_address(where).value();
    unique_fd made{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(made.borrow(), address.get(), address.length) == -1)
        return failed("connect to", where.text());
    return made;
}

int option(const unique_fd& socket, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE(::getsockopt(socket.borrow(), level, name, &value, &size) == 0);
    return value;
}

accept_outcome accept_soon(const unique_fd& listener)
{
    pollfd ask{.fd = listener.borrow(), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&ask, 1, 5000) == 1);
    return accept_one(listener.borrow());
}

bool v6_here() { return open_listener(at("[::1]:0")).has_value(); }

}  // namespace

TEST_CASE("port 0 becomes a real port, and a client of it is accepted")
{
    const unique_fd door = open_listener(at("127.0.0.1:0")).value();
    const endpoint where = local_endpoint(door.borrow()).value();
    CHECK(where.host() == "127.0.0.1");
    CHECK(where.port() != 0);
    CHECK((::fcntl(door.borrow(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(accept_one(door.borrow()).verdict == accept_verdict::empty);

    const unique_fd client = connect_to(where).value();
    const accept_outcome met = accept_soon(door);
    REQUIRE(met.verdict == accept_verdict::accepted);
    CHECK((::fcntl(met.connection.borrow(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(met.connection.borrow(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(option(met.connection, IPPROTO_TCP, TCP_NODELAY) == 1);
    CHECK(option(met.connection, IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 131'072);
    CHECK(peer_endpoint(met.connection.borrow()).value() ==
          local_endpoint(client.borrow()).value());
    CHECK(peer_endpoint(client.borrow()).value() == where);
}

TEST_CASE("a port in use is refused with what, where and why")
{
    const unique_fd door = open_listener(at("127.0.0.1:0")).value();
    const endpoint where = local_endpoint(door.borrow()).value();
    const auto second = open_listener(where);
    REQUIRE_FALSE(second);
    CHECK(second.error().why().value() == EADDRINUSE);
    CHECK(second.error().text() == "listen on " + where.text() + ": Address already in use");
}

TEST_CASE("a freed port can be had again at once, old connections or not")
{
    unique_fd door = open_listener(at("127.0.0.1:0")).value();
    const endpoint where = local_endpoint(door.borrow()).value();
    unique_fd client = connect_to(where).value();
    accept_outcome met = accept_soon(door);
    met.connection.reset();  // the server closes first: its side lingers in TIME_WAIT
    client.reset();
    door.reset();
    CHECK(open_listener(where));
}

TEST_CASE("an address this machine does not have is refused")
{
    const auto door = open_listener(at("192.0.2.1:0"));
    REQUIRE_FALSE(door);
    CHECK(door.error().text() == "listen on tcp://192.0.2.1:0: Cannot assign requested address");
}

TEST_CASE("every address is one socket for IPv4 and IPv6, and is printed as *")
{
    const unique_fd door = open_listener(at("*:0")).value();
    const endpoint where = local_endpoint(door.borrow()).value();
    if (!v6_here()) {
        CHECK(where.host() == "0.0.0.0");
        return;
    }
    CHECK(where.host() == "*");
    const auto port = std::to_string(where.port());
    const unique_fd four = connect_to(at("127.0.0.1:" + port)).value();
    const accept_outcome met = accept_soon(door);
    // A v4 client of a dual-stack socket is shown as what it is.
    CHECK(peer_endpoint(met.connection.borrow()).value().host() == "127.0.0.1");
    const unique_fd six = connect_to(at("[::1]:" + port)).value();
    const accept_outcome met_six = accept_soon(door);
    CHECK(peer_endpoint(met_six.connection.borrow()).value().host() == "::1");
}

TEST_CASE("v6_only leaves the same port of IPv4 to others")
{
    if (!v6_here())
        return;
    const unique_fd six = open_listener(at("[::]:0"), {.v6_only = true}).value();
    const endpoint where = local_endpoint(six.borrow()).value();
    CHECK(where.host() == "::");
    CHECK_FALSE(connect_to(at("127.0.0.1:" + std::to_string(where.port()))));
    CHECK(open_listener(at("0.0.0.0:" + std::to_string(where.port()))));
}

TEST_CASE("reuse_port lets several sockets share one port")
{
    const unique_fd first = open_listener(at("127.0.0.1:0"), {.reuse_port = true}).value();
    const endpoint where = local_endpoint(first.borrow()).value();
    CHECK(open_listener(where, {.reuse_port = true}));
    CHECK_FALSE(open_listener(where));
}

TEST_CASE("the backlog is the one asked for")
{
    const unique_fd door = open_listener(at("127.0.0.1:0"), {.backlog = 7}).value();
    tcp_info info{};
    socklen_t size = sizeof info;
    REQUIRE(::getsockopt(door.borrow(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
    CHECK(info.tcpi_sacked == 7);  // of a listening socket: its backlog
}

TEST_CASE("a datagram endpoint is bound, and is not shared by accident")
{
    const unique_fd socket = open_listener(at("udp://127.0.0.1:0")).value();
    const endpoint where = local_endpoint(socket.borrow()).value();
    CHECK(where.kind() == endpoint::family::udp);
    CHECK(where.port() != 0);
    CHECK(option(socket, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM);
    CHECK(open_listener(where).error().why().value() == EADDRINUSE);
}

TEST_CASE("a Unix socket serves, has the mode asked for, and its file goes with its owner")
{
    const folder here;
    const endpoint where = here.socket("app.sock");
    {
        const unique_fd door = open_listener(where, {.unix_mode = 0666}).value();
        const unix_socket_file file = unix_socket_file::of(where).value();
        CHECK(local_endpoint(door.borrow()).value() == where);
        struct stat seen{};
        REQUIRE(::stat(where.path().c_str(), &seen) == 0);
        CHECK((seen.st_mode & 0777) == 0666);
        const unique_fd client = connect_to(where).value();
        const accept_outcome met = accept_soon(door);
        CHECK(met.verdict == accept_verdict::accepted);
        CHECK(peer_endpoint(met.connection.borrow()).value().text().empty());
    }
    CHECK_FALSE(fs::exists(where.path()));
}

TEST_CASE("a dead server's socket file is replaced, a living one's is not")
{
    const folder here;
    const endpoint where = here.socket("app.sock");
    unique_fd door = open_listener(where).value();
    CHECK(open_listener(where).error().text() ==
          "listen on " + where.text() + ": Address already in use");
    CHECK(connect_to(where));

    door.reset();  // died without a word: the file stays
    REQUIRE(fs::exists(where.path()));
    const unique_fd successor = open_listener(where).value();
    CHECK(connect_to(where));
}

TEST_CASE("a living server with a full queue is not taken for a dead one")
{
    const folder here;
    const endpoint where = here.socket("app.sock");
    const unique_fd door = open_listener(where, {.backlog = 0}).value();
    const unique_fd waiting = connect_to(where).value();
    CHECK(open_listener(where).error().why().value() == EADDRINUSE);
}

TEST_CASE("a file that is no socket is never removed")
{
    const folder here;
    const endpoint where = here.socket("precious.txt");
    std::ofstream{here.file("precious.txt")} << "years of work";
    const auto door = open_listener(where);
    REQUIRE_FALSE(door);
    CHECK(door.error().why().value() == EADDRINUSE);
    CHECK(fs::file_size(where.path()) == 13);
}

TEST_CASE("the owner of a socket file leaves a successor's file alone")
{
    const folder here;
    const endpoint where = here.socket("app.sock");
    unique_fd door = open_listener(where).value();
    unix_socket_file file = unix_socket_file::of(where).value();
    // Both files exist at once, so that the successor's cannot get the first one's inode.
    const endpoint other = here.socket("other.sock");
    const unique_fd successor = open_listener(other).value();
    fs::rename(other.path(), where.path());
    file.remove();
    CHECK(connect_to(where));

    unix_socket_file last = unix_socket_file::of(where).value();
    last.release();
    last.remove();
    CHECK(fs::exists(where.path()));
}

TEST_CASE("a folder that does not exist is named")
{
    CHECK(open_listener(at("unix:/nonexistent/app.sock")).error().text() ==
          "listen on unix:/nonexistent/app.sock: No such file or directory");
}

TEST_CASE("an abstract name serves without a file")
{
    const endpoint where = at("unix:@cohort-net-test-" + std::to_string(::getpid()));
    const unique_fd door = open_listener(where).value();
    CHECK(local_endpoint(door.borrow()).value() == where);
    CHECK(connect_to(where));
    CHECK(open_listener(where).error().why().value() == EADDRINUSE);
}

TEST_CASE("a socket this process was given is adopted if it listens")
{
    const unique_fd given{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const endpoint number = endpoint::descriptor_number(given.borrow());
    const auto early = open_listener(number);
    REQUIRE_FALSE(early);
    CHECK(early.error().text() == "listen on " + number.text() +
                                      " (a stream socket that does not listen): Invalid argument");

    REQUIRE(::listen(given.borrow(), 8) == 0);  // binds to a free port by itself
    const unique_fd door = open_listener(number).value();
    CHECK(door.borrow() != given.borrow());
    CHECK((::fcntl(door.borrow(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK(local_endpoint(door.borrow()).value().port() != 0);
    CHECK(option(door, IPPROTO_TCP, TCP_NODELAY) == 1);
    CHECK(option(door, IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 131'072);
}

TEST_CASE("a descriptor that is no socket, or not open, is refused")
{
    const unique_fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    CHECK(open_listener(endpoint::descriptor_number(file.borrow())).error().why().value() ==
          ENOTSOCK);
    CHECK(open_listener(at("fd:54321")).error().text() ==
          "listen on fd:54321: Bad file descriptor");
}

TEST_CASE("a shortage of descriptors is told from a bad listener")
{
    CHECK(weigh_accept_error(EAGAIN) == accept_verdict::empty);
    CHECK(weigh_accept_error(ECONNABORTED) == accept_verdict::client_left);
    CHECK(weigh_accept_error(EMFILE) == accept_verdict::exhausted);
    CHECK(weigh_accept_error(ENOBUFS) == accept_verdict::exhausted);
    CHECK(weigh_accept_error(EBADF) == accept_verdict::broken);
    CHECK(weigh_accept_error(EINVAL) == accept_verdict::broken);
    CHECK(accept_one(-1).verdict == accept_verdict::broken);
}

TEST_CASE("connections leave descriptors free, whatever the limit is")
{
    CHECK(connections_for(1'000'000) == 900'000);
    CHECK(connections_for(1024) == 922);
    CHECK(connections_for(1024, 100) == 822);
    CHECK(connections_for(200) == 136);
    CHECK(connections_for(100) == 50);
    CHECK(connections_for(100, 100) == 1);
    CHECK(connections_for(0) == 1);
    CHECK(connections_for(std::numeric_limits<std::uint64_t>::max()) ==
          std::numeric_limits<std::uint32_t>::max());
}

TEST_CASE("the soft limit of descriptors is raised to the hard one")
{
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(raise_descriptor_limit().value() == before.rlim_max);
    CHECK(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}
