// Workers leave while their lanes compute for clients that have left before.
#include "api_server.hpp"

#include <cohort/net/socket_option.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

/// A pipe by name: who opens it to read waits until somebody opens it to write.
class gate {
public:
    gate() { REQUIRE(::mkfifo(path().c_str(), 0600) == 0); }
    [[nodiscard]] std::string path() const { return folder_.path() / "gate"; }
    void open()
    {
        // To read, too: then this waits for nobody, and whoever comes later does not either.
        writer_.reset(::open(path().c_str(), O_RDWR | O_CLOEXEC));
        REQUIRE(writer_.valid());
    }

private:
    temporary_folder folder_;
    unique_fd writer_;
};

/// programs/laned.cpp, whose lane computes for a client that has left.
struct abandoned_lane {
    explicit abandoned_lane(const std::string& file = {})
        : app{{.workers = 1,
               .file = file,
               .env = {"LANED_GATE=" + waits_at.path()},
               .program = "laned"}}
    {
        client leaves{app.port()};
        leaves.send("GET /compute HTTP/1.1\r\nHost: t\r\n\r\n");
        app.program().wait_for("a lane computes");
        net::reset_when_closed(leaves.descriptor());
    }

    /// In a line that ends so.
    [[nodiscard]] bool said(std::string_view words, std::string_view end = {})
    {
        return std::ranges::any_of(app.program().lines(), [&](const std::string& line) {
            return line.find(words) != std::string::npos && line.ends_with(end);
        });
    }

    gate waits_at;
    api_server app;
};

}  // namespace

TEST_CASE("what main owns is there until the lanes have ended, whoever waits for their answers")
{
    abandoned_lane of;
    of.app.program().signal(SIGTERM);
    of.app.program().wait_for("no client is left");
    // Nothing announces that main does not go on. Had it, this would be the moment.
    CHECK_FALSE(eventually([&] { return of.said("main ends"); }, 500ms));
    of.waits_at.open();
    of.app.program().wait_for("a lane has ended, and main's belongings are there");
    of.app.program().wait_for("main ends");
    CHECK(of.app.program().wait().code() == 0);
    CHECK_FALSE(of.said("not finished in time"));
}

TEST_CASE("a lane that does not end in time is left behind, and main does not go on beside it")
{
    abandoned_lane of{"[app.api.stop]\ntimeout = \"1s\"\n"};
    of.app.program().signal(SIGTERM);
    of.app.program().wait_for("not finished in time");
    CHECK(of.app.program().wait().code() == 0);
    // (A successor, who is there only to leave, may well have.)
    CHECK_FALSE(of.said("main gave its belongings up", "\"workerId\":1}"));
    // It was nobody's crash, and nobody had to be killed.
    CHECK_FALSE(of.said("crashed"));
    CHECK_FALSE(of.said("SIGKILL"));
    CHECK_FALSE(of.said("SIGABRT"));
}
