#include <cohort/observe/journal_words.hpp>

#include <cohort/observe/log.hpp>
#include <cohort/observe/log_file.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace cohort;
using observe::journal_words;
using observe::priority_of;

TEST_CASE("a line is one datagram of the journal's fields")
{
    CHECK(journal_words("{\"level\":\"warn\",\"message\":\"x\"}", "api") ==
          "PRIORITY=4\nSYSLOG_IDENTIFIER=api\nMESSAGE={\"level\":\"warn\",\"message\":\"x\"}\n");
}

TEST_CASE("the level of a line is its priority, in JSON as in text, and none is info")
{
    CHECK(priority_of(R"({"timestamp":"2024-01-26T10:00:00.000Z","level":"error"})") == 3);
    CHECK(priority_of(R"({"level":"fatal"})") == 2);
    CHECK(priority_of(R"({"level":"trace"})") == 7);
    CHECK(priority_of(R"({"level":"odd"})") == 6);
    CHECK(priority_of(R"({"level":50,"time":1706263200000,"msg":"x"})") == 3);
    CHECK(priority_of(R"({"level":55})") == 6);
    CHECK(priority_of(R"({"message":"x"})") == 6);
    CHECK(priority_of("10:00:00.000 warn  disk is full") == 4);
    CHECK(priority_of("short") == 6);
    CHECK(priority_of("") == 6);
}

TEST_CASE(
    "a log that goes to the journal is a datagram a line, and none is torn or lost in between")
{
    const std::string path = "/tmp/cohort-journal-" + std::to_string(::getpid());
    const unique_fd journal{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    REQUIRE(::bind(journal.borrow(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(log::go_to_journal("api", path));
    CHECK(log::kept_number() > STDERR_FILENO);

    const auto next = [&] {
        std::array<char, 8192> words{};
        const ssize_t got = ::recv(journal.borrow(), words.data(), words.size(), MSG_DONTWAIT);
        return got <= 0 ? std::string{} : std::string{words.data(), static_cast<std::size_t>(got)};
    };
    // More than its queue takes: the rest waits with us.
    constexpr int lines = 400;
    for (int i = 0; i < lines; ++i)
        log::warn("line {}", i);
    for (int i = 0; i < lines; ++i) {
        std::string words = next();
        if (words.empty()) {
            log::flush();
            words = next();
        }
        CHECK(words.starts_with("PRIORITY=4\nSYSLOG_IDENTIFIER=api\nMESSAGE={"));
        CHECK(words.find("\"line " + std::to_string(i) + "\"") != std::string::npos);
        CHECK(words.ends_with("}\n"));
    }
    log::flush();
    CHECK(next().empty());
    ::unlink(path.c_str());
    log::configure({});
}

TEST_CASE("a journal that was started anew, with another socket, gets what was written meanwhile")
{
    const std::string path = "/tmp/cohort-journal-anew-" + std::to_string(::getpid());
    const auto journal = [&path] {
        ::unlink(path.c_str());
        unique_fd made{::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        REQUIRE(::bind(made.borrow(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
        return made;
    };
    const auto next = [](const unique_fd& from) {
        std::array<char, 8192> words{};
        const ssize_t got = ::recv(from.borrow(), words.data(), words.size(), 0);
        return got <= 0 ? std::string{} : std::string{words.data(), static_cast<std::size_t>(got)};
    };
    unique_fd first = journal();
    REQUIRE(log::go_to_journal("api", path));
    log::info("one");
    CHECK(next(first).find("\"one\"") != std::string::npos);
    first.reset();
    log::info("two");  // refused: its name is there, and nobody behind it
    ::unlink(path.c_str());
    log::info("three");
    const unique_fd second = journal();
    log::info("four");
    for (const char* const word : {"\"two\"", "\"three\"", "\"four\""})
        CHECK(next(second).find(word) != std::string::npos);
    ::unlink(path.c_str());
    log::configure({});
}
