#include <cohort/board/flight.hpp>

#include <cohort/board/segment.hpp>
#include <cohort/board/slow_text_test.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::board;

namespace {

/// A board with its recorder; this process writes on the page of one worker.
struct cockpit {
    explicit cockpit(unsigned slots = 1)
        : board{segment::create({.slots = slots}).value()},
          recorder{flight_recorder::open(board.commons()).value()}
    {}
    ~cockpit() { flight::record_on(nullptr); }

    flight_page& fly(std::uint32_t slot, std::uint32_t worker)
    {
        auto* const page =
            recorder.page_for({.slot = slot, .worker = worker, .process = 100 + worker}).value();
        flight::record_on(page);
        return *page;
    }
    flight_reading read(std::uint32_t slot, std::uint32_t worker) const
    {
        return recorder.read(slot, worker).value();
    }

    segment board;
    flight_recorder recorder;
};

flight_event numbered(std::uint32_t subject)
{
    return {.kind = flight_kind::note, .subject = subject, .text = "n"};
}

}  // namespace

TEST_CASE("what a worker did last is read as it was written, the oldest first")
{
    cockpit at;
    at.fly(0, 7);
    flight::request_begins(12, "GET", "/users/7?token=secret");
    flight::note({.kind = flight_kind::answered,
                  .number = 200,
                  .subject = 12,
                  .took = std::chrono::microseconds{1500},
                  .text = "/users/{id}"});
    flight::line(R"({"level":"info","message":"hello"})");
    const flight_reading seen = at.read(0, 7);
    CHECK(seen.process == 107);
    CHECK(seen.total == 2);
    CHECK(seen.lost == 0);
    REQUIRE(seen.events.size() == 2);
    CHECK(seen.events[0].kind == flight_kind::begun);
    CHECK(seen.events[0].text == "GET /users/7");
    CHECK(seen.events[0].subject == 12);
    CHECK(seen.events[1].kind == flight_kind::answered);
    CHECK(seen.events[1].number == 200);
    CHECK(seen.events[1].took == std::chrono::microseconds{1500});
    CHECK(seen.events[1].text == "/users/{id}");
    CHECK(seen.events[1].when_ns >= seen.events[0].when_ns);
    CHECK(seen.lines == std::vector<std::string>{R"({"level":"info","message":"hello"})"});
}

TEST_CASE("what happens many times in a row is one event that counts")
{
    cockpit at;
    at.fly(0, 1);
    for (int i = 0; i < 1000; ++i)
        flight::count({.kind = flight_kind::handed, .number = 2});
    flight::count({.kind = flight_kind::handed, .number = 3});
    flight::count({.kind = flight_kind::handed, .number = 3, .text = "successor"});
    flight::note(numbered(7));
    flight::count({.kind = flight_kind::handed, .number = 3});
    flight::count({.kind = flight_kind::taken, .number = 3});
    std::thread{[] { flight::count({.kind = flight_kind::taken, .number = 3}); }}.join();
    const flight_reading seen = at.read(0, 1);
    CHECK(seen.total == 7);
    REQUIRE(seen.events.size() == 7);
    CHECK(seen.events[0].subject == 1000);
    CHECK(seen.events[0].number == 2);
    CHECK(seen.events[1].subject == 1);
    CHECK(seen.events[2].text == "successor");
    CHECK(seen.events[4].subject == 1);
    CHECK(seen.events[5].kind == flight_kind::taken);
    CHECK(seen.events[6].subject == 1);
}

TEST_CASE("without a page nothing is recorded, and nothing happens")
{
    cockpit at;
    CHECK_FALSE(flight::is_recording());
    flight::note(numbered(1));
    flight::count(numbered(1));
    flight::line("lost");
    CHECK_FALSE(at.recorder.read(0, 1));
    CHECK(at.recorder.page_for({.slot = slots_max, .worker = 1, .process = 1}).error().why() ==
          errc::bad_value);
    CHECK(at.recorder.page_for({.slot = 0, .worker = 0, .process = 1}).error().why() ==
          errc::bad_value);
}

TEST_CASE("the last ones are kept, and how many there were")
{
    cockpit at;
    at.fly(0, 1);
    for (std::uint32_t i = 1; i <= 1000; ++i) {
        flight::note(numbered(i));
        flight::line(std::to_string(i));
    }
    const flight_reading seen = at.read(0, 1);
    CHECK(seen.total == 1000);
    REQUIRE(seen.events.size() == flight_loop_events);
    CHECK(seen.events.front().subject == 1000 - flight_loop_events + 1);
    CHECK(seen.events.back().subject == 1000);
    REQUIRE(seen.lines.size() == flight_lines);
    CHECK(seen.lines.back() == "1000");
}

TEST_CASE("a successor does not write over what the dead one left, nor do two more")
{
    cockpit at;
    at.fly(0, 1);
    flight::note(numbered(41));
    for (std::uint32_t worker = 2; worker <= 3; ++worker) {
        at.fly(0, worker);
        for (std::uint32_t i = 0; i < 1000; ++i)
            flight::note(numbered(worker));
        CHECK(at.read(0, 1).events.at(0).subject == 41);
    }
    at.fly(0, 4);
    CHECK_FALSE(at.recorder.read(0, 1));
    CHECK(at.read(0, 4).events.empty());
    CHECK(at.read(0, 2).total == 1000);
}

TEST_CASE("slots have pages of their own")
{
    cockpit at{3};
    at.fly(2, 9);
    flight::note(numbered(5));
    CHECK_FALSE(at.recorder.read(0, 9));
    CHECK(at.read(2, 9).total == 1);
}

TEST_CASE("who still writes when its page is another one's writes nowhere")
{
    cockpit at;
    flight_page& page = at.fly(0, 1);
    REQUIRE(flight::is_recording());
    for (std::uint32_t worker = 2; worker <= 4; ++worker)
        static_cast<void>(
            at.recorder.page_for({.slot = 0, .worker = worker, .process = worker}).value());
    CHECK(static_cast<std::uint32_t>(page.owner.load()) == 4);
    CHECK_FALSE(flight::is_recording());
    flight::note(numbered(1));
    flight::line("not mine");
    CHECK(at.read(0, 4).total == 0);
    CHECK(at.read(0, 4).lines.empty());
}

TEST_CASE("who is stopped while it writes, and loses its page meanwhile, does not count there")
{
    static cockpit* its = nullptr;
    cockpit at;
    its = &at;
    at.fly(0, 7);
    for (std::uint32_t i = 0; i < 5; ++i)
        flight::note(numbered(i));
    for (std::uint32_t worker = 8; worker < 7 + flight_pages; ++worker)
        REQUIRE(at.recorder.page_for({.slot = 0, .worker = worker, .process = worker}));
    const slow_text text{[] {
        // No page is left but that of the first one.
        static_cast<void>(its->recorder.page_for({.slot = 0, .worker = 77, .process = 177}));
    }};
    flight::note({.kind = flight_kind::note, .text = text.view()});
    CHECK_FALSE(flight::is_recording());
    CHECK(at.read(0, 77).total == 0);
    CHECK(at.read(0, 77).events.empty());
}

TEST_CASE("nor does a thread of it leave there what its next owner would come to")
{
    static cockpit* its = nullptr;
    static flight_page* taken = nullptr;
    cockpit at;
    its = &at;
    at.fly(0, 7);
    for (std::uint32_t worker = 8; worker < 7 + flight_pages; ++worker)
        REQUIRE(at.recorder.page_for({.slot = 0, .worker = worker, .process = worker}));
    const auto lose_page = [] {
        auto page = its->recorder.page_for({.slot = 0, .worker = 77, .process = 177});
        taken = page ? *page : nullptr;
    };
    SUBCASE("an event")
    {
        const slow_text text{lose_page};
        std::thread{[&] { flight::note({.kind = flight_kind::note, .text = text.view()}); }}.join();
        REQUIRE(taken != nullptr);
        flight::record_on(taken);
        std::thread{[] { flight::note(numbered(5)); }}.join();
        const flight_reading seen = at.read(0, 77);
        CHECK(seen.lost == 0);
        REQUIRE(seen.events.size() == 1);
        CHECK(seen.events[0].subject == 5);
    }
    SUBCASE("a line")
    {
        const slow_text text{lose_page};
        flight::line(text.view());
        REQUIRE(taken != nullptr);
        flight::record_on(taken);
        flight::line("mine");
        CHECK(at.read(0, 77).lines == std::vector<std::string>{"mine"});
    }
}

TEST_CASE("what was being written at the moment of death is left out, and nothing else")
{
    cockpit at;
    flight_page& page = at.fly(0, 1);
    for (std::uint32_t i = 0; i < 4; ++i)
        flight::note(numbered(i));
    page.loop[1].stamp.store(3);  // begun, not complete
    const flight_reading seen = at.read(0, 1);
    CHECK(seen.total == 4);
    REQUIRE(seen.events.size() == 3);
    CHECK(seen.events[1].subject == 2);
}

TEST_CASE("a thread that hangs in an entry for a whole round costs that entry alone")
{
    cockpit at;
    flight_page& page = at.fly(0, 1);
    page.threads[5].stamp.store(2 * 5 + 1);
    std::thread{[] {
        for (std::uint32_t i = 0; i < 2 * flight_thread_events; ++i)
            flight::note(numbered(i));
    }}.join();
    const flight_reading seen = at.read(0, 1);
    CHECK(seen.lost == 2);
    CHECK(seen.events.size() == flight_thread_events - 1);
}

TEST_CASE("whatever lies there, what is read of it is in range and can be printed")
{
    cockpit at;
    flight_page& page = at.fly(0, 1);
    flight::note({.kind = flight_kind::note, .text = "a\n\x1b[2Jb\xff"});
    flight::line(std::string(2000, 'x') + "\n");
    flight::note(numbered(2));
    page.loop[1].facts.store(~std::uint64_t{0});
    page.loop_events.store(~std::uint64_t{0} / 2);
    CHECK(at.read(0, 1).events.empty());
    page.loop_events.store(2);
    const flight_reading seen = at.read(0, 1);
    REQUIRE(seen.events.size() == 1);
    CHECK(seen.events[0].text == "a??[2Jb?");
    CHECK(seen.lines.at(0) == std::string(flight_line_max, 'x') + "…");
}

TEST_CASE("what other threads did stands among what the loop did, by the time at which it was")
{
    cockpit at;
    at.fly(0, 1);
    const auto at_time = [](std::uint32_t subject, std::uint64_t when) {
        flight::note({.kind = flight_kind::note, .subject = subject, .when_ns = when});
    };
    at_time(1, 100);
    at_time(4, 400);
    std::thread{[&] {
        at_time(2, 200);
        at_time(3, 300);
    }}.join();
    std::vector<std::uint32_t> order;
    for (const flight_moment& each : at.read(0, 1).events)
        order.push_back(each.subject);
    CHECK(order == std::vector<std::uint32_t>{1, 2, 3, 4});
}

TEST_CASE("texts of every length are kept as they are")
{
    cockpit at;
    at.fly(0, 1);
    const std::string all(flight_text_max + 8, 'x');
    for (std::size_t i = 0; i <= all.size(); ++i) {
        std::string text = all.substr(0, i);
        for (std::size_t k = 0; k < i; ++k)
            text[k] = static_cast<char>('a' + k % 26);
        flight::note({.kind = flight_kind::note, .text = text});
        CHECK(at.read(0, 1).events.back().text == text.substr(0, flight_text_max));
    }
}

TEST_CASE("several threads write at once, and each event is whole")
{
    cockpit at;
    at.fly(0, 1);
    std::atomic<bool> stop{false};
    std::vector<std::thread> writers;  // and the loop, below
    for (std::uint32_t number = 1; number <= 3; ++number)
        writers.emplace_back([number, &stop] {
            const std::string text(number * 8, static_cast<char>('a' + number));
            while (!stop.load())
                flight::note({.kind = flight_kind::note,
                              .number = static_cast<std::uint16_t>(number),
                              .subject = number,
                              .text = text});
        });
    std::size_t torn = 0;
    std::size_t seen = 0;
    while (seen < 20'000) {
        flight::note(
            {.kind = flight_kind::note, .number = 4, .subject = 4, .text = std::string(32, 'e')});
        for (const flight_moment& each : at.read(0, 1).events) {
            const std::string whole(each.subject * 8, static_cast<char>('a' + each.subject));
            torn += each.number != each.subject || each.text != whole;
            ++seen;
        }
    }
    stop.store(true);
    for (std::thread& each : writers)
        each.join();
    CHECK(torn == 0);
}
