// Other programs as workers, and what they are born with: row 1.6 of node-cluster.md.

#include "stage.hpp"

#include <cohort/testing/harness.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <unistd.h>

namespace actor {

namespace {

// Workers.

std::string variable(const char* name)
{
    const char* text = ::getenv(name);
    return text == nullptr ? "" : text;
}

task<int> environment(cohort::worker& self)
{
    const boost::json::value seen = {
        {"COLOUR", variable("COLOUR")},
        {"SHAPE", variable("SHAPE")},
        {"HOME", variable("ACTOR_HOME")},
        {"cwd", std::filesystem::current_path().string()},
        {"uid", ::getuid()},
        {"gid", ::getgid()},
        {"groups", ::getgroups(0, nullptr)},
    };
    auto words = message::json(seen);
    co_await self.send(std::move(words));
    co_await self.until_stopping();
    co_return 0;
}

/// Writes to both standard outputs and to descriptor 201, what it read from 200.
task<int> write_everywhere(cohort::worker& self)
{
    expect(write_all(STDOUT_FILENO, "to standard output\n"), "write");
    expect(write_all(STDERR_FILENO, "to standard error\n"), "write");
    std::string extra = "none";
    if (::fcntl(200, F_GETFD) != -1) {
        extra = read_some(200, 4);
        expect(write_all(201, extra + " passed on"), "write to 201");
    }
    auto words = message::json(boost::json::string{extra});
    co_await self.send(std::move(words));
    co_await self.until_stopping();
    co_return 0;
}

constexpr std::array parts{
    role{"environment", environment},
    role{"write-everywhere", write_everywhere},
};

// The primary.

cohort::fork_options executed(const char* role)
{
    cohort::fork_options how;
    how.exec = own_program();
    how.env["ACTOR_ROLE"] = role;
    return how;
}

std::string content_of(const std::filesystem::path& file)
{
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void change(stage& on, std::move_only_function<void(cohort::settings&)> what)
{
    const auto done = on.cluster.setup_primary(std::move(what));
    expect(done.has_value(), done ? "" : done.error().text());
}

task<> exec_and_args(stage& on)
{
    const cohort::testing::temporary_folder folder;
    const std::string file = folder.path() / "said";
    change(on, [&file](cohort::settings& s) {
        s.exec = "/bin/sh";
        s.args = {"-c", "echo \"$0 $1\" >> " + file, "settings", "first"};
    });
    const auto first = on.fork("");
    co_await on.until("exit", first.id);
    expect_equal(content_of(file), "settings first\n", "the settings' program and arguments");
    expect(on.find("exit", first.id).end->code() == 0, "a program that knows nothing of us");
    expect_equal(on.life_of(first.id), "fork disconnect exit", "it says nothing");

    cohort::fork_options other;
    other.args = std::vector<std::string>{"-c", "echo \"$0\" >> " + file, "other"};
    const auto second = on.fork("", std::move(other));
    co_await on.until("exit", second.id);
    expect_equal(content_of(file), "settings first\nother\n", "fork's own arguments");

    cohort::fork_options program;
    program.exec = "/bin/false";
    program.args = std::vector<std::string>{};
    const auto third = on.fork("", std::move(program));
    co_await on.until("exit", third.id);
    expect(on.find("exit", third.id).end->code() == 1, "fork's own program");
}

task<> cwd(stage& on)
{
    const auto seen = [&on](const cohort::worker_info& who) {
        return std::string{on.find("message", who.id).said.at("cwd").as_string()};
    };
    const auto usual = on.fork("environment", executed("environment"));
    co_await on.until("message", usual.id);
    expect_equal(seen(usual), std::filesystem::current_path().string(), "ours by default");

    const cohort::testing::temporary_folder folder;
    change(on, [&folder](cohort::settings& s) { s.cwd = folder.path(); });
    const auto elsewhere = on.fork("environment", executed("environment"));
    co_await on.until("message", elsewhere.id);
    expect_equal(seen(elsewhere), folder.path().string(), "the settings' folder");
    // A forked worker goes there, too.
    const auto forked = on.fork("environment");
    co_await on.until("message", forked.id);
    expect_equal(seen(forked), folder.path().string(), "also without exec");

    change(on, [](cohort::settings& s) { s.cwd = "/no/such/folder"; });
    const auto nowhere = on.cluster.fork(executed("environment"));
    expect(!nowhere && nowhere.error().why().value() == ENOENT, "a missing folder is a result");
    if (!nowhere)
        expect(nowhere.error().text().find("/no/such/folder") != std::string::npos,
               "in words: " + nowhere.error().text());
}

task<> environment_of_program(stage& on)
{
    ::setenv("ACTOR_HOME", "inherited", 1);
    change(on, [](cohort::settings& s) {
        s.env["COLOUR"] = "blue";
        s.env["SHAPE"] = "round";
    });
    auto how = executed("environment");
    how.env["COLOUR"] = "red";
    const auto who = on.fork("environment", std::move(how));
    co_await on.until("message", who.id);
    const auto& seen = on.find("message", who.id).said;
    expect_equal(seen.at("HOME").as_string(), "inherited", "ours");
    expect_equal(seen.at("SHAPE").as_string(), "round", "overlaid by the settings'");
    expect_equal(seen.at("COLOUR").as_string(), "red", "overlaid by fork's");
}

task<> streams(stage& on)
{
    using target = cohort::config::stream_target;
    // Piped: what Node calls silent.
    change(on, [](cohort::settings& s) {
        s.out = {target::kind::pipe, {}};
        s.err = {target::kind::pipe, {}};
    });
    const auto piped = on.fork("write-everywhere", executed("write-everywhere"));
    auto pipes = on.cluster.take_pipes(piped.id);
    expect(pipes.out.valid() && pipes.err.valid() && !pipes.in.valid(), "two pipes");
    expect(!on.cluster.take_pipes(piped.id).out.valid(), "they are given once");
    co_await on.until("message", piped.id);
    expect_equal(read_some(pipes.out.borrow(), 19), "to standard output\n", "standard output");
    expect_equal(read_some(pipes.err.borrow(), 18), "to standard error\n", "standard error");

    const cohort::testing::temporary_folder folder;
    const std::string file = folder.path() / "out";
    change(on, [&file](cohort::settings& s) {
        s.out = {target::kind::file, file};
        s.err = {target::kind::file, file};
    });
    const auto filed = on.fork("write-everywhere", executed("write-everywhere"));
    co_await on.until("message", filed.id);
    expect_equal(content_of(file), "to standard output\nto standard error\n", "into a file");

    change(on, [](cohort::settings& s) {
        s.out = {target::kind::null, {}};
        s.err = {target::kind::null, {}};
    });
    const auto silenced = on.fork("write-everywhere", executed("write-everywhere"));
    co_await on.until("message", silenced.id);

    // Inherited: the driver finds these two lines, once, in what we wrote.
    change(on, [](cohort::settings& s) {
        s.out = {target::kind::inherit, {}};
        s.err = {target::kind::inherit, {}};
    });
    const auto inherited = on.fork("write-everywhere", executed("write-everywhere"));
    co_await on.until("message", inherited.id);
}

task<> extra_descriptors(stage& on)
{
    int ends[2] = {-1, -1};
    expect(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
    const cohort::unique_fd result{ends[0]};
    cohort::unique_fd in{ends[1]};
    const auto words = pipe_with("data");
    auto how = executed("write-everywhere");
    how.extra_descriptors[200] = words.borrow();
    how.extra_descriptors[201] = in.borrow();
    const auto who = on.fork("write-everywhere", std::move(how));
    co_await on.until("message", who.id);
    in.reset();
    expect(on.find("message", who.id).said == "data", "200 could be read");
    expect_equal(read_some(result.borrow(), 14), "data passed on", "201 could be written");

    const auto other = on.fork("write-everywhere", executed("write-everywhere"));
    co_await on.until("message", other.id);
    expect(on.find("message", other.id).said == "none", "nothing else is inherited");
}

task<> user(stage& on)
{
    change(on, [](cohort::settings& s) {
        s.user = "nobody";
        s.group = "nogroup";
    });
    auto other_program = executed("environment");
    if (::getuid() != 0) {
        const auto refused = on.cluster.fork(std::move(other_program));
        expect(!refused && refused.error().why().value() == EPERM, "only root can");
        co_return;
    }
    // The actor may lie where nobody may read; a shell does not.
    cohort::fork_options shell;
    shell.exec = "/bin/sh";
    shell.args = std::vector<std::string>{
        "-c", "[ $(id -u) = 65534 ] && [ $(id -g) = 65534 ] && [ $(id -G) = 65534 ]"};
    const auto program = on.fork("", std::move(shell));
    co_await on.until("exit", program.id);
    expect(on.find("exit", program.id).end->code() == 0, "user, group, and no other group");
    const auto forked = on.fork("environment");
    co_await on.until("message", forked.id);
    const auto& seen = on.find("message", forked.id).said;
    expect(seen.at("uid") == 65534 && seen.at("gid") == 65534, "also without exec");

    change(on, [](cohort::settings& s) { s.user = "no-such-user"; });
    const auto refused = on.cluster.fork();
    expect(!refused && refused.error().text().find("no-such-user") != std::string::npos,
           "an unknown user is a result");
}

task<> executed_events(stage& on)
{
    // A program of ours behaves like a forked worker.
    const auto who = on.fork("whole-life", executed("whole-life"));
    co_await on.until("exit", who.id);
    expect_equal(on.life_of(who.id), "fork online message listening message disconnect exit",
                 "the same life");
    expect(on.find("exit", who.id).end->code() == 0, "in peace");
    // A stranger is asked to leave by TERM.
    cohort::fork_options tail;
    tail.exec = "/usr/bin/tail";
    tail.args = std::vector<std::string>{"-f", "/dev/null"};
    const auto stranger = on.fork("", std::move(tail));
    static_cast<void>(on.cluster.disconnect(stranger.id));
    co_await on.until("exit", stranger.id);
    expect(on.find("exit", stranger.id).end->signal() == SIGTERM, "who does not speak is told so");
    expect(on.find("exit", stranger.id).who.exited_after_disconnect == true, "on purpose");
}

task<> strangers(stage& on)
{
    // Bytes that are no frame, and a program that says nothing at all: the primary lives on.
    cohort::fork_options how;
    how.exec = "/bin/sh";
    how.args = std::vector<std::string>{"-c", "seq 1000 >&3; exec tail -f /dev/null"};
    const auto who = on.fork("", std::move(how));
    co_await on.until("disconnect", who.id);
    expect(!on.cluster.is_connected(who.id), "it is not talked to any more");
    static_cast<void>(on.cluster.kill(who.id, SIGKILL));
    co_await on.until("exit", who.id);
    const auto next = co_await on.online("echo");
    auto words = message::json("still there");
    static_cast<void>(on.cluster.try_send(next.id, words));
    co_await on.until("message", next.id);
}

constexpr std::array stories{
    scenario{"exec-and-args", exec_and_args},         scenario{"cwd", cwd},
    scenario{"environment", environment_of_program},  scenario{"streams", streams},
    scenario{"extra-descriptors", extra_descriptors}, scenario{"user", user},
    scenario{"executed-events", executed_events},     scenario{"strangers", strangers},
};

}  // namespace

std::span<const scenario> program_scenarios() { return stories; }
std::span<const role> program_roles() { return parts; }

}  // namespace actor
