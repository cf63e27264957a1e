// The PROXY protocol before real workers.
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;

namespace {

/// programs/secure.cpp behind a proxy that it believes. A resource.
struct proxied_server {
    explicit proxied_server(const std::string& proxy)
        : program{launch{.exec = PROCESS_PROGRAMS "secure",
                         .args = {"--listen", "127.0.0.1:" + std::to_string(port), "--workers", "1",
                                  "--name", "secure"},
                         .env = {"PROXY=" + proxy}}}
    {
        program.wait_for("listening on port");
    }
    std::uint16_t port = free_port();
    running_program program;
};

/// It ends with no answer; by a reset, if it had sent something that nobody has read.
bool hears_nothing(client& of)
{
    try {
        return of.receive_all().empty();
    } catch (const failure& end) {
        return std::string_view{end.what()}.find("reset") != std::string_view::npos;
    }
}

constexpr std::string_view ask = "GET /peer HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("a worker believes its proxy, and closes those who name nobody")
{
    proxied_server server{"127.0.0.1"};
    client named{server.port};
    named.send("PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n" + std::string{ask});
    CHECK(named.receive_all().ends_with("\r\n\r\n[2001:db8::7]:4711"));
    client plain{server.port};
    plain.send(ask);
    CHECK(hears_nothing(plain));
    CHECK(server.program.stop().success());
}

TEST_CASE("a worker hears nobody who is not its proxy")
{
    proxied_server server{"192.0.2.0/24"};
    client other{server.port};
    CHECK(hears_nothing(other));
    CHECK(server.program.stop().success());
}
