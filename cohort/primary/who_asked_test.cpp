#include <cohort/primary/who_asked.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::primary;

TEST_CASE("a signal says who sent it, as far as that is known")
{
    process::caught_signal heard;
    heard.number = SIGINT;
    CHECK(who_sent(heard) == "SIGINT from the kernel, or from another container");
    heard.by_terminal = true;
    CHECK(who_sent(heard) == "SIGINT from the terminal");
    heard.by_terminal = false;
    heard.number = SIGTERM;
    heard.from = ::getpid();
    CHECK(who_sent(heard) == "SIGTERM from the primary itself");
    heard.from = ::getppid();
    const std::string parent = fmt::format("SIGTERM from process {} (", ::getppid());
    CHECK(who_sent(heard).starts_with(parent));
    heard.from = 0x7fff'fffe;
    CHECK(who_sent(heard) == "SIGTERM from process 2147483646");
}

TEST_CASE("who connected is a process of a user")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd here{ends[0]};
    const unique_fd there{ends[1]};
    const std::string who = who_connected(here.borrow());
    CHECK(who.starts_with(fmt::format("process {} (", ::getpid())));
    CHECK(who.ends_with(fmt::format(") of user {}", ::getuid())));
    CHECK(who_connected(-1) == "somebody who has gone");
}
