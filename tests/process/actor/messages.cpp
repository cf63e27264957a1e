// Messages and requests: row 1.5 of node-cluster.md.

#include "stage.hpp"

#include <cohort/async/deadline.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cmath>
#include <csignal>
#include <limits>
#include <string>
#include <utility>

#include <unistd.h>

namespace actor {

namespace {

constexpr unsigned many = 1000;

// Workers.

task<> send_back(cohort::worker& self, message what) { co_await self.send(std::move(what)); }

/// Sends back all that comes, with its descriptors.
task<int> echo(cohort::worker& self)
{
    self.on_message([&self](message& what) { self.spawn(send_back(self, std::move(what))); });
    co_await self.until_stopping();
    co_return 0;
}

/// Sets its handler only once the primary says so, and tells what it heard then.
task<int> late_listener(cohort::worker& self)
{
    co_await ask_permission(self);
    boost::json::array heard;
    self.on_message([&heard](message& what) { heard.push_back(what.json()); });
    auto words = message::json(heard);
    co_await self.send(std::move(words));
    co_await self.until_stopping();
    co_return 0;
}

/// Counts to a thousand and is gone; each way of leaving has its role.
task<> count_up(cohort::worker& self)
{
    for (unsigned i = 0; i < many; ++i) {
        auto words = message::json(i);
        co_await self.send(std::move(words));
    }
}

task<int> count_and_quit(cohort::worker& self)
{
    co_await count_up(self);
    co_await self.quit(0);
    co_return 1;
}

task<int> count_and_return(cohort::worker& self)
{
    co_await count_up(self);
    co_return 0;
}

task<int> broadcast_and_quit(cohort::worker& self)
{
    for (unsigned i = 0; i < many; ++i) {
        auto words = message::json(i);
        co_await self.broadcast(std::move(words));
    }
    co_await self.quit(0);
    co_return 1;
}

/// Tells the primary what it heard, and from whom.
task<int> gossip(cohort::worker& self)
{
    self.on_message([&self](std::uint32_t from, message& what) {
        const boost::json::value heard = {{"from", from}, {"heard", what.json()}};
        self.spawn(send_back(self, message::json(heard)));
    });
    co_await self.until_stopping();
    co_return 0;
}

/// Greets the worker whose id the primary names, then everybody, then somebody who is dead.
task<int> greeter(cohort::worker& self)
{
    auto question = message::json("whom?");
    const auto answer = co_await self.request(std::move(question), patience);
    expect(answer.json().at("asked") == "whom?", "the primary answers");
    auto personal = message::json("hello you");
    co_await self.send_to(2, std::move(personal));
    auto general = message::json("hello all");
    co_await self.broadcast(std::move(general));
    auto lost = message::json("hello?");
    const auto sent = co_await self.try_send_to(99, std::move(lost));
    expect(!sent && sent.error().why() == cohort::errc::no_such_worker, "worker 99 is nobody");
    auto asked = message::json("are you there?");
    std::string words;
    try {
        co_await self.request_of(99, std::move(asked), patience);
    } catch (const cohort::failure& refused) {
        if (refused.why().why() == cohort::errc::no_such_worker)
            words = "nobody";
    }
    expect_equal(words, "nobody", "worker 99 cannot be asked");
    co_await self.until_stopping();
    co_return 0;
}

task<message> answer_question(std::uint32_t from, message question)
{
    const auto& asked = question.json();
    if (asked == "throw")
        throw std::runtime_error{"I do not know"};
    if (asked == "never")
        co_await cohort::sleep_for(1h);
    if (asked == "die")
        ::kill(::getpid(), SIGKILL);
    if (asked == "descriptor") {
        auto reply = message::json("here");
        reply.attach(pipe_with("from the worker"));
        co_return reply;
    }
    const boost::json::value said = {{"from", from}, {"asked", asked}};
    co_return message::json(said);
}

task<int> answerer(cohort::worker& self)
{
    self.on_request(answer_question);
    co_await self.until_stopping();
    co_return 0;
}

/// Errors of requests as words.
task<std::string> outcome_of(cohort::worker& self, std::uint32_t id, std::string asked,
                             cohort::nanoseconds deadline)
{
    try {
        auto question = message::json(boost::json::string{asked});
        const auto reply = co_await self.request_of(id, std::move(question), deadline);
        co_return boost::json::serialize(reply.json());
    } catch (const cohort::failure& why) {
        co_return why.why().text();
    }
}

/// Asks worker 1 and the primary all kinds of questions.
task<int> asker(cohort::worker& self)
{
    boost::json::object said;
    said["good"] = co_await outcome_of(self, 1, "good", patience);
    said["throw"] = co_await outcome_of(self, 1, "throw", patience);
    said["never"] = co_await outcome_of(self, 1, "never", 50ms);
    said["primary throw"] = co_await outcome_of(self, 0, "throw", patience);
    said["primary"] = co_await outcome_of(self, 0, "good", patience);
    said["die"] = co_await outcome_of(self, 1, "die", patience);
    auto words = message::json(said);
    co_await self.send(std::move(words));
    co_await self.until_stopping();
    co_return 0;
}

constexpr std::array parts{
    role{"echo", echo},
    role{"late-listener", late_listener},
    role{"count-and-quit", count_and_quit},
    role{"count-and-return", count_and_return},
    role{"broadcast-and-quit", broadcast_and_quit},
    role{"gossip", gossip},
    role{"greeter", greeter},
    role{"answerer", answerer},
    role{"asker", asker},
};

// The primary.

task<> kinds(stage& on)
{
    const auto who = co_await on.online("echo");
    const auto all = boost::json::parse(R"([null, true, false, 0, -1, 9223372036854775807,
        18446744073709551615, 0.1, -2.5e300, "", "grüß Gott", "\u0000", [], {}, [[1], {"a": []}],
        {"cmd": "NODE_CLUSTER", "act": "exit", "": 1}, "x"])")
                         .as_array();
    for (const auto& value : all) {
        auto words = message::json(value);
        expect((co_await on.cluster.send(who.id, std::move(words), patience)).has_value(), "send");
    }
    std::string bytes;
    for (int i = 0; i < 256; ++i)
        bytes += static_cast<char>(i);
    auto binary = message::binary(bytes);
    expect((co_await on.cluster.send(who.id, std::move(binary), patience)).has_value(), "send");
    auto empty = message::binary("");
    expect((co_await on.cluster.send(who.id, std::move(empty), patience)).has_value(), "send");
    co_await on.until("message", who.id, all.size() + 2);

    std::vector<happening> back;
    for (const happening& h : on.heard) {
        if (h.what == "message")
            back.push_back(h);
    }
    for (std::size_t i = 0; i < all.size() && i < back.size(); ++i)
        expect(back[i].said == all[i], "as it was sent: " + boost::json::serialize(all[i]));
    expect(back.size() == all.size() + 2 && back[all.size()].bytes == bytes, "bytes stay bytes");

    auto not_json = message::json(std::numeric_limits<double>::infinity());
    const auto refused = on.cluster.try_send(who.id, not_json);
    expect(!refused && refused.error().why() == cohort::errc::bad_value, "infinity is refused");
}

task<> order(stage& on)
{
    const auto who = co_await on.online("echo");
    for (int i = 0; i < 60; ++i) {
        auto words = message::json(i);
        if (i % 3 == 0)
            words.attach(pipe_with(fmt::format("{}", i)));
        const auto sent = co_await on.cluster.send(who.id, std::move(words), patience);
        expect(sent.has_value(), "send");
    }
    co_await on.until("message", who.id, 60);
    int next = 0;
    for (const happening& h : on.heard) {
        if (h.what == "message")
            expect(h.said.to_number<int>() == next++, "in order");
    }
    expect(on.messages.size() == 20, "each descriptor came with one message");
    for (message& each : on.messages) {
        const auto reads = each.take_descriptor();
        expect_equal(read_all(reads.borrow()), boost::json::serialize(each.json()),
                     "the descriptor came with its own message");
    }
}

task<> to_the_dead(stage& on)
{
    const auto who = co_await on.online("end-42");
    co_await on.until("exit", who.id);
    auto words = message::json(1);
    const auto queued = on.cluster.try_send(who.id, words);
    expect(!queued && queued.error().why() == cohort::errc::no_such_worker, "try_send");
    expect(words.json() == 1, "a message that was not taken is untouched");
    const auto sent = co_await on.cluster.send(who.id, std::move(words), patience);
    expect(!sent && sent.error().why() == cohort::errc::no_such_worker, "send");
    auto question = message::json(1);
    const auto asked = co_await on.cluster.request(who.id, std::move(question), patience);
    expect(!asked && asked.error().why() == cohort::errc::no_such_worker, "request");

    // Its process is dead, but nobody has told us yet: the message is lost, with an error or not,
    // and nothing else happens.
    const auto next = co_await on.online("idle");
    ::kill(next.pid, SIGKILL);
    auto last = message::json(2);
    static_cast<void>(co_await on.cluster.send(next.id, std::move(last), patience));
    co_await on.until("exit", next.id);

    // One whose channel ends while the message waits for room hears of it.
    const auto asleep = co_await on.online("idle");
    static_cast<void>(on.cluster.kill(asleep.id, SIGSTOP));
    auto much = message::binary(std::string(8 << 20, 'x'));
    expect(on.cluster.try_send(asleep.id, much).has_value(), "the first is taken");
    auto more = message::json("waits");
    ::kill(asleep.pid, SIGKILL);
    const auto lost = co_await on.cluster.send(asleep.id, std::move(more), patience);
    expect(!lost, "a message that could not be written is an error");
    co_await on.until("exit", asleep.id);
}

task<> early(stage& on)
{
    on.may_go_on = false;
    const auto who = on.fork("late-listener");
    for (int i = 0; i < 100; ++i) {
        auto words = message::json(i);
        expect(on.cluster.try_send(who.id, words).has_value(), "sent before it is born");
    }
    co_await on.until("online", who.id);
    on.may_go_on = true;
    on.look_again();
    co_await on.until("message", who.id);
    const auto said = on.find("message", who.id).said;
    const auto& heard = said.as_array();
    expect(heard.size() == 100, fmt::format("all are kept, heard {}", heard.size()));
    for (std::size_t i = 0; i < heard.size(); ++i)
        expect(heard[i].to_number<std::size_t>() == i, "in their order");
}

task<> send_and_leave(stage& on)
{
    for (const auto* role : {"count-and-quit", "count-and-return", "broadcast-and-quit"}) {
        const auto who = on.fork(role);
        co_await on.until("exit", who.id);
        expect(on.count("message", who.id) == many,
               fmt::format("{}: {} of {}", role, on.count("message", who.id), many));
        unsigned next = 0;
        for (const happening& h : on.heard) {
            if (h.what == "message" && h.who.id == who.id)
                expect(h.said.to_number<unsigned>() == next++, "in order");
        }
        expect(on.find("exit", who.id).end->code() == 0, "in peace");
    }
}

task<> relay(stage& on)
{
    on.may_go_on = false;
    const auto greets = on.fork("greeter");
    const auto second = co_await on.online("gossip");
    const auto third = co_await on.online("gossip");
    expect(second.id == 2, "the second is 2");
    on.may_go_on = true;
    on.look_again();
    co_await on.until("message", greets.id);
    co_await on.until("message", second.id, 2);
    co_await on.until("message", third.id);
    expect(on.find("message", greets.id).said == "hello all", "the primary hears a broadcast");
    const boost::json::value alone = {{"from", greets.id}, {"heard", "hello you"}};
    const boost::json::value all = {{"from", greets.id}, {"heard", "hello all"}};
    expect(on.find("message", second.id).said == alone, "worker to worker, with the sender's id");
    expect(on.find("message", third.id).said == all, "the others hear a broadcast");

    auto news = message::json("news");
    news.attach(pipe_with("x"));
    const auto told = co_await on.cluster.broadcast(std::move(news), patience);
    expect(told.has_value(), "broadcast of the primary");
    co_await on.until("message", second.id, 3);
    co_await on.until("message", third.id, 2);
    expect(on.heard.back().said.at("from") == 0, "0 is the primary");
    expect(on.count("error") == 0, "nothing was lost");
}

task<> requests(stage& on)
{
    const auto answers = co_await on.online("answerer");
    auto question = message::json("good");
    auto reply = co_await on.cluster.request(answers.id, std::move(question), patience);
    expect(reply && reply->json().at("from") == 0, "0 is the primary");

    question = message::json("throw");
    reply = co_await on.cluster.request(answers.id, std::move(question), patience);
    expect(!reply && reply.error().text().find("I do not know") != std::string::npos,
           "an exception is the asker's failure, with its words");
    question = message::json("never");
    const auto began = cohort::now();
    reply = co_await on.cluster.request(answers.id, std::move(question), 50ms);
    expect(!reply && reply.error().why() == cohort::errc::deadline_passed, "the deadline");
    expect(cohort::now() - began >= 50ms, "not before its time");

    question = message::json("descriptor");
    reply = co_await on.cluster.request(answers.id, std::move(question), patience);
    expect(reply && reply->descriptors().size() == 1, "an answer may carry a descriptor");
    if (reply && reply->descriptors().size() == 1)
        expect_equal(read_all(reply->take_descriptor().borrow()), "from the worker", "it works");

    const auto asks = co_await on.online("asker");
    co_await on.until("message", asks.id);
    const auto said = on.find("message", asks.id).said.as_object();
    const auto has = [&said](const char* which, std::string_view part) {
        const std::string got{said.at(which).as_string()};
        expect(got.find(part) != std::string::npos, fmt::format("{}: {}", which, got));
    };
    has("good", fmt::format(R"("from":{})", asks.id));
    has("throw", "I do not know");
    has("never", make_error_code(cohort::errc::deadline_passed).message());
    has("primary", R"("asked":"good")");
    has("primary throw", "the primary's answer failed");
    has("die", make_error_code(cohort::errc::worker_gone).message());
    co_await on.until("exit", answers.id);

    const auto next = co_await on.online("answerer");
    question = message::json("die");
    reply = co_await on.cluster.request(next.id, std::move(question), patience);
    expect(!reply && reply.error().why() == cohort::errc::worker_gone, "it died while asked");
}

constexpr std::array stories{
    scenario{"kinds", kinds},
    scenario{"order", order},
    scenario{"to-the-dead", to_the_dead},
    scenario{"early", early},
    scenario{"send-and-leave", send_and_leave},
    scenario{"relay", relay},
    scenario{"requests", requests},
};

}  // namespace

std::span<const scenario> message_scenarios() { return stories; }
std::span<const role> message_roles() { return parts; }

}  // namespace actor
