// Programs that were not written for Cohort as its workers: under load they are reloaded, scaled
// and killed, and nobody who asks notices.

#include "outfit.hpp"
#include "steady_load.hpp"

#include <boost/json/object.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

/// Reload, scale and kill, each under load.
void put_through_its_paces(outfit& of)
{
    of.until_ready();
    steady_load load{of.port()};
    REQUIRE(load.goes_on());

    of.program().signal(SIGHUP);
    of.program().wait_for("reload: generation 2 serves with 2 workers");
    CHECK(load.goes_on());

    of.program().signal(SIGTTIN);
    of.until_ready(1);
    CHECK(of.workers().size() == 3);
    CHECK(load.goes_on());
    of.program().signal(SIGTTOU);
    CHECK(eventually([&] { return of.workers().size() == 2; }));
    CHECK(load.goes_on());
    const auto& failures = load.stop();
    CHECK_MESSAGE(failures.empty(), failures.size(),
                  " failed, first: ", failures.empty() ? "" : failures.front());

    // What a killed program had in hand is lost, and nothing else: it has no keeper.
    steady_load again{of.port()};
    REQUIRE(again.goes_on());
    const pid_t victim = of.workers().front();
    auto family = descendants_of(victim);
    family.insert(family.begin(), victim);
    for (const pid_t each : family)
        ::kill(each, SIGKILL);
    of.until_ready(1);
    CHECK(again.goes_on());
    CHECK(again.stop().size() <= 1);
    CHECK(of.program().stop().code() == 0);
}

}  // namespace

TEST_CASE("Python's http.server under socket activation is reloaded, scaled and killed under load")
{
    outfit of;
    of.write("server.py", http_server);
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("server.py")));
    put_through_its_paces(of);
}

TEST_CASE("a Node server listens on descriptor 3")
{
    outfit of;
    of.write("server.js", R"(const server = require('http').createServer((request, response) => {
  response.end(`${process.pid}\n`);
});
server.listen({fd: 3});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
)");
    of.start("node", fmt::format("\"{}\"", of.path("server.js")));
    put_through_its_paces(of);
}

TEST_CASE("gunicorn binds to the descriptor that it was given")
{
    outfit of;
    of.write("hello.py", R"(def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"hi\n"]
)");
    // It takes LISTEN_FDS and its own --bind for two sockets: one of them is enough.
    of.start("/usr/bin/env",
             fmt::format("\"-u\", \"LISTEN_FDS\", \"gunicorn\", \"--bind\", \"fd://3\", "
                         "\"--chdir\", \"{}\", \"hello:app\"",
                         of.path("")));
    put_through_its_paces(of);
}

TEST_CASE("nginx inherits its listening socket, as it does from itself")
{
    outfit of;
    of.write("nginx.conf",
             fmt::format("daemon off;\npid {0}/pid-PLACE;\nerror_log stderr;\nworker_processes 1;\n"
                         "events {{}}\nhttp {{ access_log off; client_body_temp_path {0};\n"
                         "proxy_temp_path {0}; fastcgi_temp_path {0}; uwsgi_temp_path {0};\n"
                         "scgi_temp_path {0};\n"
                         "server {{ listen 127.0.0.1:{1}; return 200 \"hi\\n\"; }} }}\n",
                         of.path(""), of.port()));
    // TERM is nginx's word for "now", QUIT for "when you are done".
    of.write("run.sh",
             fmt::format("#!/bin/sh\n"
                         "sed \"s/PLACE/$$/\" {0}/nginx.conf > {0}/nginx-$$.conf\n"
                         "/usr/bin/python3 -c 'import os; os.set_blocking(3, False)'\n"
                         "NGINX='3;' /usr/sbin/nginx -c {0}/nginx-$$.conf &\n"
                         "trap 'kill -QUIT $!' TERM\n"
                         "while kill -0 $! 2>/dev/null; do wait $!; done\n",
                         of.path("")),
             0755);
    of.start(of.path("run.sh"), "");
    put_through_its_paces(of);
}

TEST_CASE("an echo server that waits in accept, and says that it is ready")
{
    outfit of;
    of.write("echo.py", R"(import os, socket
door = socket.socket(fileno=3)
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
where = os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1)
line.sendto(b"STATUS=warming up", where)
line.sendto(b"READY=1\nSTATUS=echoing", where)
while True:
    peer, _ = door.accept()
    with peer:
        while data := peer.recv(4096):
            peer.sendall(data)
)");
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("echo.py")),
             "ready.on = \"notify\"\nspeaks = \"sockets\"");
    of.until_ready();
    client one{of.port()};
    one.send("hello\n");
    CHECK(one.receive_until("\n") == "hello\n");
    of.program().signal(SIGHUP);
    of.program().wait_for("reload: generation 2 serves with 2 workers");
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("a new program that fails at its start is rolled back, and the old file goes on")
{
    outfit of;
    of.write("server.py", http_server);
    const auto script = [&](std::string_view first) {
        return fmt::format("#!/bin/sh\n{}\nexec /usr/bin/python3 {}\n", first,
                           of.path("server.py"));
    };
    of.write("run.sh", script(""), 0755);
    of.start(of.path("run.sh"), "");
    of.until_ready();
    steady_load load{of.port()};
    REQUIRE(load.goes_on());
    of.write("run.sh", script("exit 9"), 0755);
    of.program().signal(SIGHUP);
    const auto verdict = of.program().wait_for("generation 1 serves");
    CHECK(std::string{verdict.at("message").as_string()}.find("exit code 9") != std::string::npos);
    CHECK(load.goes_on());
    CHECK_MESSAGE(load.stop().empty(), "nobody may notice");
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("a worker that dies is followed by the old program when another one has its name")
{
    outfit of;
    std::filesystem::copy_file("/bin/sleep", of.path("job"));
    of.start(of.path("job"), "\"1000\"");
    of.until_ready();
    std::filesystem::copy_file("/bin/false", of.path("other"));
    std::filesystem::rename(of.path("other"), of.path("job"));
    const pid_t first = of.workers().front();
    ::kill(first, SIGKILL);
    of.until_ready(1);
    CHECK(of.workers().size() == 2);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("what a program has started ends with it: at a reload, at its death, at the end")
{
    outfit of;
    of.write("server.py", http_server);
    // As npm does it: nobody passes TERM on.
    of.write("wrap.sh",
             fmt::format("#!/bin/sh\nLISTEN_PID= /usr/bin/python3 -c 'import os, runpy\n"
                         "os.environ[\"LISTEN_PID\"] = str(os.getpid())\n"
                         "runpy.run_path(\"{}\")'\necho done\n",
                         of.path("server.py")),
             0755);
    of.start(of.path("wrap.sh"), "");
    of.until_ready();
    const auto families = [&] {
        std::vector<pid_t> all;
        for (const pid_t each : of.workers()) {
            const auto family = descendants_of(each);
            all.insert(all.end(), family.begin(), family.end());
        }
        return all;
    };
    REQUIRE(eventually([&] { return families().size() == 2; }));
    const auto first = families();
    of.program().signal(SIGHUP);
    of.program().wait_for("reload: generation 2 serves with 2 workers");
    CHECK(std::ranges::none_of(first, is_alive));

    REQUIRE(eventually([&] { return families().size() == 2; }));
    const pid_t wrapper = of.workers().front();
    const auto below = descendants_of(wrapper);
    REQUIRE(::kill(wrapper, SIGKILL) == 0);
    of.until_ready(1);
    CHECK(std::ranges::none_of(below, is_alive));

    REQUIRE(eventually([&] { return families().size() == 2; }));
    const auto last = families();
    CHECK(of.program().stop().code() == 0);
    CHECK(std::ranges::none_of(last, is_alive));
}

TEST_CASE("who opens its own sockets gets PORT, and is ready when it listens")
{
    outfit of;
    of.write("server.py", R"(import os, sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
assert "LISTEN_FDS" not in os.environ and "COHORT_CHANNEL_FD" not in os.environ
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), SimpleHTTPRequestHandler).serve_forever()
)");
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("server.py")), "speaks = \"none\"");
    // One of two gets the port; the other one fails, and is given up in the end.
    of.until_ready(1);
    CHECK(client{of.port()}.get("/").find("200") != std::string::npos);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("an exit code among stop_codes is the program's own wish")
{
    outfit of;
    of.start("/bin/sh", "\"-c\", \"exit 3\"", "restart.stop_codes = [3]");
    of.program().wait_for_all("stays empty", 2);
    CHECK(of.program().wait().code() == 0);
}

TEST_CASE("what programs write is in the log: JSON as it is, the rest with slot and stream")
{
    outfit of;
    of.start("/bin/sh",
             R"("-c", "echo '{\"message\":\"my own\"}'; echo plain >&2; exec sleep 1000")",
             "stdout = \"pipe\"\nstderr = \"pipe\"");
    const auto own = of.program().wait_for("my own");
    CHECK(own.size() == 1);
    outfit other;
    other.start("/bin/sh", R"("-c", "echo plain >&2; ulimit -n; exec sleep 1000")",
                "stdout = \"pipe\"\nstderr = \"pipe\"\nlimit.files = 100");
    const auto plain = other.program().wait_for("plain");
    CHECK(plain.at("stream") == "stderr");
    CHECK(plain.at("message") == "plain");
    CHECK(plain.at("slot").is_number());
    other.program().wait_for([](const boost::json::object& line) {
        return line.contains("stream") && line.at("stream") == "stdout" &&
               line.at("message") == "100";
    });
    CHECK(of.program().stop().code() == 0);
    CHECK(other.program().stop().code() == 0);
}
