#include <cohort/ipc/call.hpp>

#include <cohort/ipc/two_ends_test.hpp>

#include <doctest/doctest.h>

#include <memory>

using namespace cohort;
using namespace cohort::ipc;
using namespace cohort::ipc::testing;

namespace {

/// The left end asks; the right end records questions and answers when a test says so.
struct conversation {
    conversation()
    {
        ends.left.start(
            [this](envelope&& what) noexcept {
                if (what.is(flags::answer))
                    asking.settle(std::move(what));
            },
            [this](std::optional<fault>) noexcept {
                asking.fail_all(fault(make_error_code(errc::channel_closed), "call"));
            });
        ends.right.start(ends.right_heard.take(), ends.right_heard.closed());
    }
    ~conversation()
    {
        askers.stop();
        ends.run([&] { return askers.size() == 0; });
    }

    void ask(std::string question, nanoseconds budget, std::optional<result<envelope>>& outcome)
    {
        askers.spawn(ask_one(asking, envelope{1, std::move(question)}, budget, outcome));
    }

    void answer(const envelope& question, std::string words)
    {
        envelope reply = answer_to(question);
        reply.body = std::move(words);
        must_send(ends.right, std::move(reply));
    }

    std::vector<envelope>& questions() { return ends.right_heard.came; }

    static awaitable<> ask_one(calls& over, envelope what, nanoseconds budget,
                               std::optional<result<envelope>>& outcome)
    {
        auto answered = co_await over.ask(std::move(what), budget);
        outcome.emplace(std::move(answered));
    }

    two_ends ends;
    calls asking{ends.loop.get_executor(), ends.left};
    scope askers{ends.loop.get_executor()};
};

}  // namespace

TEST_CASE("each call gets its own answer, in whatever order they come")
{
    conversation talk;
    std::vector<std::optional<result<envelope>>> outcomes(100);
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        talk.ask(std::to_string(i), 5s, outcomes[i]);
    talk.ends.run([&] { return talk.questions().size() == outcomes.size(); });
    for (auto at = talk.questions().rbegin(); at != talk.questions().rend(); ++at) {
        CHECK(at->is(flags::request));
        talk.answer(*at, "answer " + at->body);
    }
    talk.ends.run([&] { return talk.asking.pending() == 0; });
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        REQUIRE(outcomes[i]);
        REQUIRE(outcomes[i]->has_value());
        CHECK((*outcomes[i])->body == "answer " + std::to_string(i));
    }
}

TEST_CASE("a call ends at its deadline, and its late answer is dropped and counted")
{
    conversation talk;
    std::optional<result<envelope>> outcome;
    talk.ask("slow", 20ms, outcome);
    talk.ends.run([&] { return outcome && talk.questions().size() == 1; });
    REQUIRE_FALSE(outcome->has_value());
    CHECK(outcome->error().why() == errc::deadline_passed);
    CHECK(talk.asking.pending() == 0);

    talk.answer(talk.questions().front(), "too late");
    talk.ends.run([&] { return talk.asking.late() == 1; });
}

TEST_CASE("every pending call fails when the channel ends")
{
    conversation talk;
    std::optional<result<envelope>> first;
    std::optional<result<envelope>> second;
    talk.ask("one", 10s, first);
    talk.ask("two", 10s, second);
    talk.ends.run([&] { return talk.questions().size() == 2; });
    talk.ends.right.close();
    talk.ends.run([&] { return first && second; });
    CHECK(first->error().why() == errc::channel_closed);
    CHECK(second->error().why() == errc::channel_closed);

    std::optional<result<envelope>> third;
    talk.ask("three", 10s, third);
    talk.ends.run([&] { return third.has_value(); });
    CHECK(third->error().why() == errc::channel_closed);
}

TEST_CASE("a cancelled call leaves nothing behind")
{
    conversation talk;
    std::optional<result<envelope>> outcome;
    talk.ask("never mind", 10s, outcome);
    talk.ends.run([&] { return talk.questions().size() == 1; });
    talk.askers.stop();
    talk.ends.run([&] { return talk.askers.size() == 0; });
    CHECK(talk.asking.pending() == 0);
    CHECK((!outcome || outcome->error().why() == errc::cancelled));
}

TEST_CASE("answers carry descriptors and refusals like any envelope")
{
    conversation talk;
    std::optional<result<envelope>> outcome;
    talk.ask("a pipe, please", 5s, outcome);
    talk.ends.run([&] { return talk.questions().size() == 1; });
    envelope reply = answer_to(talk.questions().front());
    reply.flags |= flags::refusal;
    reply.cargo.push_back(descriptor_that_says("pipe"));
    must_send(talk.ends.right, std::move(reply));
    talk.ends.run([&] { return outcome.has_value(); });
    REQUIRE(outcome->has_value());
    CHECK((*outcome)->is(flags::refusal));
    CHECK(what_it_says((*outcome)->cargo.front()) == "pipe");
}
