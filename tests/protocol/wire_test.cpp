#include "catalogue.hpp"
#include "wire_client.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

// The catalogue over real sockets, against examples/01_hello.

using namespace cohort;
using namespace cohort::protocol;

namespace {

constexpr std::size_t whole = std::numeric_limits<std::size_t>::max();

bool is_echo(const request& one) { return one.target.find("/echo") != std::string::npos; }

/// What is wrong with one answer; empty: nothing.
std::string judge_answer(const request& asked, const std::optional<received>& answer)
{
    if (!answer)
        return "no answer to " + asked.method + " " + asked.target.substr(0, 60);
    const bool right =
        asked.status == any_success ? answer->status / 100 == 2 : answer->status == asked.status;
    if (!right)
        return "status " + std::to_string(answer->status);
    if (asked.status != 200 || asked.method == "HEAD")
        return {};
    const std::string wanted = is_echo(asked) ? asked.body : "Hello, world";
    return answer->body == wanted ? "" : "body \"" + answer->body + "\"";
}

std::string judge_refusal(const wire_case& one, wire_client& client)
{
    const auto answer = client.receive("GET");
    if (!answer)
        return "no refusal";
    if (answer->status != one.refused)
        return "refused with " + std::to_string(answer->status);
    if (answer->head.find("\r\nConnection: close\r\n") == std::string::npos)
        return "the refusal does not say that the connection closes";
    return {};
}

/// Runs a case and says what went wrong; empty: nothing.
std::string run(const wire_case& one, std::uint16_t port, std::size_t packet)
{
    auto client = wire_client::connect(port);
    if (!client)
        return client.error().text();
    client->send(one.bytes, packet);
    for (const request& asked : one.served) {
        if (auto wrong = judge_answer(asked, client->receive(asked.method)); !wrong.empty())
            return wrong;
    }
    if (one.refused != 0) {
        if (auto wrong = judge_refusal(one, *client); !wrong.empty())
            return wrong;
    }
    if (one.after == connection::closes)
        return client->sees_end() ? "" : "the connection stayed";
    if (one.after == connection::either)
        return {};
    client->send(get(""), packet);
    auto wrong = judge_answer(request{}, client->receive("GET"));
    return wrong.empty() ? "" : "then, " + wrong;
}

/// The parser of HTTP/1.1 refuses it; a whole server knows the preface of HTTP/2 and answers in
/// kind, which tests/process/http2_test.cpp looks at.
bool begins_http2(const wire_case& one)
{
    return one.bytes.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}

void run_all(std::size_t packet)
{
    auto server = hello_server::start(COHORT_HELLO);
    if (!server)
        FAIL(server.error().text());
    for (const wire_case& one : catalogue()) {
        if (begins_http2(one))
            continue;
        const std::string wrong = run(one, server->port(), packet);
        CHECK_MESSAGE(wrong.empty(), one.section << ": " << one.name << ": " << wrong);
        if (!server->is_alive())
            FAIL("the server died of: " << one.name);
    }
    CHECK(server->stop() == "exit code 0");
}

}  // namespace

TEST_CASE("a live server treats every case as the catalogue says, each as one packet")
{
    run_all(whole);
}

TEST_CASE("a live server treats every case as the catalogue says, one byte a packet")
{
    run_all(1);
}
