// What a client that keeps its connection sees when the program behind it is reloaded. Nobody can
// hand such a connection over: it belongs to a process that Cohort does not know from within.

#include "outfit.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

/// Whoever has been asked to leave says so in its next answer, which is what HTTP has for it; who
/// asks nothing for some seconds is let go.
constexpr std::string_view polite_server = R"(import os, signal, socket, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

leaving = threading.Event()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    def answer(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = sent or b"%d\n" % os.getpid()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Process", str(os.getpid()))
        if leaving.is_set():
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = answer
    def log_message(self, *words):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

server = Server(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=3)
server.socket.setblocking(False)
def leave(*_):
    leaving.set()
    threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, leave)
server.serve_forever(0.05)
server.server_close()
)";

std::string field(const std::string& answer, std::string_view name)
{
    const auto at = answer.find(fmt::format("\r\n{}: ", name));
    if (at == std::string::npos)
        return {};
    const auto from = at + name.size() + 4;
    return answer.substr(from, answer.find('\r', from) - from);
}

/// GET and POST in turn on one connection, for as long as the server does not say "close".
class keeping_client {
public:
    explicit keeping_client(std::uint16_t port)
        : port_{port}, thread_{[this] { run(); }}
    {}
    ~keeping_client() { stop(); }
    keeping_client(const keeping_client&) = delete;
    keeping_client& operator=(const keeping_client&) = delete;

    void stop()
    {
        over_ = true;
        if (thread_.joinable())
            thread_.join();
    }
    [[nodiscard]] std::uint64_t answered() const { return answered_; }
    // After stop().
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] unsigned connections() const { return connections_; }
    [[nodiscard]] const std::set<std::string>& processes() const { return processes_; }

private:
    void run()
    {
        try {
            while (!over_)
                use(client{port_});
        } catch (const std::exception& wrong) {
            failure_ = fmt::format("request {}: {}", answered_ + 1, wrong.what());
        }
    }
    void use(client over)
    {
        ++connections_;
        while (!over_) {
            const std::string body = fmt::format("{:>8}\n", answered_.load());
            const bool posts = answered_ % 2 == 1;
            over.send(posts ? "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n" + body
                            : "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            const std::string head = over.receive_until("\r\n\r\n");
            const std::string process = field(head, "Process");
            const std::string words = over.receive_until("\n");
            if (!head.starts_with("HTTP/1.1 200") || words != (posts ? body : process + "\n"))
                throw std::runtime_error{"answer: " + head + words};
            ++answered_;
            processes_.insert(process);
            if (field(head, "Connection") == "close")
                return;
        }
    }

    std::uint16_t port_;
    std::atomic<bool> over_{false};
    std::atomic<std::uint64_t> answered_{0};
    std::string failure_;
    std::set<std::string> processes_;
    unsigned connections_ = 0;
    std::thread thread_;
};

}  // namespace

TEST_CASE("a program that says Connection: close when it leaves loses no request of anybody")
{
    outfit of;
    of.write("server.py", polite_server);
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("server.py")));
    of.until_ready();
    const auto old = of.workers();
    std::vector<std::unique_ptr<keeping_client>> clients;
    for (int i = 0; i < 6; ++i)
        clients.push_back(std::make_unique<keeping_client>(of.port()));
    const auto all_go_on = [&] {
        std::vector<std::uint64_t> until;
        for (const auto& each : clients)
            until.push_back(each->answered() + 20);
        return eventually([&] {
            for (std::size_t i = 0; i < clients.size(); ++i) {
                if (clients[i]->answered() < until[i])
                    return false;
            }
            return true;
        });
    };
    REQUIRE(all_go_on());
    of.program().signal(SIGHUP);
    of.program().wait_for("reload: generation 2 serves with 2 workers");
    CHECK(all_go_on());
    const auto fresh = of.workers();
    for (const auto& each : clients) {
        each->stop();
        CHECK_MESSAGE(each->failure().empty(), each->failure());
        // One connection was given up in an answer, and followed by another: by nothing else.
        CHECK(each->connections() >= 2);
        CHECK(std::ranges::any_of(
            fresh, [&](pid_t one) { return each->processes().contains(std::to_string(one)); }));
    }
    CHECK(std::ranges::none_of(old, is_alive));
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("a program that waits for its clients is waited for until stop.timeout, then it is cut")
{
    outfit of;
    of.write("server.py", http_server);  // its threads read until the client ends
    of.lose_patience_after("2s");
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("server.py")));
    of.until_ready();
    client keeps{of.port()};
    const std::string first = keeps.body_of("/");
    of.program().signal(SIGHUP);
    // As long as it lives it answers, whatever generation it is of.
    of.program().wait_for("serves as the first of generation 2");
    CHECK(keeps.body_of("/") == first);
    of.program().wait_for("reload: generation 2 serves with 2 workers");
    CHECK(keeps.receive_all().empty());
    const std::string next = client{of.port()}.body_of("/");
    CHECK(next != first);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("a program that dies of TERM cuts its clients, and new ones are served")
{
    outfit of;
    of.write("echo.py", R"(import os, socket, threading
door = socket.socket(fileno=3)
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
where = os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1)
def serve(peer):
    with peer:
        while data := peer.recv(4096):
            peer.sendall(data)
line.sendto(b"READY=1", where)
while True:
    peer, _ = door.accept()
    threading.Thread(target=serve, args=(peer,)).start()
)");
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("echo.py")),
             "ready.on = \"notify\"\nspeaks = \"sockets\"");
    of.until_ready();
    client keeps{of.port()};
    keeps.send("before\n");
    CHECK(keeps.receive_until("\n") == "before\n");
    of.program().signal(SIGHUP);
    of.program().wait_for("reload: generation 2 serves with 2 workers");
    CHECK(keeps.receive_all().empty());  // its end, and nothing before it
    client next{of.port()};
    next.send("after\n");
    CHECK(next.receive_until("\n") == "after\n");
    CHECK(of.program().stop().code() == 0);
}
