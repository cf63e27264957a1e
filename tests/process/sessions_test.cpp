// Sessions that all workers know, and what they survive: programs/regent.cpp, really killed.

#include "family.hpp"
#include "kept_server.hpp"
#include "operator_of.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::testing;

namespace {

/// Somebody with a browser that keeps one cookie.
class visitor {
public:
    explicit visitor(const kept_server& app)
        : app_{app}
    {}

    /// The answer of a worker other than that one.
    boost::json::object ask(const std::string& path, pid_t than = 0)
    {
        boost::json::object said;
        const bool answered = eventually([&] {
            try {
                said = ask_anybody(path, than);
                return !said.empty();
            } catch (const failure&) {
                return false;  // a worker that was just killed
            }
        });
        if (!answered)
            throw failure{fault(errc::deadline_passed, "ask", path)};
        return said;
    }
    std::string user(pid_t than = 0)
    {
        return std::string{ask("/session/me", than).at("user").as_string()};
    }

    static pid_t pid_of(const boost::json::object& said)
    {
        return static_cast<pid_t>(said.at("pid").as_int64());
    }

    std::string cookie;

private:
    boost::json::object ask_anybody(const std::string& path, pid_t than)
    {
        client over{app_.port()};
        if (pid_of(boost::json::parse(over.body_of("/who")).as_object()) == than)
            return {};
        over.send("GET " + path + " HTTP/1.1\r\nHost: test\r\nCookie: session=" + cookie +
                  "\r\n\r\n");
        const std::string said = over.receive_until("}");
        constexpr std::string_view field = "\r\nSet-Cookie: session=";
        if (const auto at = said.find(field); at != std::string::npos) {
            const auto begin = at + field.size();
            cookie = said.substr(begin, said.find(';', begin) - begin);
        }
        return boost::json::parse(said.substr(said.find("\r\n\r\n") + 4)).as_object();
    }

    const kept_server& app_;
};

}  // namespace

TEST_CASE("a session is known to all workers, and survives workers, primaries and reloads")
{
    kept_server app{
        {.workers = 2, .balance = "round_robin", .file = "[app.regent.reload]\nsoak = \"0s\"\n"}};
    visitor ada{app};
    const pid_t first = visitor::pid_of(ada.ask("/session/login/ada"));
    CHECK(ada.cookie.size() == 43);
    CHECK(ada.user(first) == "ada");

    ::kill(first, SIGKILL);
    REQUIRE(eventually([&] { return !is_alive(first); }));
    CHECK(ada.user() == "ada");

    for (const pid_t each : app.workers())
        ::kill(each, SIGKILL);
    CHECK(ada.user() == "ada");

    ::kill(primary_below(app.root()), SIGKILL);
    app.program().wait_for("recovered");
    CHECK(ada.user() == "ada");

    operator_of ops{app.program(), "regent"};
    CHECK(ops.ask("reload").code == control::exit_code::done);
    CHECK(ada.user() == "ada");

    // Logged out by one worker, gone for the other; also for who kept the cookie.
    visitor thief{app};
    thief.cookie = ada.cookie;
    const pid_t last = visitor::pid_of(ada.ask("/session/logout"));
    CHECK(ada.cookie.empty());
    CHECK(thief.user(last).empty());
    CHECK(thief.user().empty());
}
