#include <cohort/primary/readiness.hpp>

#include <doctest/doctest.h>

using namespace cohort::primary;
using sign = cohort::config::ready_sign::kind;
using cohort::config::protocol;

TEST_CASE("a program that says nothing is ready once it has lived for a moment")
{
    for (const auto speaks : {protocol::automatic, protocol::sockets}) {
        readiness of{sign::automatic, speaks, 1};
        CHECK(of.next() == inquiry::time);
        CHECK(of.on(evidence::settled));
        CHECK(of.ready());
        CHECK(of.next() == inquiry::none);
    }
}

TEST_CASE("a program that says anything is waited for until it says that it is ready")
{
    readiness of{sign::automatic, protocol::sockets, 1};
    CHECK_FALSE(of.on(evidence::notice));
    CHECK(of.next() == inquiry::none);
    CHECK_FALSE(of.on(evidence::settled));
    CHECK(of.on(evidence::ready));
    CHECK_FALSE(of.on(evidence::ready));
}

TEST_CASE("with `notify` only the program's own word counts")
{
    readiness of{sign::notify, protocol::automatic, 1};
    CHECK(of.next() == inquiry::none);
    CHECK_FALSE(of.on(evidence::settled));
    CHECK_FALSE(of.on(evidence::listens));
    CHECK_FALSE(of.on(evidence::answers));
    CHECK(of.on(evidence::ready));
}

TEST_CASE("a program that opens its own sockets is ready when it listens")
{
    for (const auto kind : {sign::automatic, sign::listen}) {
        readiness of{kind, protocol::none, 1};
        CHECK(of.next() == inquiry::listening);
        CHECK_FALSE(of.on(evidence::settled));
        CHECK(of.on(evidence::listens));
    }
    // With no endpoint there is nothing that it could listen on.
    readiness of{sign::automatic, protocol::none, 0};
    CHECK(of.next() == inquiry::time);
    CHECK(of.on(evidence::settled));
}

TEST_CASE("a passed socket listens from before the program's birth: `listen` means a moment's life")
{
    readiness of{sign::listen, protocol::sockets, 1};
    CHECK(of.next() == inquiry::time);
    CHECK_FALSE(of.on(evidence::ready));
    CHECK(of.on(evidence::settled));
}

TEST_CASE("with `http` the program is asked once it has lived for a moment")
{
    for (const auto speaks : {protocol::none, protocol::sockets}) {
        readiness of{sign::http, speaks, 1};
        CHECK(of.next() == inquiry::time);
        CHECK_FALSE(of.on(evidence::ready));
        CHECK_FALSE(of.on(evidence::settled));
        CHECK(of.next() == inquiry::http);
        CHECK(of.on(evidence::answers));
        CHECK(of.next() == inquiry::none);
    }
}

TEST_CASE("whoever says hello is ready, whatever was to show it")
{
    for (const auto kind : {sign::automatic, sign::notify, sign::listen, sign::http}) {
        readiness of{kind, protocol::automatic, 1};
        CHECK(of.on(evidence::hello));
    }
}
