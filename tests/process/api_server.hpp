#pragma once
// The test's end of programs/api.cpp, and what /proc says of its processes.

#include "family.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cohort::testing {

/// How to start programs/api.cpp. A value.
struct api_plan {
    unsigned workers = 2;
    std::string balance = "balanced";
    std::string file = {};  ///< more of cohort.toml, after [app.api]
    std::vector<std::string> env = {};
    std::string exec = {};        ///< workers are this program, with the same configuration
    unsigned listening = 0;       ///< so many workers must listen at the start; 0: all
    std::string program = "api";  ///< programs/…: another one that serves as this one does
};

/// programs/api.cpp, running. A resource.
class api_server {
public:
    explicit api_server(const api_plan& plan)
        : program_{prepare(plan)}
    {
        const unsigned wanted = plan.listening != 0 ? plan.listening : plan.workers;
        const auto lines = program_.wait_for_all("listening on port", wanted);
        port_ = net::endpoint::parse(lines.front().at("endpoint").as_string()).value().port();
    }

    [[nodiscard]] running_program& program() noexcept { return program_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// With keepers, the program that was started is the root, and its child the primary.
    [[nodiscard]] pid_t primary() const
    {
        const auto below = titled_below(program_.pid(), "cohort: primary");
        return below.empty() ? program_.pid() : below.front();
    }
    [[nodiscard]] std::vector<pid_t> workers() const
    {
        auto titled = workers_below(program_.pid());
        // Those that are another program have its title.
        return titled.empty() ? children_of(primary()) : titled;
    }

private:
    static std::string executed(const api_plan& plan, const std::filesystem::path& path)
    {
        if (plan.exec.empty())
            return {};
        return fmt::format("exec = \"{}\"\nargs = [\"--config\", \"{}\", \"--name\", \"api\"]\n",
                           plan.exec, path.string());
    }

    launch prepare(const api_plan& plan) const
    {
        const auto path = folder_.path() / "cohort.toml";
        std::ofstream{path} << fmt::format("[app.api]\nlisten = [\"127.0.0.1:0\"]\nworkers = {}\n"
                                           "balance = \"{}\"\n{}\n",
                                           plan.workers, plan.balance,
                                           executed(plan, path) + plan.file);
        launch how;
        how.exec = PROCESS_PROGRAMS + plan.program;
        how.args = {"--config", path.string(), "--name", "api"};
        how.env = plan.env;
        return how;
    }

    temporary_folder folder_;
    running_program program_;
    std::uint16_t port_ = 0;
};

/// A connection to 127.0.0.1 that comes from another address of this machine.
inline client dial_from(const std::string& source, std::uint16_t port)
{
    const auto tcp = net::endpoint::family::tcp;
    const auto from = net::to_socket_address(net::endpoint::internet(tcp, source, 0)).value();
    const auto to = net::to_socket_address(net::endpoint::internet(tcp, "127.0.0.1", port)).value();
    unique_fd made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!made.valid() || ::bind(made.borrow(), from.get(), from.length) == -1 ||
        ::connect(made.borrow(), to.get(), to.length) == -1)
        throw failure{fault(last_errno(), "connect from", source)};
    return client{std::move(made)};
}

/// Who answered: an answer of /who, /wait, /occupy or /release.
struct seen {
    std::int64_t slot = -1;
    pid_t pid = 0;
};

inline seen read_seen(const std::string& body)
{
    const auto said = boost::json::parse(body).as_object();
    return {said.at("slot").as_int64(), static_cast<pid_t>(said.at("pid").as_int64())};
}

inline seen who_is(client& over) { return read_seen(over.body_of("/who")); }

/// Only asks; read_answer() takes what comes.
inline void ask_for(client& over, std::string_view path)
{
    over.send(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path));
}

/// The body of the next answer. Throws failure if none comes, or the connection ends before.
inline std::string read_answer(client& over, nanoseconds budget = patience)
{
    const std::string head = over.receive_until("\r\n\r\n", budget);
    if (!head.starts_with("HTTP/1.1 200") || !head.ends_with("\r\n\r\n"))
        throw failure{fault(errc::channel_closed, "read an answer, got", head)};
    return over.receive_until("}", budget);
}

/// User and system time that a process has used so far.
inline nanoseconds processor_time(pid_t pid)
{
    const std::string text = read_about(pid, "stat");
    const auto name_ends = text.rfind(')');
    if (name_ends == std::string::npos)
        return {};
    std::istringstream rest{text.substr(name_ends + 1)};
    const std::vector<std::string> fields{std::istream_iterator<std::string>{rest}, {}};
    const auto ticks = parse_integer<std::int64_t>(fields.at(11)).value_or(0) +
                       parse_integer<std::int64_t>(fields.at(12)).value_or(0);
    return nanoseconds{ticks * (1'000'000'000 / ::sysconf(_SC_CLK_TCK))};
}

inline nanoseconds processor_time(const std::vector<pid_t>& of)
{
    nanoseconds sum{0};
    for (const pid_t each : of)
        sum += processor_time(each);
    return sum;
}

/// Sets the limit of descriptors of another process: 0 means "none beyond those it has".
inline rlim_t limit_descriptors(pid_t pid, rlim_t most)
{
    // The kernel gives out the lowest free number: none may be free below the limit.
    const auto is_open = [pid](rlim_t number) {
        std::error_code ignored;
        const auto link = fmt::format("/proc/{}/fd/{}", pid, number);
        return std::filesystem::exists(std::filesystem::symlink_status(link, ignored));
    };
    if (most == 0) {
        while (is_open(most))
            ++most;
    }
    rlimit before{};
    if (::prlimit(pid, RLIMIT_NOFILE, nullptr, &before) == -1)
        throw failure{fault(last_errno(), "read the limit of descriptors")};
    rlimit wanted = before;
    wanted.rlim_cur = most;
    if (::prlimit(pid, RLIMIT_NOFILE, &wanted, nullptr) == -1)
        throw failure{fault(last_errno(), "limit descriptors")};
    return before.rlim_cur;
}

}  // namespace cohort::testing
