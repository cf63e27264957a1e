#include <cohort/primary/stack_report.hpp>

#include <doctest/doctest.h>

#include <csignal>

using namespace cohort;
using namespace cohort::primary;

namespace {

process::stacks_of_all two_threads()
{
    process::stacks_of_all all;
    process::thread_stack busy;
    busy.of.thread = 10;
    busy.of.name = "api";
    busy.of.state = 'R';
    busy.shown.frames = {0x1000, 0x2000};
    busy.shown.errand = "GET /hang";
    busy.shown.end = board::stack_end::cut;
    all.threads.push_back(busy);
    process::thread_stack stopped;
    stopped.of.thread = 11;
    stopped.of.name = "lane";
    stopped.of.state = 'T';
    stopped.of.waits_in = "do_signal_stop";
    stopped.silence = "nothing of it can run";
    all.threads.push_back(stopped);
    return all;
}

}  // namespace

TEST_CASE("a report has a line for each thread and for each frame")
{
    const process::frame_finder nothing_known;
    CHECK(text_of(two_threads(), nothing_known) ==
          "thread 10 \"api\" runs, GET /hang\n"
          "    0x1000\n"
          "    0x2000\n"
          "    (and more: the stack is deeper)\n"
          "thread 11 \"lane\" is stopped in do_signal_stop: nothing of it can run\n");
    CHECK(addresses_on(two_threads()) == std::vector<std::uint64_t>{0x1000, 0x2000});
    CHECK(path_of(two_threads().threads[0].shown, nothing_known, 1) == "0x1000 < …");
}

TEST_CASE("a crash is told with its signal, its address and its request")
{
    board::crash_reading crash;
    crash.signal = SIGSEGV;
    crash.code = SEGV_MAPERR;
    crash.address = 0x1230;
    crash.thread = 7;
    crash.stack.errand = "GET /crash";
    crash.stack.frames = {0x1000};
    CHECK(text_of(crash, {}) ==
          "SIGSEGV: no memory at 0x1230, in thread 7, GET /crash\n    0x1000\n");
    crash.signal = SIGABRT;
    crash.code = SI_TKILL;
    CHECK(headline_of(crash) == "SIGABRT, in thread 7, GET /crash");
    crash.signal = 0;
    CHECK(headline_of(crash) == "exit() was called, in thread 7, GET /crash");
}

TEST_CASE("a report is bounded, and says how much is missing")
{
    process::stacks_of_all many;
    for (int i = 0; i < 1000; ++i)
        many.threads.push_back(two_threads().threads[0]);
    many.more = 7;
    const std::string text = text_of(many, {});
    CHECK(text.size() < report_bytes_max + 1024);
    CHECK(text.ends_with(" more threads\n"));
}

TEST_CASE("programs get the same as JSON")
{
    const auto all = to_json(two_threads(), {});
    REQUIRE(all.size() == 2);
    CHECK(all[0].at("request") == "GET /hang");
    CHECK(all[0].at("whole") == false);
    CHECK(all[0].at("frames").as_array().size() == 2);
    CHECK(all[0].at("frames").at(0).at("address") == "0x1000");
    CHECK(all[1].at("request").is_null());
    CHECK(all[1].at("state") == "T");
}
