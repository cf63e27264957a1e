#pragma once
// The test's end of programs/puppet.cpp: a cohort that does what it is told, command by command.

#include <cohort/base/unique_fd.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace cohort::testing {

/// A connection to an endpoint, by its text. Throws failure: ECONNREFUSED, …
inline client dial(std::string_view where)
{
    const auto address = net::to_socket_address(net::endpoint::parse(where).value()).value();
    unique_fd made{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!made.valid() || ::connect(made.borrow(), address.get(), address.length) == -1)
        throw failure{fault(last_errno(), "connect to", std::string{where})};
    return client{std::move(made)};
}

/// Would anybody take a connection there?
inline bool is_reachable(std::string_view where)
{
    try {
        (void)dial(where);
        return true;
    } catch (const failure&) {
        return false;
    }
}

/// A puppet program and the strings to it. A resource.
class puppet_show {
public:
    using command = boost::json::object;

    explicit puppet_show(std::vector<std::string> args = {}, std::string cwd = {})
        : door_{listen_at(folder_.path() / "control")},
          program_{with_control(std::move(args), std::move(cwd))},
          line_{accept_one()}
    {}

    /// The primary's answer (`to` is 0), or a worker's.
    boost::json::object ask(std::int64_t to, command what)
    {
        tell(to, std::move(what));
        return hear();
    }

    /// The two halves of ask(), for what shall happen in between.
    void tell(std::int64_t to, command what)
    {
        what["to"] = to;
        line_.send(boost::json::serialize(what) + "\n");
    }
    boost::json::object hear() { return boost::json::parse(line_.receive_until("\n")).as_object(); }

    /// A new worker's id, once it is online.
    std::int64_t fork()
    {
        const std::int64_t id = ask(0, {{"do", "fork"}}).at("id").as_int64();
        ask(id, {{"do", "hello"}});
        return id;
    }

    /// A worker opens an endpoint.
    boost::json::object listen(std::int64_t id, std::string_view where, command more = {})
    {
        more["do"] = "listen";
        more["where"] = where;
        return ask(id, std::move(more));
    }
    boost::json::object bind_udp(std::int64_t id, std::string_view where, command more = {})
    {
        more["do"] = "bind_udp";
        more["where"] = where;
        return ask(id, std::move(more));
    }
    void close(std::int64_t id, const boost::json::object& opened)
    {
        ask(id, {{"do", "close"}, {"handle", opened.at("handle").as_int64()}});
    }
    /// SIGKILL, and its burial.
    void kill(std::int64_t id) { ask(0, {{"do", "kill"}, {"id", id}, {"signal", 9}}); }

    [[nodiscard]] running_program& program() noexcept { return program_; }
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_.path(); }

private:
    static unique_fd listen_at(const std::string& path)
    {
        unique_fd made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        path.copy(where.sun_path, sizeof where.sun_path - 1);
        if (::bind(made.borrow(), reinterpret_cast<sockaddr*>(&where), sizeof where) == -1 ||
            ::listen(made.borrow(), 1) == -1)
            throw failure{fault(last_errno(), "listen at", path)};
        return made;
    }

    launch with_control(std::vector<std::string> args, std::string cwd)
    {
        launch how;
        how.exec = PROCESS_PROGRAMS "puppet";
        how.args = {folder_.path() / "control"};
        how.args.insert(how.args.end(), args.begin(), args.end());
        how.cwd = std::move(cwd);
        return how;
    }

    client accept_one()
    {
        pollfd wait{.fd = door_.borrow(), .events = POLLIN, .revents = 0};
        const auto budget = std::chrono::duration_cast<milliseconds>(patience).count();
        if (::poll(&wait, 1, static_cast<int>(budget)) != 1)
            throw std::runtime_error{"the puppet did not come: " + program_.errors()};
        return client{unique_fd{::accept4(door_.borrow(), nullptr, nullptr, SOCK_CLOEXEC)}};
    }

    temporary_folder folder_;
    unique_fd door_;
    running_program program_;
    client line_;
};

/// The endpoint that a worker has opened, as text.
inline std::string where_of(const boost::json::object& opened)
{
    if (!opened.contains("where"))
        throw std::runtime_error{boost::json::serialize(opened)};
    return std::string{opened.at("where").as_string()};
}

/// What went wrong, in words; empty if nothing did.
inline std::string error_of(const boost::json::object& answer)
{
    const auto* const words = answer.if_contains("error");
    return words == nullptr ? std::string{} : std::string{words->as_string()};
}

/// Who answers there: "worker 1".
inline std::string greeting_of(std::string_view where)
{
    client one = dial(where);
    std::string line = one.receive_until("\n");
    if (!line.empty())
        line.pop_back();
    return line;
}

}  // namespace cohort::testing
