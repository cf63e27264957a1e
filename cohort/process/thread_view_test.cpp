#include <cohort/process/thread_view.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <pthread.h>
#include <semaphore>
#include <thread>
#include <unistd.h>

using namespace cohort::process;

TEST_CASE("a thread's status says how it is, and which signals reach it")
{
    const auto seen = parse_thread_status("Name:\tlane\nUmask:\t0022\nState:\tS (sleeping)\n"
                                          "SigBlk:\t0000000000000200\nSigCgt:\t0000000000000a00\n");
    REQUIRE(seen);
    CHECK(seen->name == "lane");
    CHECK(seen->state == 'S');
    CHECK_FALSE(seen->stopped());
    CHECK_FALSE(seen->answers(10));
    CHECK(seen->answers(12));
    CHECK_FALSE(seen->answers(15));
}

TEST_CASE("a text that is no status is none, and names cannot move a terminal")
{
    CHECK_FALSE(parse_thread_status(""));
    CHECK_FALSE(parse_thread_status("Name:\tx\n"));
    CHECK_FALSE(parse_thread_status("State:\t\n"));
    CHECK(parse_thread_status("Name:\ta\x1b[2Jb\nState:\tR\n")->name == "a?[2Jb");
}

TEST_CASE("the threads of a process are seen, the first one first, and no more than wanted")
{
    std::binary_semaphore done{0};
    std::binary_semaphore there{0};
    std::jthread other{[&] {
        ::pthread_setname_np(::pthread_self(), "the other");
        there.release();
        done.acquire();
    }};
    there.acquire();
    auto all = look_at_threads(::getpid(), 64);
    REQUIRE(all.threads.size() >= 2);
    CHECK(all.threads.front().thread == ::getpid());
    CHECK(all.threads.front().state == 'R');
    bool found = false;
    for (thread_view& each : all.threads) {
        look_closer(::getpid(), each);
        found = found || each.name == "the other";
    }
    CHECK(found);
    const auto fewer = look_at_threads(::getpid(), 1);
    CHECK(fewer.threads.size() == 1);
    CHECK(fewer.more >= 1);
    done.release();
}

TEST_CASE("nobody has no threads") { CHECK(look_at_threads(0x3fffffff, 64).threads.empty()); }
