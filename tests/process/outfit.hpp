#pragma once
// A cohort of programs that were not written for Cohort.

#include "family.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace cohort::testing {

/// A cohort of another program, and the folder that it lives in.
class outfit {
public:
    void write(std::string_view name, std::string_view text, mode_t mode = 0644)
    {
        const auto path = folder_.path() / name;
        const auto fresh = folder_.path() / "fresh";
        std::ofstream{fresh} << text;
        ::chmod(fresh.c_str(), mode);
        std::filesystem::rename(fresh, path);
    }
    [[nodiscard]] std::string path(std::string_view name) const { return folder_.path() / name; }
    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Before start(): how long a program may take to leave.
    void lose_patience_after(std::string_view duration) { stop_timeout_ = duration; }
    void start(std::string_view exec, std::string_view args, std::string_view more = {})
    {
        write("cohort.toml",
              fmt::format("[app.it]\nexec = \"{}\"\nargs = [{}]\nworkers = 2\n"
                          "listen = [\"127.0.0.1:{}\"]\n"
                          "reload = {{soak = \"100ms\"}}\nstop.timeout = \"{}\"\n{}\n",
                          exec, args, port_, stop_timeout_, more));
        launch how;
        how.exec = PROCESS_PROGRAMS "api";
        how.args = {"--config", path("cohort.toml"), "--name", "it"};
        program_.emplace(how);
    }
    [[nodiscard]] running_program& program() { return *program_; }
    void until_ready(std::size_t workers = 2) { program().wait_for_all("is ready", workers); }

    [[nodiscard]] pid_t root() const { return program_->pid(); }
    /// Children of the root, as the primary is.
    [[nodiscard]] std::vector<pid_t> workers() const
    {
        auto all = children_of(root());
        std::erase_if(all, [](pid_t each) { return is_titled(each, "cohort: "); });
        return all;
    }

private:
    temporary_folder folder_;
    std::uint16_t port_ = free_port();
    std::string stop_timeout_ = "20s";
    std::optional<running_program> program_;
};

/// Python's http.server on what it inherits; TERM lets it finish.
inline constexpr std::string_view http_server = R"(import os, signal, socket, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

assert os.environ["LISTEN_PID"] == str(os.getpid()) and os.environ["LISTEN_FDS"] == "1"

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b"%d\n" % os.getpid()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.daemon_threads = False
server.socket = socket.socket(fileno=3)
server.socket.setblocking(False)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(0.05)
server.server_close()
)";

}  // namespace cohort::testing
