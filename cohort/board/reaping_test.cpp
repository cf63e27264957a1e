#include <cohort/board/reaping.hpp>

#include <cohort/board/journal.hpp>

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

using namespace cohort;
using namespace cohort::board;
using namespace std::chrono_literals;

TEST_CASE("how a process ended is read as it was noted, and is nobody else's end")
{
    auto book = journal::create({}).value();
    note_reaping(book.header(), 0x3f'fffe, {CLD_DUMPED, SIGSEGV});
    CHECK(await_reaping(book.header(), 0x3f'fffe, 0s) == reaping{CLD_DUMPED, SIGSEGV});
    CHECK_FALSE(await_reaping(book.header(), 5, 1ms));
    note_reaping(book.header(), 5, {CLD_EXITED, 255});
    CHECK(await_reaping(book.header(), 5, 0s) == reaping{CLD_EXITED, 255});
    CHECK_FALSE(await_reaping(book.header(), 0x3f'fffe, 0s));
}

TEST_CASE("who asks before it is noted waits for it")
{
    auto book = journal::create({}).value();
    note_reaping(book.header(), 4, {CLD_KILLED, SIGKILL});
    std::thread keeper{[&] { note_reaping(book.header(), 7, {CLD_KILLED, SIGBUS}); }};
    CHECK(await_reaping(book.header(), 7, 1min) == reaping{CLD_KILLED, SIGBUS});
    keeper.join();
}
