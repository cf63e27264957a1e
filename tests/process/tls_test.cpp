// TLS in real workers: tickets that any of them opens, deaths, certificates that change or are bad.
#include "family.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/http/tls/openssl_client_test.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::testing;
using namespace cohort::http::detail;

namespace {

/// programs/secure.cpp, running. A resource.
class secure_server {
public:
    explicit secure_server(const http::tls::certificate_files& files, const std::string& file = {})
        : program_{prepare(files, file)}
    {
        const auto lines = program_.wait_for_all("listening on port", 2);
        port_ = net::endpoint::parse(lines.front().at("endpoint").as_string()).value().port();
    }
    [[nodiscard]] running_program& program() noexcept { return program_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    launch prepare(const http::tls::certificate_files& files, const std::string& file) const
    {
        const auto path = folder_.path() / "cohort.toml";
        std::ofstream{path} << "[app.secure]\nlisten = [\"tls://127.0.0.1:0\"]\nworkers = 2\n"
                               "balance = \"round_robin\"\n" +
                                   file;
        launch how;
        how.exec = PROCESS_PROGRAMS "secure";
        how.args = {"--config", path.string(), "--name", "secure"};
        how.env = {"CERTIFICATE=" + files.certificate, "KEY=" + files.key};
        return how;
    }

    temporary_folder folder_;
    running_program program_;
    std::uint16_t port_ = 0;
};

/// What one connection came to: one request, then its end. A value that is moved.
struct visit {
    bool answered = false;
    bool resumed = false;
    pid_t pid = 0;
    std::string name;
    std::string body;
    std::vector<test_session> tickets;
};

visit go(std::uint16_t port, SSL_SESSION* with = nullptr, const std::string& path = "/who")
{
    visit seen;
    unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.borrow(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return seen;
    tls_client c{socket.release(), {.resumes = with}};
    if (SSL_do_handshake(c.ssl.get()) != 1)
        return seen;
    c.ready = true;
    const std::string ask = "GET " + path + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    if (SSL_write(c.ssl.get(), ask.data(), static_cast<int>(ask.size())) <= 0)
        return seen;
    c.listen();  // a blocking socket: until the end
    const auto body = c.heard.find("\r\n\r\n");
    if (!c.clean || body == std::string::npos)
        return seen;
    seen.body = c.heard.substr(body + 4);
    const std::string& who = seen.body;
    seen.pid = parse_integer<pid_t>(who.substr(0, who.find(' '))).value_or(0);
    seen.answered = who.find("TLSv1.3") != std::string::npos;
    seen.resumed = c.resumed();
    seen.name = c.peer_name();
    seen.tickets = std::move(c.tickets);
    return seen;
}

}  // namespace

TEST_CASE("the log tells of handshakes that fail, and once of a certificate that ends soon")
{
    const pem_folder folder;
    const auto files =
        folder.put("one", make_identity({.name = "one.test", .until = 10L * 24 * 60 * 60 + 3600}));
    secure_server server{files};
    testing::client plain{server.port()};
    plain.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(plain.receive_until("instead\n").starts_with("HTTP/1.1 400"));
    const auto failed = server.program().wait_for("TLS handshake failed");
    CHECK(failed.at("level") == "info");
    CHECK(failed.at("rule") == "tls.handshake.plain-http");
    CHECK(failed.at("message") == "TLS handshake failed: http request");
    CHECK(std::string{failed.at("client").as_string()}.starts_with("127.0.0.1:"));

    // Both workers listen, and one of them has told before that.
    std::vector<boost::json::object> ends;
    for (const std::string& line : server.program().lines()) {
        if (line.find("expires in 10 days") != std::string::npos)
            ends.push_back(boost::json::parse(line).as_object());
    }
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].at("level") == "warn");
    CHECK(std::string{ends[0].at("certificate").as_string()} == files.certificate);
    CHECK(ends[0].at("daysLeft") == 10);
}

TEST_CASE("a session is resumed by every worker, and by those who follow a dead one")
{
    const pem_folder folder;
    secure_server server{folder.put("one", make_identity({"one.test", "DNS:one.test"}))};
    visit first = go(server.port());
    REQUIRE(first.answered);
    CHECK(!first.resumed);
    REQUIRE(!first.tickets.empty());
    std::set<pid_t> seen{first.pid};
    const auto resume_everywhere = [&](std::size_t workers) {
        return eventually([&] {
            // A copy: OpenSSL spoils the session of a handshake that breaks off.
            const test_session copy{SSL_SESSION_dup(first.tickets.back().get())};
            const visit next = go(server.port(), copy.get());
            if (!next.answered)
                return false;
            CHECK(next.resumed);
            seen.insert(next.pid);
            return seen.size() >= workers;
        });
    };
    CHECK(resume_everywhere(2));
    // One is killed: new connections go on, and the next one opens the same tickets.
    REQUIRE(::kill(first.pid, SIGKILL) == 0);
    CHECK(resume_everywhere(3));
    CHECK(server.program().stop().success());
}

TEST_CASE("while workers are killed, new connections are answered")
{
    const pem_folder folder;
    secure_server server{folder.put("one", make_identity({"one.test", "DNS:one.test"}))};
    int answered = 0;
    int lost = 0;
    for (int turn = 0; turn < 60; ++turn) {
        const visit one = go(server.port());
        one.answered ? ++answered : ++lost;
        if (one.answered && turn % 20 == 10)
            ::kill(one.pid, SIGKILL);
    }
    // At most the one that a dying worker had accepted, each time.
    CHECK(lost <= 3);
    CHECK(answered >= 57);
    CHECK(server.program().stop().success());
}

TEST_CASE("a reload brings the certificates that are there now, without a connection lost")
{
    const pem_folder folder;
    const http::tls::certificate_files files =
        folder.put("one", make_identity({"one.test", "DNS:one.test"}));
    secure_server server{files, "[app.secure.reload]\nsoak = \"0s\"\n"};
    CHECK(go(server.port()).name == "one.test");
    static_cast<void>(folder.put("one", make_identity({"renewed", "DNS:one.test"})));
    CHECK(go(server.port()).name == "one.test");
    server.program().signal(SIGHUP);
    CHECK(eventually([&] {
        const visit next = go(server.port());
        CHECK(next.answered);
        return next.name == "renewed";
    }));
    CHECK(server.program().stop().success());
}

TEST_CASE("probes of the primary reach workers whose only endpoint speaks TLS")
{
    const pem_folder folder;
    secure_server server{folder.put("one", make_identity({"one.test", "DNS:one.test"})),
                         "[app.secure.health]\nhttp = \"/who every 100ms, 1 fails\"\n"};
    const visit first = go(server.port());
    REQUIRE(first.answered);
    // Long enough for some rounds: nobody is replaced.
    std::set<pid_t> seen;
    const auto until = now() + std::chrono::seconds{1};
    while (now() < until)
        seen.insert(go(server.port()).pid);
    CHECK(seen.size() == 2);
    CHECK(server.program().stop().success());
}

TEST_CASE("certificates that cannot be used end the program with code 2, and say why")
{
    const pem_folder folder;
    const http::tls::certificate_files one = folder.put("one", make_identity({"one"}));
    const http::tls::certificate_files two = folder.put("two", make_identity({"two"}));
    const auto said = [&](const std::string& certificate, const std::string& key) {
        launch how;
        how.exec = PROCESS_PROGRAMS "secure";
        how.args = {"--listen", "tls://127.0.0.1:0", "--workers", "1"};
        how.env = {"CERTIFICATE=" + certificate, "KEY=" + key};
        running_program program{how};
        const auto ended = program.wait();
        CHECK(ended.code() == 2);
        return program.errors();
    };
    const auto has = [](const std::string& text, const std::string& what) {
        return text.find(what) != std::string::npos;
    };
    CHECK(has(said(one.certificate, two.key), two.key + " (it is not the key of the first"));
    CHECK(has(said(folder.file("none"), one.key), folder.file("none") + ": No such file"));
    CHECK(has(said("", ""), "no certificate is known: set tls.certificate and tls.key"));
}

TEST_CASE("a program can show what its servers count of handshakes and refusals")
{
    const pem_folder folder;
    secure_server server{folder.put("one", make_identity({"one.test", "DNS:one.test"}))};
    std::int64_t done = 0;
    std::int64_t failed = 0;
    const bool shown = eventually([&] {
        testing::client plain{server.port()};
        plain.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
        static_cast<void>(plain.receive_all());
        // Two: one of them meets the worker that the plain one has met.
        for (int i = 0; i < 2; ++i) {
            const auto counts = boost::json::parse(go(server.port(), nullptr, "/counts").body);
            done = std::max(done, counts.at("handshakes").as_int64());
            failed = std::max(failed, counts.at("handshakes_failed").as_int64());
            CHECK(counts.at("connections").as_int64() >= 1);
        }
        return done > 1 && failed > 1;
    });
    CHECK(shown);
    CHECK(server.program().stop().success());
}
