// What Node's cluster module does, here: docs/manual/from-node.md names these tests row by row.
// The scenarios are played by tests/process/actor, which checks itself; here it is started, and
// looked after.

#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

using namespace cohort;
using namespace cohort::testing;

namespace {

constexpr const char* actor = PROCESS_PROGRAMS "actor";

/// Orphans of the actor become our children while this lives: none may be left.
class orphan_watch {
public:
    orphan_watch() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
    orphan_watch(const orphan_watch&) = delete;
    orphan_watch& operator=(const orphan_watch&) = delete;
    ~orphan_watch()
    {
        for (const pid_t each : children_of(::getpid()))
            ::kill(each, SIGKILL);
        reap();
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    }

    static std::vector<pid_t> orphans()
    {
        reap();
        return children_of(::getpid());
    }

private:
    /// Only this process's own adopted ones; the actor itself has been waited for by its pidfd.
    static void reap()
    {
        siginfo_t info{};
        while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0)
            info = {};
    }
};

struct performance {
    process::exit_reason end;
    std::vector<std::string> lines;
    std::string errors;
};

performance perform(const char* scenario, std::vector<std::string> env = {})
{
    orphan_watch watch;
    running_program program{{.exec = actor, .args = {scenario}, .env = std::move(env)}};
    const auto end = program.wait(seconds{180});
    performance seen{end, program.lines(), program.errors()};
    CHECK_MESSAGE(eventually([] { return orphan_watch::orphans().empty(); }),
                  "nothing is left running");
    return seen;
}

/// Plays a scenario: every check in it holds, and it ends with `code`.
performance play(const char* scenario, int code = 0, std::vector<std::string> env = {})
{
    performance seen = perform(scenario, std::move(env));
    const bool failed = std::ranges::any_of(seen.lines, [](const std::string& line) {
        return line.find("\"failed: ") != std::string::npos;
    });
    INFO(scenario, " printed:\n", fmt::format("{}\n{}", fmt::join(seen.lines, "\n"), seen.errors));
    CHECK_FALSE(failed);
    CHECK(seen.end.words() == fmt::format("exit code {}", code));
    return seen;
}

}  // namespace

// 1.1 Module-level properties.

TEST_CASE("a primary, a forked worker, an exec'ed worker and a grandchild know what they are")
{
    play("roles");
}

TEST_CASE("a process with nonsense in the channel's variable is a primary")
{
    for (const char* nonsense : {"garbage", "", "-1", "99999", "1", "3x", "4294967299"})
        play("ids", 0, {std::string{"COHORT_CHANNEL_FD="} + nonsense, "COHORT_WORKER_ID=abc"});
}

TEST_CASE("a worker cannot fork workers, and has none") { play("misused-in-worker"); }

TEST_CASE("the map of workers keeps a record until its process and its channel have ended")
{
    play("map-of-workers");
}

TEST_CASE("settings merge, are cumulative, reach later workers only, and are told each time")
{
    play("settings-merge");
}

TEST_CASE("settings that make no sense are refused, and so is another policy while it runs")
{
    play("settings-refused");
}

// 1.2 Functions.

TEST_CASE("ids count from 1 and are never used again") { play("ids"); }

TEST_CASE("fork returns the worker at once, and its event comes later") { play("fork-returns"); }

TEST_CASE("fork takes an environment and a slot for one worker") { play("fork-options"); }

TEST_CASE("a worker that cannot be started is a result, not an event") { play("spawn-failure"); }

TEST_CASE("a fork while threads run is refused, and the threads are named") { play("threads"); }

TEST_CASE("disconnecting all completes when every worker is reaped") { play("disconnect-all"); }

TEST_CASE("disconnecting nobody completes") { play("disconnect-nobody"); }

TEST_CASE("disconnecting all kills who does not leave in time, and says whom")
{
    play("disconnect-forced");
}

TEST_CASE("disconnecting a worker twice, early or late does it no harm")
{
    play("disconnect-twice");
}

TEST_CASE("workers that all leave at once while they are sent messages leave in peace")
{
    play("concurrent-disconnect");
}

TEST_CASE("kill is a plain signal, also for a worker in an endless loop") { play("kill-in-loop"); }

TEST_CASE("is_connected and is_dead tell the truth at each stage") { play("connected-and-dead"); }

TEST_CASE("the end of a worker can be waited for, and is remembered") { play("exited"); }

// 1.3 and 1.4 Properties and events.

TEST_CASE("the events of a life come in their order, with the states that belong to them")
{
    play("events");
}

TEST_CASE("exit codes arrive, and whether the worker left on purpose") { play("codes"); }

TEST_CASE("deaths by signals arrive as such") { play("signals"); }

TEST_CASE("an exception that escapes in a worker is its last words") { play("exceptions"); }

TEST_CASE("in the exit hook the dead are not in the map any more, and their slot is free")
{
    play("fork-again");
}

TEST_CASE("an exception that escapes from a hook of the primary ends it, and the workers leave")
{
    const auto seen = play("hook-throws", 1);
    CHECK(std::ranges::any_of(seen.lines, [](const std::string& line) {
        return line.find("the hook is broken") != std::string::npos;
    }));
}

TEST_CASE("an exception that escapes from on_start ends the primary, and the workers leave")
{
    const auto seen = play("start-throws", 1);
    CHECK(std::ranges::any_of(seen.lines, [](const std::string& line) {
        return line.find("the plan is broken") != std::string::npos;
    }));
}

// 1.5 Messages and handles.

TEST_CASE("every kind of JSON value and plain bytes go to a worker and back unchanged")
{
    play("kinds");
}

TEST_CASE("messages keep their order around descriptors, and each descriptor its message")
{
    play("order");
}

TEST_CASE("a message to a dead worker is an error for who sends it") { play("to-the-dead"); }

TEST_CASE("messages that come before a handler exists are kept") { play("early"); }

TEST_CASE("what was sent before leaving arrives, however the worker leaves")
{
    play("send-and-leave");
}

TEST_CASE("a worker speaks to another, to all, and to nobody") { play("relay"); }

TEST_CASE("requests are answered, refused, given up at their deadline, or fail with the asked")
{
    play("requests");
}

TEST_CASE("bytes that are no message end the conversation, not the primary") { play("strangers"); }

TEST_CASE("large messages travel both ways, with a live connection") { play("large"); }

TEST_CASE("a full queue pushes back, and gives way when the worker reads again")
{
    play("pushes-back");
}

TEST_CASE("descriptors that are sent both ways at once do not deadlock") { play("both-ways"); }

TEST_CASE("a live TCP connection goes from one process to another and goes on")
{
    play("connection");
}

TEST_CASE("a connection that is sent twice arrives twice, and the sender may keep one")
{
    play("twice");
}

// 1.6 Settings.

TEST_CASE("the program and its arguments come from the settings or from fork")
{
    play("exec-and-args");
}

TEST_CASE("workers begin in the folder of the settings") { play("cwd"); }

TEST_CASE("a program's environment is ours, the settings' over it, and fork's over both")
{
    play("environment");
}

TEST_CASE("standard streams are inherited, piped, silenced, or written to files")
{
    const auto seen = play("streams");
    CHECK(std::ranges::count(seen.lines, "to standard output") == 1);
    CHECK(seen.errors.find("to standard error") != std::string::npos);
    CHECK(seen.errors.find("to standard error") == seen.errors.rfind("to standard error"));
}

TEST_CASE("a program gets extra descriptors under the numbers that it knows, and no others")
{
    play("extra-descriptors");
}

TEST_CASE("workers become another user, with that user's group only") { play("user"); }

TEST_CASE("an exec'ed worker lives like a forked one, and a stranger is asked to leave by TERM")
{
    play("executed-events");
}
