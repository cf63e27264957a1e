// Listening in workers, row by row of docs/manual/from-node.md: what is shared, what is private,
// and what is said when it cannot be had.

#include "puppet_show.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <fstream>
#include <set>
#include <string>

#include <sys/stat.h>

using namespace cohort;
using namespace cohort::testing;

namespace {

bool says(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

/// A listening socket of the test's own, so that the address is in use.
struct squatter {
    squatter()
        : socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        const auto any = net::to_socket_address(net::endpoint::parse("tcp://127.0.0.1:0").value());
        REQUIRE(::bind(socket.borrow(), any->get(), any->length) == 0);
        REQUIRE(::listen(socket.borrow(), 1) == 0);
        where = net::local_endpoint(socket.borrow()).value().text();
    }
    unique_fd socket;
    std::string where;
};

bool is_socket_file(const std::filesystem::path& path)
{
    struct stat about{};
    return ::stat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode);
}

mode_t mode_of(const std::filesystem::path& path)
{
    struct stat about{};
    REQUIRE(::stat(path.c_str(), &about) == 0);
    return about.st_mode & 07777;
}

}  // namespace

TEST_CASE("workers that listen on one address share it, over IPv4 and over IPv6")
{
    for (const std::string asked : {"tcp://127.0.0.1:0", "tcp://[::1]:0"}) {
        CAPTURE(asked);
        puppet_show show;
        const auto first = show.fork();
        const auto second = show.fork();
        const auto one = show.listen(first, asked);
        const std::string where = where_of(one);
        const auto other = show.listen(second, where);
        CHECK(where_of(other) == where);

        // Each of them serves what comes, when the other one does not.
        show.close(first, one);
        CHECK(greeting_of(where) == "worker 2");
        const auto again = show.listen(first, where);
        REQUIRE(error_of(again).empty());
        show.close(second, other);
        CHECK(greeting_of(where) == "worker 1");
    }
}

TEST_CASE("the n-th listen on port 0 of each worker shares the n-th port")
{
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const std::string any = "tcp://127.0.0.1:0";
    const auto a1 = show.listen(first, any);
    const auto a2 = show.listen(first, any);
    const auto b1 = show.listen(second, any);
    const auto b2 = show.listen(second, any);
    CHECK(where_of(a1) != where_of(a2));
    CHECK(where_of(a1) == where_of(b1));
    CHECK(where_of(a2) == where_of(b2));
    CHECK(a1.at("port").as_int64() != 0);

    // A later worker meets them in the same order.
    const auto third = show.fork();
    CHECK(where_of(show.listen(third, any)) == where_of(a1));
    CHECK(where_of(show.listen(third, any)) == where_of(a2));
}

TEST_CASE("a worker that closed and listens on port 0 again meets its siblings there")
{
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const auto one = show.listen(first, "tcp://127.0.0.1:0");
    const auto other = show.listen(second, "tcp://127.0.0.1:0");
    for (int cycle = 0; cycle < 3; ++cycle) {
        show.close(first, cycle == 0 ? one : show.listen(first, "tcp://127.0.0.1:0"));
        const auto again = show.listen(first, "tcp://127.0.0.1:0");
        CHECK(where_of(again) == where_of(other));
        show.close(first, again);
    }
}

TEST_CASE("a second listen by the same worker is refused, and after a close it succeeds")
{
    for (const std::string balance :
         {"balanced", "round_robin", "least_connections", "reuseport", "sticky"})
    {
        CAPTURE(balance);
        puppet_show show{{"--balance", balance}};
        const auto first = show.fork();
        const auto second = show.fork();
        const auto opened = show.listen(first, "tcp://127.0.0.1:0");
        const std::string where = where_of(opened);
        const auto twice = show.listen(first, where);
        CHECK(twice.at("code").as_int64() == EADDRINUSE);
        CHECK(says(error_of(twice), where));

        // It still serves, and so does a sibling; who closed can come back.
        CHECK(greeting_of(where) == "worker 1");
        REQUIRE(error_of(show.listen(second, where)).empty());
        show.close(first, opened);
        CHECK(error_of(show.listen(first, where)).empty());
    }
}

TEST_CASE("what a worker closes goes on with the others, and waits when there are none")
{
    for (const std::string balance :
         {"balanced", "round_robin", "least_connections", "reuseport", "sticky"})
    {
        CAPTURE(balance);
        puppet_show show{{"--balance", balance}};
        const auto first = show.fork();
        const auto second = show.fork();
        const auto one = show.listen(first, "tcp://127.0.0.1:0");
        const std::string where = where_of(one);
        const auto other = show.listen(second, where);
        show.close(first, one);
        for (int i = 0; i < 8; ++i)
            CHECK(greeting_of(where) == "worker 2");
        show.close(second, other);

        // Node closes the port with its last worker. Here the connection waits for the next one.
        client waits = dial(where);
        REQUIRE(error_of(show.listen(first, where)).empty());
        CHECK(waits.receive_until("\n") == "worker 1\n");
    }
}

TEST_CASE("connections wait while every worker is dead, and a new one serves them")
{
    for (const std::string balance : {"balanced", "round_robin", "reuseport"}) {
        CAPTURE(balance);
        puppet_show show{{"--balance", balance}};
        const auto first = show.fork();
        const std::string where = where_of(show.listen(first, "tcp://127.0.0.1:0"));
        show.kill(first);
        client waits = dial(where);
        const auto second = show.fork();
        REQUIRE(error_of(show.listen(second, where)).empty());
        CHECK(waits.receive_until("\n") == "worker 2\n");
    }
}

TEST_CASE("an address in use reaches every worker that asked, and a later attempt succeeds")
{
    for (const std::string balance : {"balanced", "round_robin", "reuseport"}) {
        CAPTURE(balance);
        puppet_show show{{"--balance", balance}};
        const auto first = show.fork();
        const auto second = show.fork();
        std::string where;
        {
            const squatter taken;
            where = taken.where;
            for (const auto id : {first, second, first}) {
                const auto refused = show.listen(id, where);
                CHECK(refused.at("code").as_int64() == EADDRINUSE);
                CHECK(says(error_of(refused), "listen on " + where));
                CHECK(says(error_of(refused), "Address already in use"));
            }
        }
        for (const auto id : {first, second})
            CHECK(error_of(show.listen(id, where)).empty());
        CHECK(says(greeting_of(where), "worker "));
    }
}

TEST_CASE("a missing permission reaches every worker that asked, and the primary lives on")
{
    temporary_folder closed;
    const std::string where = "unix:" + (closed.path() / "door").string();
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    // Root may do everything: then it is nobody who asks.
    REQUIRE(error_of(show.ask(0, {{"do", "become_nobody"}})).empty());
    std::filesystem::permissions(closed.path(), std::filesystem::perms{0555});
    for (const auto id : {first, second}) {
        const auto refused = show.listen(id, where);
        CHECK(refused.at("code").as_int64() == EACCES);
        CHECK(says(error_of(refused), where));
        CHECK(says(error_of(refused), "Permission denied"));
    }
    std::filesystem::permissions(closed.path(), std::filesystem::perms{0777});
    for (const auto id : {first, second})
        CHECK(error_of(show.listen(id, where)).empty());
    CHECK(says(greeting_of(where), "worker "));
}

TEST_CASE("an address that is not ours, and text that is no address, are refused in words")
{
    puppet_show show;
    const auto id = show.fork();
    const auto foreign = show.listen(id, "tcp://192.0.2.1:0");  // RFC 5737: nobody's
    CHECK(foreign.at("code").as_int64() == EADDRNOTAVAIL);
    CHECK(says(error_of(foreign), "tcp://192.0.2.1:0"));
    for (const std::string nonsense : {"tcp://nowhere", "99999", "fd:x", "udp://127.0.0.1:0", ""}) {
        CAPTURE(nonsense);
        CHECK_FALSE(error_of(show.listen(id, nonsense)).empty());
    }
    CHECK(error_of(show.listen(id, "tcp://127.0.0.1:0")).empty());
}

TEST_CASE("a Unix path is shared, has the mode asked for, and is gone when the primary is")
{
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const auto path = show.folder() / "door";
    const std::string where = "unix:" + path.string();
    const auto one = show.listen(first, where, {{"mode", 0777}});
    REQUIRE(error_of(one).empty());
    CHECK(mode_of(path) == 0777);
    const auto other = show.listen(second, where);
    REQUIRE(error_of(other).empty());
    show.close(first, one);
    CHECK(greeting_of(where) == "worker 2");

    const auto narrow = show.folder() / "narrow";
    REQUIRE(error_of(show.listen(first, "unix:" + narrow.string(), {{"mode", 0600}})).empty());
    CHECK(mode_of(narrow) == 0600);

    // A worker's death does not take the file away; the primary's end does.
    show.kill(second);
    CHECK(is_socket_file(path));
    CHECK(show.program().stop().code() == 0);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK_FALSE(std::filesystem::exists(narrow));
}

TEST_CASE("a relative Unix path is taken from the program's folder")
{
    temporary_folder here;
    puppet_show show{{}, here.path().string()};
    const auto first = show.fork();
    const auto second = show.fork();
    REQUIRE(error_of(show.listen(first, "unix:door")).empty());
    CHECK(is_socket_file(here.path() / "door"));
    const auto other = show.listen(second, "unix:" + (here.path() / "door").string());
    CHECK(error_of(other).empty());  // the same file, said in another way
    CHECK(says(greeting_of("unix:" + (here.path() / "door").string()), "worker "));
}

TEST_CASE("the socket file of a dead server is replaced, that of a living one is not")
{
    temporary_folder here;
    const std::string path = here.path() / "door";
    const std::string where = "unix:" + path;
    {
        puppet_show dies;
        REQUIRE(error_of(dies.listen(dies.fork(), where)).empty());
        dies.program().signal(SIGKILL);
        dies.program().wait();
    }
    REQUIRE(is_socket_file(path));
    // Its worker may take a moment longer to leave, and serves until then.
    REQUIRE(eventually([&] { return !is_reachable(where); }));

    puppet_show lives;
    REQUIRE(error_of(lives.listen(lives.fork(), where)).empty());
    CHECK(greeting_of(where) == "worker 1");

    puppet_show late;
    CHECK(late.listen(late.fork(), where).at("code").as_int64() == EADDRINUSE);
    CHECK(greeting_of(where) == "worker 1");

    std::ofstream{here.path() / "diary"} << "not a socket";
    const auto id = late.fork();
    CHECK_FALSE(error_of(late.listen(id, "unix:" + (here.path() / "diary").string())).empty());
    CHECK(std::filesystem::is_regular_file(here.path() / "diary"));
}

TEST_CASE("an abstract Unix name is shared and leaves no file")
{
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const std::string where = "unix:@cohort-test-" + std::to_string(::getpid());
    const auto one = show.listen(first, where);
    REQUIRE(error_of(one).empty());
    REQUIRE(error_of(show.listen(second, where)).empty());
    show.close(first, one);
    CHECK(greeting_of(where) == "worker 2");
}
