// The life of a worker, from the fork to its last event: rows 1.2, 1.3 and 1.4 of node-cluster.md.

#include "stage.hpp"

#include <cohort/async/deadline.hpp>
#include <cohort/testing/harness.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

namespace actor {

namespace {

using cohort::worker_state;

// Workers.

task<int> idle(cohort::worker& self)
{
    co_await self.until_stopping();
    co_return 0;
}

/// Speaks, listens, and leaves by itself once it is told so.
task<int> whole_life(cohort::worker& self)
{
    auto words = message::json("good morning");
    co_await self.send(std::move(words));
    auto door = co_await self.listen("127.0.0.1:0");
    const boost::json::string state{cohort::primary::name(self.state())};
    auto again = message::json(state);
    co_await self.send(std::move(again));
    co_await ask_permission(self);
    self.disconnect();
    self.disconnect();
    expect(self.state() == worker_state::disconnecting, "a worker that leaves is disconnecting");
    co_await self.until_stopping();
    co_return 0;
}

task<int> spin(cohort::worker& self)
{
    auto words = message::json("spinning");
    co_await self.send(std::move(words));
    for (volatile bool for_ever = true; for_ever;) {
    }
    co_return 0;
}

task<> take_time(cohort::nanoseconds budget)
{
    expect(budget > 0s && budget <= patience, "a drain hook learns its budget");
    co_await cohort::sleep_for(300ms);
}

/// Needs 300 ms to drain, and says when it begins and when it has ended.
task<int> slow_drain(cohort::worker& self)
{
    self.on_drain(take_time);
    bool told = false;
    self.on_stop([&told] { told = true; });
    co_await self.until_stopping();
    expect(told, "on_stop is heard before until_stopping() completes");
    expect(self.stopping(), "a draining worker is stopping");
    co_await self.until_drained();
    auto words = message::json("drained");
    co_await self.send(std::move(words));
    co_return 0;
}

/// Never finishes what it does.
task<int> stubborn(cohort::worker& self)
{
    self.spawn(cohort::sleep_for(1h));
    co_await self.until_stopping();
    co_return 0;
}

constexpr std::array parts{
    role{"idle", idle},         role{"whole-life", whole_life},
    role{"spin", spin},         role{"slow-drain", slow_drain},
    role{"stubborn", stubborn},
};

// The primary.

task<> events(stage& on)
{
    on.may_go_on = false;
    const auto who = on.fork("whole-life");
    co_await on.until("message", who.id, 2);
    expect(on.cluster.worker(who.id)->state == worker_state::listening, "it listens");
    on.may_go_on = true;
    on.look_again();
    co_await on.until("exit", who.id);
    expect(on.setups == 1, "setup came first, once");
    expect_equal(on.life_of(who.id), "fork online message listening message disconnect exit",
                 "the events of a life");

    const auto state = [&on, &who](std::string_view what) {
        return on.find(what, who.id).who.state;
    };
    expect(state("fork") == worker_state::none, "none at fork");
    expect(state("online") == worker_state::online, "online at online");
    expect(state("listening") == worker_state::listening, "listening at listening");
    expect(state("disconnect") == worker_state::disconnected, "disconnected at disconnect");
    expect(state("exit") == worker_state::dead, "dead at exit");

    const auto where = on.find("listening", who.id).where;
    expect(where && where->port != 0, "the real port, although 0 was asked for");
    expect_equal(where->asked, "tcp://127.0.0.1:0", "what was asked");
    expect_equal(where->endpoint, fmt::format("tcp://127.0.0.1:{}", where->port), "and where");
    expect(on.find("exit", who.id).who.exited_after_disconnect == true, "it left on purpose");
    expect(on.find("exit", who.id).end->code() == 0, "in peace");
    expect_equal(on.heard[3].said.is_null() ? "" : "a message", "", "listening carries no message");
    // Its second message says what it knew of itself after it listened.
    std::string last;
    for (const happening& h : on.heard) {
        if (h.what == "message")
            last = h.said.as_string();
    }
    expect_equal(last, "listening", "the worker's own state");
}

/// What is known at each stage, first by a worker_info, then by asking the cluster.
task<> connected_and_dead(stage& on)
{
    const auto id = on.fork("idle").id;
    expect(on.cluster.is_connected(id) && !on.cluster.is_dead(id), "after fork");
    co_await on.until("online", id);
    expect(on.cluster.is_connected(id) && !on.cluster.is_dead(id), "online");
    expect(on.cluster.disconnect(id).has_value(), "disconnect");
    expect(on.cluster.is_connected(id), "connected until the channel has ended");
    expect(on.cluster.worker(id)->exited_after_disconnect == true, "the flag is set at once");
    co_await on.until("disconnect", id);
    expect(!on.cluster.is_connected(id), "after its channel's end");
    expect(!on.find("disconnect", id).who.connected, "what the disconnect hook is given");
    co_await on.until("exit", id);
    expect(on.cluster.is_dead(id) && !on.cluster.is_connected(id), "after its end");
    expect(on.find("exit", id).who.dead, "what the exit hook is given");
    expect(!on.cluster.is_dead(99) && !on.cluster.is_connected(99), "there is no worker 99");
}

task<> map_of_workers(stage& on)
{
    // A program of another kind: it closes its channel and lives on.
    cohort::fork_options how;
    how.exec = "/bin/sh";
    how.args = std::vector<std::string>{"-c", "exec 3>&-; exec tail -f /dev/null"};
    const auto who = on.fork("", std::move(how));
    co_await on.until("disconnect", who.id);
    expect(cohort::testing::is_alive(who.pid), "the process is there without its channel");
    const auto known = on.cluster.worker(who.id);
    expect(known && !known->connected && !known->dead, "the record stays, as disconnected");
    static_cast<void>(on.cluster.kill(who.id, SIGKILL));
    co_await on.until("exit", who.id);
    expect(!on.cluster.worker(who.id), "once both have ended, the record is gone");
    expect(on.find("exit", who.id).workers_known == 0, "the exit hook finds it gone already");

    // One that is asked to leave stays in the map until it has left.
    on.may_go_on = true;
    const auto slow = co_await on.online("slow-drain");
    static_cast<void>(on.cluster.disconnect(slow.id));
    expect(on.cluster.worker(slow.id).has_value(), "a worker that drains is still ours");
    co_await on.until("message", slow.id);
    expect(on.cluster.worker(slow.id).has_value(), "until its end");
    co_await on.until("exit", slow.id);
    expect(on.cluster.workers().empty(), "nobody is left");
}

task<> disconnect_twice(stage& on)
{
    // Node 6 to 26: the second one crashes a worker that has nothing to close.
    const auto who = co_await on.online("idle");
    expect(on.cluster.disconnect(who.id).has_value(), "the first time");
    expect(on.cluster.disconnect(who.id).has_value(), "the second time");
    co_await on.until("disconnect", who.id);
    expect(on.cluster.disconnect(who.id).has_value(), "after its channel's end");
    co_await on.until("exit", who.id);
    expect(on.cluster.disconnect(who.id).has_value(), "after its end");
    expect(on.find("exit", who.id).end->code() == 0, "it left in peace");
    expect(on.count("exit", who.id) == 1, "once");
    const auto nobody = on.cluster.disconnect(99);
    expect(!nobody && nobody.error().why() == cohort::errc::no_such_worker, "worker 99");

    // While it is being born, too.
    const auto young = on.fork("idle");
    static_cast<void>(on.cluster.disconnect(young.id));
    static_cast<void>(on.cluster.disconnect(young.id));
    co_await on.until("exit", young.id);
    expect(on.find("exit", young.id).end->code() == 0, "a young one leaves in peace, too");
    expect(on.find("exit", young.id).who.exited_after_disconnect == true, "on purpose");
}

task<> concurrent_disconnect(stage& on)
{
    // Everybody leaves, by request and by itself, while everybody is sent messages.
    std::vector<std::uint32_t> ids;
    for (const auto* role : {"whole-life", "idle", "whole-life", "idle"})
        ids.push_back((co_await on.online(role)).id);
    for (const auto id : ids) {
        static_cast<void>(on.cluster.disconnect(id));
        for (int i = 0; i < 20; ++i) {
            auto words = message::json(i);
            static_cast<void>(on.cluster.try_send(id, words));
        }
    }
    for (const auto id : ids) {
        co_await on.until("exit", id);
        expect(on.find("exit", id).end->code() == 0, "all leave in peace");
    }
}

task<> disconnect_all(stage& on)
{
    // Node 20 to 26 call back when the first worker is gone.
    const auto quick = co_await on.online("idle");
    const auto other = co_await on.online("idle");
    const auto slow = co_await on.online("slow-drain");
    const auto report = co_await on.cluster.disconnect(patience);
    expect(on.count("exit") == 3, "all exits were heard before it completed");
    expect(on.count("message", slow.id) == 1, "also the slow one drained");
    expect(on.cluster.workers().empty(), "nobody is left");
    for (const auto& who : {quick, other, slow})
        expect(!cohort::testing::is_alive(who.pid), "no process is left");
    expect(report.left.size() == 3 && report.forced.empty(), "all left in time");

    const auto again = co_await on.online("idle");
    expect(again.id == slow.id + 1, "the cluster can be filled again");
}

task<> disconnect_nobody(stage& on)
{
    const auto began = cohort::now();
    const auto report = co_await on.cluster.disconnect(patience);
    expect(report.left.empty() && report.forced.empty(), "nobody left");
    expect(cohort::now() - began < 5s, "and nothing was waited for");
}

task<> disconnect_forced(stage& on)
{
    const auto good = co_await on.online("idle");
    const auto stuck = on.fork("spin");
    const auto busy = co_await on.online("stubborn");
    co_await on.until("message", stuck.id);
    const auto report = co_await on.cluster.disconnect(500ms);
    expect(on.count("exit") == 3 && on.cluster.workers().empty(), "nobody is left");
    expect(report.left.size() == 2 && report.forced.size() == 1, "one had to be forced");
    expect(!report.forced.empty() && report.forced.front() == stuck.id, "the one in a loop");
    expect(on.find("exit", stuck.id).end->signal() == SIGKILL, "by SIGKILL");
    expect(on.find("exit", good.id).end->code() == 0, "the idle one left");
    expect(on.find("exit", busy.id).end->code().has_value(), "the stubborn one left by itself");
    expect(on.find("exit", stuck.id).who.exited_after_disconnect == true, "all were asked to");
}

task<> kill_in_loop(stage& on)
{
    const auto who = on.fork("spin");
    co_await on.until("message", who.id);
    expect(on.cluster.kill(who.id, SIGKILL).has_value(), "kill");
    const auto end = co_await on.cluster.exited(who.id, patience);
    expect(end && end->signal() == SIGKILL && !end->code(), "it died of the signal");
    expect_equal(on.life_of(who.id), "fork online message disconnect exit", "its life");
    expect(on.find("exit", who.id).who.exited_after_disconnect == false, "not on purpose");

    const auto odd = co_await on.online("idle");
    const auto no_signal = on.cluster.kill(odd.id, 12345);
    expect(!no_signal && no_signal.error().why().value() == EINVAL, "there is no such signal");
    const auto nobody = on.cluster.kill(who.id, SIGTERM);
    expect(!nobody && nobody.error().why() == cohort::errc::no_such_worker, "the dead are safe");
    // TERM asks: the worker drains.
    static_cast<void>(on.cluster.kill(odd.id, SIGTERM));
    co_await on.until("exit", odd.id);
    expect(on.find("exit", odd.id).end->code() == 0, "TERM is a wish, and it is heard");
    expect(on.find("exit", odd.id).who.exited_after_disconnect == true, "it said that it leaves");
}

task<> exited(stage& on)
{
    const auto who = co_await on.online("idle");
    const auto early = co_await on.cluster.exited(who.id, 10ms);
    expect(!early && early.error().why() == cohort::errc::deadline_passed, "it lives");
    static_cast<void>(on.cluster.disconnect(who.id));
    const auto end = co_await on.cluster.exited(who.id, patience);
    expect(end && end->success(), "its end");
    const auto again = co_await on.cluster.exited(who.id, patience);
    expect(again && again->success(), "its end is remembered");
    const auto nobody = co_await on.cluster.exited(99, patience);
    expect(!nobody && nobody.error().why() == cohort::errc::no_such_worker, "worker 99");
}

constexpr std::array stories{
    scenario{"events", events},
    scenario{"connected-and-dead", connected_and_dead},
    scenario{"map-of-workers", map_of_workers},
    scenario{"disconnect-twice", disconnect_twice},
    scenario{"concurrent-disconnect", concurrent_disconnect},
    scenario{"disconnect-all", disconnect_all},
    scenario{"disconnect-nobody", disconnect_nobody},
    scenario{"disconnect-forced", disconnect_forced},
    scenario{"kill-in-loop", kill_in_loop},
    scenario{"exited", exited},
};

}  // namespace

std::span<const scenario> life_scenarios() { return stories; }
std::span<const role> common_roles() { return parts; }

}  // namespace actor
