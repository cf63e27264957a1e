// Who is who: rows 1.1 of node-cluster.md, and where a worker is born.

#include "stage.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include <sys/prctl.h>

namespace actor {

namespace {

// Workers.

/// What the worker knows of itself, and what a program says that it starts.
task<int> tell(cohort::worker& self)
{
    const bool is_me = cohort::current_worker() == &self;
    std::string grandchild;
    const std::string command = own_program() + " who-am-i";
    if (FILE* out = ::popen(command.c_str(), "re")) {
        std::array<char, 64> line{};
        if (std::fgets(line.data(), line.size(), out) != nullptr)
            grandchild = line.data();
        ::pclose(out);
    }
    const char* left = ::getenv("COHORT_CHANNEL_FD");
    const boost::json::value known = {
        {"worker", cohort::is_worker()},
        {"primary", cohort::is_primary()},
        {"current", is_me},
        {"id", self.id()},
        {"slot", self.slot()},
        {"pid", self.pid()},
        {"ppid", ::getppid()},
        {"app", self.app()},
        {"connected", self.is_connected()},
        {"state", cohort::primary::name(self.state())},
        {"grandchild", grandchild},
        {"variable", left == nullptr ? "" : left},
    };
    auto words = message::json(known);
    co_await self.send(std::move(words));
    co_await self.until_stopping();
    co_return 0;
}

cohort::cluster* shared_cluster = nullptr;

task<int> misuse(cohort::worker& self)
{
    auto refused = shared_cluster->fork();
    boost::json::value known = {{"forked", refused.has_value()},
                                {"workers", shared_cluster->workers().size()}};
    auto words = message::json(known);
    co_await self.send(std::move(words));
    co_return 0;
}

// The primary.

void check_role(const happening& said, const cohort::worker_info& who)
{
    const auto& known = said.said.as_object();
    expect(known.at("worker").as_bool(), "a worker knows that it is one");
    expect(!known.at("primary").as_bool(), "a worker is no primary");
    expect(known.at("current").as_bool(), "current_worker() is what main was given");
    expect(known.at("id").to_number<unsigned>() == who.id, "a worker knows its id");
    expect(known.at("slot").to_number<unsigned>() == who.slot, "a worker knows its slot");
    expect(known.at("pid").to_number<pid_t>() == who.pid, "a worker knows its pid");
    expect(known.at("ppid").to_number<pid_t>() == ::getpid(), "its parent is the primary");
    expect(known.at("app").as_string() == "roles", "a worker knows its app");
    expect(known.at("connected").as_bool(), "a worker is connected");
    expect(known.at("state").as_string() == "online", "a worker that only began is online");
    expect(known.at("grandchild").as_string() == "primary\n", "a grandchild is no worker");
    expect(known.at("variable").as_string().empty(), "the variables are removed");
}

task<> roles(stage& on)
{
    expect(cohort::is_primary(), "a primary knows that it is one");
    expect(!cohort::is_worker(), "a primary is no worker");
    expect(cohort::current_worker() == nullptr, "a primary has no current worker");

    const auto forked = on.fork("tell");
    co_await on.until("message", forked.id);
    check_role(on.find("message", forked.id), forked);

    cohort::fork_options other;
    other.exec = own_program();
    const auto executed = on.fork("tell", std::move(other));
    co_await on.until("message", executed.id);
    check_role(on.find("message", executed.id), executed);
    expect(cohort::is_primary(), "a fork does not change the role of who forks");
}

task<> misused_in_worker(stage& on)
{
    shared_cluster = &on.cluster;
    const auto who = on.fork("misuse");
    co_await on.until("exit", who.id);
    const auto known = on.find("message", who.id).said;
    expect(!known.at("forked").as_bool(), "a worker cannot fork workers");
    expect(known.at("workers").to_number<int>() == 0, "a worker has no workers");
}

task<> ids(stage& on)
{
    const auto first = co_await on.online("idle");
    const auto second = co_await on.online("idle");
    expect(first.id == 1 && second.id == 2, "ids count from 1");
    expect(first.slot == 0 && second.slot == 1, "slots count from 0");
    static_cast<void>(on.cluster.kill(first.id, SIGKILL));
    co_await on.until("exit", first.id);
    cohort::fork_options nowhere;
    nowhere.exec = "/no/such/program";
    expect(!on.cluster.fork(std::move(nowhere)), "a program that does not exist is not started");
    const auto third = co_await on.online("idle");
    expect(third.id > 2, "an id is never used again");
    expect(third.slot == 0, "a free slot is used again");
    expect(!on.cluster.worker(first.id), "the dead one's id names nobody");
}

task<> fork_returns(stage& on)
{
    const auto who = on.fork("idle");
    expect(who.state == cohort::worker_state::none, "the state after fork is none");
    expect(who.pid > 0 && who.connected && !who.dead, "it has a process and a channel");
    expect(!who.exited_after_disconnect, "nothing is known of its end");
    const auto all = on.cluster.workers();
    expect(all.size() == 1 && all.front().id == who.id, "fork fills the map at once");
    expect(on.heard.empty(), "the fork event comes later");
    co_await on.until("online", who.id);
    expect_equal(on.life_of(who.id), "fork online", "in this order");
    expect(on.find("fork", who.id).who.state == cohort::worker_state::none, "none at fork");
}

task<> fork_options(stage& on)
{
    cohort::fork_options how;
    how.env["COLOUR"] = "green";
    how.slot = 7;
    const auto seventh = on.fork("environment", std::move(how));
    expect(seventh.slot == 7, "fork takes the slot that was asked for");
    co_await on.until("message", seventh.id);
    expect_equal(on.find("message", seventh.id).said.at("COLOUR").as_string(), "green",
                 "fork's env reaches the worker");

    cohort::fork_options same;
    same.slot = 7;
    const auto taken = on.cluster.fork(std::move(same));
    expect(!taken && taken.error().why() == cohort::errc::bad_value, "a taken slot is refused");
    cohort::fork_options beyond;
    beyond.slot = 256;
    const auto none = on.cluster.fork(std::move(beyond));
    expect(!none && none.error().why() == cohort::errc::bad_value, "there are 256 slots");

    const auto lowest = on.fork("environment");
    expect(lowest.slot == 0, "without a wish it is the lowest free slot");
    co_await on.until("message", lowest.id);
    expect_equal(on.find("message", lowest.id).said.at("COLOUR").as_string(), "",
                 "one worker's env is not another's");
}

task<> spawn_failure(stage& on)
{
    cohort::fork_options nowhere;
    nowhere.exec = "/no/such/program";
    const auto refused = on.cluster.fork(std::move(nowhere));
    expect(!refused && refused.error().why().value() == ENOENT, "a missing program is a result");
    if (!refused)
        expect(refused.error().text().find("/no/such/program") != std::string::npos,
               "the fault names the program: " + refused.error().text());
    expect(on.cluster.workers().empty(), "nothing is left of a failed fork");
    expect(on.heard.empty(), "a failed fork is no event");
    const auto who = co_await on.online("idle");
    expect(who.slot == 0, "the slot was not lost");
}

task<> threads(stage& on)
{
    {
        const std::jthread other{[](std::stop_token stop) {
            ::prctl(PR_SET_NAME, "resizer");
            while (!stop.stop_requested())
                std::this_thread::yield();
        }};
        // Its name is there once it has run.
        cohort::result<cohort::worker_info> refused = on.cluster.fork();
        for (int i = 0;
             i < 100'000 && !refused && refused.error().text().find("resizer") == std::string::npos;
             ++i)
        {
            std::this_thread::yield();
            refused = on.cluster.fork();
        }
        expect(!refused && refused.error().why() == cohort::errc::threads_running,
               "a fork while threads run is refused");
        if (!refused)
            expect(refused.error().text().find("resizer") != std::string::npos,
                   "the fault names the thread: " + refused.error().text());
    }
    const auto who = co_await on.online("idle");
    expect(who.id > 0, "once the thread is gone, a fork is allowed");
}

task<> settings_merge(stage& on)
{
    const unsigned before = on.setups;
    expect(before == 1, "setup is heard once at the start");
    expect(on.cluster.settings().args.empty(), "no arguments by default");
    const auto first = on.fork("environment");

    auto done = on.cluster.setup_primary([](cohort::settings& s) { s.env["SHAPE"] = "round"; });
    expect(done.has_value() && on.setups == before + 1, "setup is heard at each change");
    done = on.cluster.setup_primary([](cohort::settings& s) { s.env["COLOUR"] = "blue"; });
    expect(done.has_value() && on.setups == before + 2, "at each, once");
    expect_equal(on.cluster.settings().env.at("SHAPE"), "round", "changes are cumulative");

    cohort::fork_options over;
    over.env["COLOUR"] = "red";
    const auto second = on.fork("environment");
    const auto third = on.fork("environment", std::move(over));
    for (const auto& who : {first, second, third})
        co_await on.until("message", who.id);
    const auto seen = [&on](const cohort::worker_info& who, const char* name) {
        return std::string{on.find("message", who.id).said.at(name).as_string()};
    };
    expect_equal(seen(first, "SHAPE"), "", "workers that live already do not change");
    expect_equal(seen(second, "SHAPE") + seen(second, "COLOUR"), "roundblue", "later ones do");
    expect_equal(seen(third, "SHAPE") + seen(third, "COLOUR"), "roundred", "fork's env wins");
}

task<> settings_refused(stage& on)
{
    const unsigned before = on.setups;
    const auto wrong = on.cluster.setup_primary([](cohort::settings& s) {
        s.lanes = 0;
        s.env["SHAPE"] = "square";
    });
    expect(!wrong && wrong.error().why() == cohort::errc::bad_value, "nonsense is refused");
    expect(!on.cluster.settings().env.contains("SHAPE"), "and nothing was changed");
    expect(on.setups == before, "and nothing was said");

    const auto later = on.cluster.setup_primary(
        [](cohort::settings& s) { s.balance = cohort::config::policy::sticky; });
    expect(!later, "the policy is fixed once the cluster runs, and it says so");
    expect(on.cluster.settings().balance == cohort::config::policy::balanced, "and it stays");
    const auto unknown = cohort::config::parse_policy("fair");
    expect(!unknown && unknown.error().why() == cohort::errc::bad_value, "no such policy");
    co_return;
}

constexpr std::array stories{
    scenario{"roles", roles},
    scenario{"misused-in-worker", misused_in_worker},
    scenario{"ids", ids},
    scenario{"fork-returns", fork_returns},
    scenario{"fork-options", fork_options},
    scenario{"spawn-failure", spawn_failure},
    scenario{"threads", threads},
    scenario{"settings-merge", settings_merge},
    scenario{"settings-refused", settings_refused},
};

constexpr std::array parts{role{"tell", tell}, role{"misuse", misuse}};

}  // namespace

std::span<const scenario> roles_scenarios() { return stories; }
std::span<const role> roles_roles() { return parts; }

}  // namespace actor
