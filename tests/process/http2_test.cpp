// HTTP/2 in real workers: chosen by ALPN or known before, beside HTTP/1.1; deaths and reloads.
#include "family.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/http/h2/frames_test.hpp>
#include <cohort/http/tls/openssl_client_test.hpp>
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::testing;
using namespace cohort::http::detail;
namespace h2 = cohort::http::h2::detail;

namespace {

/// programs/secure.cpp on two ports, with TLS and without. A resource.
class two_ports {
public:
    /// `more` of cohort.toml.
    explicit two_ports(const std::string& more = {})
        : program_{prepare(more)}
    {
        static_cast<void>(program_.wait_for_all("listening on port", 4));
    }
    [[nodiscard]] running_program& program() noexcept { return program_; }
    [[nodiscard]] std::uint16_t plain() const noexcept { return plain_; }
    /// What curl heard: the version of HTTP, then the body.
    [[nodiscard]] std::string curl(const std::string& how, bool secure) const
    {
        const std::string command = fmt::format(
            "curl -sk --max-time 60 -w '%{{http_version}}' {} http{}://127.0.0.1:{}/who", how,
            secure ? "s" : "", secure ? tls_ : plain_);
        FILE* const from = ::popen(command.c_str(), "re");
        REQUIRE(from != nullptr);
        std::string printed;
        std::array<char, 4096> piece{};
        for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), from)) != 0;)
            printed.append(piece.data(), got);
        ::pclose(from);
        return printed;  // "4711 TLSv1.3\n2"
    }

private:
    launch prepare(const std::string& more) const
    {
        const auto files = folder_of_keys_.put("one", make_identity({"one.test", "DNS:one.test"}));
        const auto path = folder_.path() / "cohort.toml";
        std::ofstream{path} << fmt::format(
            "[app.secure]\nlisten = [\"127.0.0.1:{}\", \"tls://127.0.0.1:{}\"]\nworkers = 2\n"
            "balance = \"round_robin\"\n[app.secure.reload]\nsoak = \"0s\"\n{}",
            plain_, tls_, more);
        launch how;
        how.exec = PROCESS_PROGRAMS "secure";
        how.args = {"--config", path.string(), "--name", "secure"};
        how.env = {"CERTIFICATE=" + files.certificate, "KEY=" + files.key};
        return how;
    }

    pem_folder folder_of_keys_;
    temporary_folder folder_;
    std::uint16_t plain_ = free_port();
    std::uint16_t tls_ = free_port();
    running_program program_;
};

bool curl_is_there()
{
    const bool there = std::filesystem::exists("/usr/bin/curl");
    if (!there)
        MESSAGE("curl is not installed");
    return there;
}

/// A connection that knows before that the server speaks HTTP/2. A resource.
class talker {
public:
    explicit talker(std::uint16_t port)
        : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket_.borrow(), reinterpret_cast<sockaddr*>(&address),
                          sizeof address) == 0);
        say(std::string{h2::preface} + h2::settings());
    }

    /// Some requests at once; false: the server has said goodbye, and closed.
    bool ask_some()
    {
        std::string all;
        for (int i = 0; i < 5; ++i, next_ += 2)
            all += h2::get(next_, "/who");
        say(all);
        while (!is_over_ && !all_answered())
            listen();
        return !is_over_;
    }

    /// Requests that the server has not excused with its last GOAWAY, and not answered.
    [[nodiscard]] int lost()
    {
        const h2::heard_frame* const last = ears_->last_goaway();
        const std::uint32_t taken = last == nullptr ? next_ : last->number();
        int count = 0;
        for (std::uint32_t id = 1; id < next_ && id <= taken; id += 2)
            count += ears_->answers[id].ended && ears_->answers[id].status() == 200 ? 0 : 1;
        return count;
    }
    [[nodiscard]] int goodbye() const { return ears_->goaway_code(); }

    /// SETTINGS_MAX_CONCURRENT_STREAMS, as the server has said it.
    [[nodiscard]] std::uint32_t streams_max() const
    {
        for (const h2::heard_frame& each : ears_->frames) {
            for (std::size_t at = 0; each.type == h2::t_settings && at < each.payload.size();
                 at += 6)
            {
                if (each.payload[at] == 0 && each.payload[at + 1] == 3)
                    return each.number(at + 2);
            }
        }
        return 0;
    }

private:
    void say(std::string_view bytes)
    {
        static_cast<void>(::send(socket_.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }
    [[nodiscard]] bool all_answered()
    {
        for (std::uint32_t id = next_ - 10; id < next_; id += 2) {
            if (!ears_->answers[id].ended)
                return false;
        }
        return true;
    }
    void listen()
    {
        std::array<char, 4096> piece{};
        const ssize_t got = ::recv(socket_.borrow(), piece.data(), piece.size(), 0);
        if (got <= 0) {
            is_over_ = true;
            return;
        }
        ears_->hear({piece.data(), static_cast<std::size_t>(got)});
        for (; seen_ < ears_->frames.size(); ++seen_) {
            const h2::heard_frame& each = ears_->frames[seen_];
            if (each.type == h2::t_ping && (each.flags & h2::f_ack) == 0)
                say(h2::ping(h2::f_ack, each.payload));
        }
    }

    unique_fd socket_;
    std::unique_ptr<h2::ear> ears_ = std::make_unique<h2::ear>();
    std::size_t seen_ = 0;
    std::uint32_t next_ = 1;
    bool is_over_ = false;
};

}  // namespace

TEST_CASE("a cohort speaks HTTP/2 over TLS and in the clear, and HTTP/1.1 beside")
{
    if (!curl_is_there())
        return;
    two_ports server;
    const auto ends = [](const std::string& text, std::string_view with) {
        CHECK_MESSAGE(text.ends_with(with), text);
    };
    ends(server.curl("--http2", true), "TLSv1.3\n2");
    ends(server.curl("--http2-prior-knowledge", false), "plain\n2");
    ends(server.curl("--http1.1", true), "TLSv1.3\n1.1");
    ends(server.curl("--http1.1", false), "plain\n1.1");
    // An offer of "Upgrade: h2c" is not taken.
    ends(server.curl("--http2", false), "plain\n1.1");
    CHECK(server.program().stop().success());
}

TEST_CASE("between two connections a worker is killed, and clients of HTTP/2 do not see it")
{
    if (!curl_is_there())
        return;
    two_ports server;
    for (int turn = 0; turn < 12; ++turn) {
        const bool secure = turn % 2 == 0;
        const std::string heard =
            server.curl(secure ? "--http2" : "--http2-prior-knowledge", secure);
        CHECK_MESSAGE(heard.ends_with("\n2"), heard);
        const pid_t who = parse_integer<pid_t>(heard.substr(0, heard.find(' '))).value_or(0);
        REQUIRE(who > 1);
        if (turn % 4 != 1)
            continue;
        ::kill(who, SIGKILL);
        static_cast<void>(server.program().wait_for_all("listening on port", 2));
    }
    CHECK(server.program().stop().success());
}

TEST_CASE("a reload says GOAWAY, and what was asked before it is answered")
{
    two_ports server;
    std::vector<std::unique_ptr<talker>> all;
    for (int i = 0; i < 4; ++i)
        all.push_back(std::make_unique<talker>(server.plain()));
    for (const auto& each : all)
        CHECK(each->ask_some());
    server.program().signal(SIGHUP);
    int told = 0;
    const auto until = now() + patience;
    while (told < 4 && now() < until) {
        for (auto& each : all) {
            if (each->ask_some())
                continue;
            CHECK(each->lost() == 0);
            CHECK(each->goodbye() == 0);
            ++told;
            each = std::make_unique<talker>(server.plain());
        }
    }
    CHECK(told >= 4);
    server.program().wait_for("reload: generation 2 serves with 2 workers");
    // The last of the old workers may have got some of them: they hear the same.
    for (const auto& each : all) {
        static_cast<void>(each->ask_some());
        CHECK(each->lost() == 0);
    }
    talker fresh{server.plain()};
    CHECK(fresh.ask_some());
    CHECK(fresh.lost() == 0);
    CHECK(server.program().stop().success());
}

TEST_CASE(
    "how many requests a connection has at a time is said by the program, or the configuration")
{
    two_ports usual;
    talker one{usual.plain()};
    CHECK(one.ask_some());
    CHECK(one.streams_max() == 100);
    CHECK(usual.program().stop().success());

    two_ports careful{"[app.secure.limit]\nstreams = 20\n"};
    talker other{careful.plain()};
    CHECK(other.ask_some());
    CHECK(other.streams_max() == 20);
    CHECK(careful.program().stop().success());
}
