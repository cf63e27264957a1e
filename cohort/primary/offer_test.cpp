#include <cohort/primary/offer.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace cohort;
using namespace cohort::primary;

TEST_CASE("an offer of sockets is described in systemd's words")
{
    offer what;
    what.sockets = {10, 11};
    what.names = {"8080", "unix-/run/api.sock"};
    what.notify_address = "@there";
    what.heartbeat = milliseconds{1500};
    what.generation = 3;
    std::map<std::string, std::string> all{{"PORT", "9"}};
    describe(what, all);
    CHECK(all.at("LISTEN_FDS") == "2");
    CHECK(all.at("LISTEN_FDNAMES") == "8080:unix-/run/api.sock");
    CHECK(all.at("NOTIFY_SOCKET") == "@there");
    CHECK(all.at("WATCHDOG_USEC") == "1500000");
    CHECK(all.at("COHORT_CHANNEL_FD") == "5");
    CHECK(all.at("COHORT_GENERATION") == "3");
    CHECK(all.at("PORT") == "9");
    CHECK(pid_variables_of(what) == std::vector<std::string>{"LISTEN_PID", "WATCHDOG_PID"});
}

TEST_CASE("a program that is offered nothing is told of nothing")
{
    offer what;
    what.channel = false;
    std::map<std::string, std::string> all;
    describe(what, all);
    CHECK(all == std::map<std::string, std::string>{{"COHORT_GENERATION", "1"}});
    CHECK(pid_variables_of(what).empty());
    what.port = 8080;
    describe(what, all);
    CHECK(all.at("PORT") == "8080");
}

TEST_CASE("a program that was built with the library is spoken to in our own words")
{
    config::settings of;
    CHECK(spoken_by(of, build::with_cohort) == config::protocol::cohort);
    CHECK(spoken_by(of, build::unknown) == config::protocol::automatic);
    of.speaks = config::protocol::sockets;
    CHECK(spoken_by(of, build::with_cohort) == config::protocol::sockets);
}

TEST_CASE("names of sockets hold nothing that LISTEN_FDNAMES would tear apart")
{
    CHECK(name_for("[::1]:8080") == "[--1]-8080");
    CHECK(name_for("unix:/a b").find(' ') == std::string::npos);
    CHECK(name_for(std::string(300, 'x')).size() == 255);
}

TEST_CASE("PORT is that of the first TCP endpoint")
{
    CHECK(first_port({"unix:/run/x", "udp://127.0.0.1:53", "127.0.0.1:8080", "9090"}) == 8080);
    CHECK_FALSE(first_port({"unix:/run/x"}));
    CHECK_FALSE(first_port({}));
}
