#include <cohort/primary/autopsy.hpp>

#include <doctest/doctest.h>

#include <boost/json/array.hpp>

#include <chrono>
#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::primary;
using board::flight_kind;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t millisecond = 1'000'000;

board::flight_moment moment(flight_kind kind, std::uint64_t at_ms, std::uint32_t subject,
                            std::string text)
{
    board::flight_moment one;
    one.kind = kind;
    one.when_ns = at_ms * millisecond;
    one.subject = subject;
    one.text = std::move(text);
    return one;
}

autopsy killed_in_flight()
{
    board::flight_reading flight;
    flight.worker = 7;
    flight.total = 100;
    flight.events.push_back(moment(flight_kind::begun, 100, 12, "GET /slow"));
    flight.events.push_back(moment(flight_kind::begun, 110, 13, "GET /quick"));
    auto answer = moment(flight_kind::answered, 120, 13, "/quick");
    answer.number = 200;
    answer.took = 1500us;
    flight.events.push_back(answer);
    flight.lines.push_back("a line");
    autopsy one;
    one.what = {death_cause::outside, "killed by SIGKILL from outside"};
    one.flight = flight;
    one.died_ns = 150 * millisecond;
    return one;
}

}  // namespace

TEST_CASE("requests that had no answer are in flight; a connection has one at a time")
{
    board::flight_reading of;
    of.events.push_back(moment(flight_kind::answered, 1, 12, "begun before what is kept"));
    of.events.push_back(moment(flight_kind::begun, 2, 12, "GET /a"));
    of.events.push_back(moment(flight_kind::begun, 3, 13, "GET /b"));
    of.events.push_back(moment(flight_kind::cut, 4, 12, "/a"));
    of.events.push_back(moment(flight_kind::begun, 5, 12, "GET /c"));
    of.events.push_back(moment(flight_kind::note, 6, 13, "not about a request"));
    const auto running = in_flight(of);
    REQUIRE(running.size() == 2);
    CHECK(running[0].text == "GET /b");
    CHECK(running[1].text == "GET /c");
}

TEST_CASE("the story of a worker that was killed is what it did last")
{
    const process::frame_finder nothing_known;
    CHECK(story_of(killed_in_flight(), nothing_known, 2) ==
          "requests in flight\n"
          "    GET /slow on connection 12, begun 50 ms before\n"
          "last events (2 of 100; ms before its end was seen)\n"
          "           40  GET /quick on connection 13\n"
          "           30  200 in 1.5 ms: /quick on connection 13\n"
          "last lines of its log\n"
          "    a line\n");
}

TEST_CASE("programs read the same, with figures")
{
    const process::frame_finder nothing_known;
    const auto words = to_json(killed_in_flight(), nothing_known, 10);
    CHECK(words.at("cause") == "outside");
    CHECK(words.at("events_total") == 100);
    const auto& events = words.at("events").as_array();
    REQUIRE(events.size() == 3);
    CHECK(events[2].at("event") == "answered");
    CHECK(events[2].at("status") == 200);
    CHECK(events[2].at("took_ms") == 1.5);
    CHECK(events[2].at("before_ms") == 30.0);
    CHECK(words.at("in_flight").as_array().size() == 1);
    CHECK(words.at("log").as_array().at(0) == "a line");
    CHECK_FALSE(words.contains("registers"));
}

TEST_CASE("the story of a crash has its stack and its registers")
{
    const process::frame_finder nothing_known;
    autopsy one;
    one.crash.emplace();
    one.crash->signal = SIGSEGV;
    one.crash->stack.frames = {0x1000};
    one.crash->registers = {1, 2, 3, 0xfeed};
    one.build_id = "c0ffee";
    const std::string story = story_of(one, nothing_known, 10);
    CHECK(story.contains("    0x1000\n"));
    CHECK(story.contains("build id c0ffee\n"));
    CHECK_FALSE(story.contains("memory"));
    one.memory.resident = 3U << 19;
    CHECK(story_of(one, nothing_known, 10).contains("memory 1.5M at its last beat\n"));
    const auto words = to_json(one, nothing_known, 10);
    CHECK(words.at("memory").at("resident_bytes") == 3U << 19);
    CHECK(words.at("stack").as_array().size() == 1);
#if defined(__x86_64__)
    CHECK(story.contains("registers\n       r8 0000000000000001     r9 0000000000000002"));
    CHECK(words.at("registers").at("r11") == "0xfeed");
#endif
}

TEST_CASE("every event is a sentence")
{
    auto signal = moment(flight_kind::signal, 1, 71, "bash");
    signal.number = SIGTERM;
    CHECK(words_of(signal) == "SIGTERM from process 71 (bash)");
    auto leaves = moment(flight_kind::stage, 1, 0, "leaves");
    leaves.number = 3;
    CHECK(words_of(leaves) == "leaves (exit code 3)");
    CHECK(words_of(moment(flight_kind::adopted, 1, 5, "")) ==
          "5 connections of a dead worker went on here");
    auto handed = moment(flight_kind::handed, 1, 1, "");
    handed.number = 2;
    CHECK(words_of(handed) == "1 connection went on in slot 2");
    CHECK(words_of(moment(flight_kind::handed, 1, 4, "successor")) ==
          "4 connections went on in its successor");
    CHECK(words_of(moment(flight_kind::taken, 1, 4, "")) == "4 connections of slot 0 went on here");
    CHECK(words_of(moment(flight_kind::begun, 1, board::flight_no_descriptor | 5U, "GET /")) ==
          "GET / on a stream of HTTP/2");
    CHECK(words_of(moment(flight_kind::cut, 1, 5, "")) ==
          "cut after 0.0 ms: no route on connection 5");
    CHECK(words_of(moment(flight_kind::note, 1, 0, "as it is")) == "as it is");
}
