// How many connections of a worker one client may have, over deaths.
#include "kept_server.hpp"

#include <cohort/testing/client.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

using namespace cohort;
using namespace cohort::testing;

namespace {

constexpr std::string_view two_each =
    "[app.regent.limit]\nconnections_per_client = 2\nuncounted_clients = []\n";

/// A client that has that address.
client come_from(const char* address, std::uint16_t port)
{
    unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in from{};
    from.sin_family = AF_INET;
    REQUIRE(::inet_pton(AF_INET, address, &from.sin_addr) == 1);
    REQUIRE(::bind(socket.borrow(), reinterpret_cast<sockaddr*>(&from), sizeof from) == 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket.borrow(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    return client{std::move(socket)};
}

bool is_refused(const char* address, std::uint16_t port)
{
    client one_more = come_from(address, port);
    return one_more.receive_all().starts_with("HTTP/1.1 429 Too Many Requests\r\n");
}

bool is_served(client& of) { return of.body_of("/who").starts_with(R"({"slot":)"); }

}  // namespace

TEST_CASE("a client keeps what it has when its worker dies, and gets no more than before")
{
    kept_server app{{.workers = 1, .file = std::string{two_each}}};
    std::optional<client> first = come_from("127.0.0.2", app.port());
    client second = come_from("127.0.0.2", app.port());
    CHECK(is_served(*first));
    CHECK(is_served(second));
    CHECK(is_refused("127.0.0.2", app.port()));
    const auto line = app.program().wait_for("connections refused");
    CHECK(line.at("peer").as_string() == "127.0.0.2");

    const auto workers = app.workers();
    REQUIRE(workers.size() == 1);
    REQUIRE(::kill(workers.front(), SIGKILL) == 0);
    CHECK(is_served(*first));
    CHECK(is_served(second));
    CHECK(is_refused("127.0.0.2", app.port()));
    client other = come_from("127.0.0.3", app.port());
    CHECK(is_served(other));

    first.reset();
    CHECK(eventually([&] {
        client again = come_from("127.0.0.2", app.port());
        return again.get("/who").find("\"slot\"") != std::string::npos;
    }));
    CHECK(is_served(second));
    CHECK(app.program().stop().success());
}
