#include <cohort/observe/log_sink.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using cohort::unique_fd;
using cohort::observe::log_sink;

namespace {

struct both_ends {
    unique_fd read;
    unique_fd write;
};

both_ends small_pipe()
{
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096);
    both_ends made{unique_fd{ends[0]}, unique_fd{ends[1]}};
    REQUIRE(::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);  // the reading end alone
    return made;
}

/// Everything that can be read now.
std::string drain(const unique_fd& from)
{
    std::string all;
    std::array<char, 8192> piece{};
    for (;;) {
        const ssize_t got = ::read(from.borrow(), piece.data(), piece.size());
        if (got <= 0)
            return all;
        all.append(piece.data(), static_cast<std::size_t>(got));
    }
}

std::string numbered(int i) { return std::to_string(i) + std::string(120, '.') + '\n'; }

std::string notice(std::uint64_t count) { return "dropped " + std::to_string(count) + '\n'; }

}  // namespace

TEST_CASE("a line is in the pipe when the call returns, and the pipe stays blocking")
{
    const both_ends pipe = small_pipe();
    log_sink sink{pipe.write.borrow()};
    sink.line("one\n");
    CHECK(drain(pipe.read) == "one\n");
    CHECK((::fcntl(pipe.write.borrow(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a reader that pauses gets every line later, whole and in order")
{
    const both_ends pipe = small_pipe();
    log_sink sink{pipe.write.borrow()};
    std::string expected;
    for (int i = 0; i < 500; ++i) {
        sink.line(numbered(i));  // 61 KiB through a pipe of 4: returns all the same
        expected += numbered(i);
    }
    std::string seen;
    for (int i = 0; i < 200; ++i) {
        seen += drain(pipe.read);
        sink.flush(0);
    }
    CHECK(seen == expected);
    CHECK(sink.dropped() == 0);
}

TEST_CASE("what no buffer holds is dropped, counted, and the count is told when the reader is back")
{
    const both_ends pipe = small_pipe();
    log_sink sink{pipe.write.borrow()};
    sink.set_notice(notice);
    for (int i = 0; i < 4000; ++i)
        sink.line(numbered(i));
    const auto dropped = sink.dropped();
    CHECK(dropped > 1000);
    CHECK(dropped < 3000);

    std::string seen;
    for (int i = 0; i < 400; ++i) {
        seen += drain(pipe.read);
        sink.flush(0);
    }
    CHECK(seen.ends_with(notice(dropped)));
    CHECK(static_cast<std::uint64_t>(std::ranges::count(seen, '\n')) == 4000 - dropped + 1);
    sink.line("after\n");
    CHECK(drain(pipe.read) == "after\n");
}

TEST_CASE("several writers to one pipe never tear each other's lines")
{
    const both_ends pipe = small_pipe();
    std::vector<std::jthread> writers;
    std::string seen;
    {
        for (const char letter : {'a', 'b', 'c'}) {
            writers.emplace_back([&pipe, letter] {
                log_sink own{pipe.write.borrow()};  // a sink each, as processes have
                for (int i = 0; i < 300; ++i)
                    own.line(std::string(700, letter) + '\n');
                own.flush(5000);
            });
        }
        while (std::ranges::count(seen, '\n') < 900) {
            seen += drain(pipe.read);
            std::this_thread::yield();
        }
    }
    for (std::size_t at = 0; at < seen.size(); at += 701) {
        const std::string line = seen.substr(at, 701);
        CHECK(line == std::string(700, line[0]) + '\n');
    }
}

TEST_CASE("a reader that is gone costs lines, not the process")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd near{ends[0]};
    log_sink sink{near.borrow()};
    ::close(ends[1]);
    sink.line("nobody hears this\n");
    CHECK(sink.dropped() == 1);
}

TEST_CASE("a full socket does not block either")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd near{ends[0]};
    const unique_fd far{ends[1]};
    log_sink sink{near.borrow()};
    for (int i = 0; i < 20'000; ++i)
        sink.line(numbered(i));
    CHECK(sink.dropped() > 0);
}

TEST_CASE("a full disk costs lines; later it is said how many, and no line grows into another")
{
    // Its size limit stands in for the disk. Without a handler the kernel would end us at it.
    const auto before_signal = ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    std::string name = "/tmp/cohort-log-XXXXXX";
    const unique_fd file{::mkostemp(name.data(), O_CLOEXEC | O_APPEND)};
    REQUIRE(::unlink(name.c_str()) == 0);
    log_sink sink{file.borrow()};
    sink.set_notice(notice);
    sink.line("first\n");

    const rlimit full{.rlim_cur = 10, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    sink.line("second, cut\n");  // four bytes of it
    for (int i = 0; i < 3; ++i)
        sink.line("another\n");
    CHECK(sink.dropped() == 4);
    sink.flush(0);

    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    ::signal(SIGXFSZ, before_signal);
    sink.line("last\n");
    CHECK(sink.dropped() == 4);
    std::array<char, 64> text{};
    const ssize_t got = ::pread(file.borrow(), text.data(), text.size(), 0);
    REQUIRE(got > 0);
    CHECK(std::string_view{text.data(), static_cast<std::size_t>(got)} ==
          "first\nseco\ndropped 4\nlast\n");
}

TEST_CASE("the half line of a process that died over a full disk does not swallow the count")
{
    const auto before_signal = ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    std::string name = "/tmp/cohort-log-XXXXXX";
    const unique_fd file{::mkostemp(name.data(), O_CLOEXEC | O_APPEND)};
    REQUIRE(::unlink(name.c_str()) == 0);
    log_sink sink{file.borrow()};
    sink.set_notice(notice);

    const rlimit full{.rlim_cur = 10, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    {
        log_sink of_another{file.borrow()};
        of_another.line("begun and not ended\n");
    }
    sink.line("lost\n");
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    ::signal(SIGXFSZ, before_signal);
    sink.line("last\n");
    std::array<char, 64> text{};
    const ssize_t got = ::pread(file.borrow(), text.data(), text.size(), 0);
    REQUIRE(got > 0);
    CHECK(std::string_view{text.data(), static_cast<std::size_t>(got)} ==
          "begun and \ndropped 1\nlast\n");
}

TEST_CASE("a count has no empty line before it where nobody left half a line")
{
    const auto before_signal = ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    std::string name = "/tmp/cohort-log-XXXXXX";
    const unique_fd made{::mkostemp(name.data(), O_CLOEXEC)};
    const unique_fd file{::open(name.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};  // as logs are
    REQUIRE(::unlink(name.c_str()) == 0);
    log_sink sink{file.borrow()};
    sink.set_notice(notice);
    sink.line("first one\n");

    const rlimit full{.rlim_cur = 10, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    sink.line("lost\n");
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    ::signal(SIGXFSZ, before_signal);
    sink.line("last\n");
    std::array<char, 64> text{};
    const ssize_t got = ::pread(made.borrow(), text.data(), text.size(), 0);
    REQUIRE(got > 0);
    CHECK(std::string_view{text.data(), static_cast<std::size_t>(got)} ==
          "first one\ndropped 1\nlast\n");
}

TEST_CASE("a datagram socket that is no journal gets lines as they are")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd reader{ends[0]};
    const unique_fd writer{ends[1]};
    log_sink sink{writer.borrow()};
    sink.line("one\n");
    std::array<char, 64> text{};
    const ssize_t got = ::recv(reader.borrow(), text.data(), text.size(), MSG_DONTWAIT);
    REQUIRE(got > 0);
    CHECK(std::string_view{text.data(), static_cast<std::size_t>(got)} == "one\n");
}

TEST_CASE("a file gets its lines")
{
    std::string name = "/tmp/cohort-log-XXXXXX";
    const unique_fd file{::mkostemp(name.data(), O_CLOEXEC | O_APPEND)};
    REQUIRE(::unlink(name.c_str()) == 0);
    log_sink sink{file.borrow()};
    sink.line("one\n");
    sink.line("two\n");
    std::array<char, 16> text{};
    CHECK(::pread(file.borrow(), text.data(), text.size(), 0) == 8);
}

TEST_CASE("lines that are held go together, in order, unless one of them is urgent")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd reader{ends[0]};
    const unique_fd writer{ends[1]};
    REQUIRE(::fcntl(reader.borrow(), F_SETFL, O_NONBLOCK) == 0);
    std::array<char, 256> text{};
    const auto datagram = [&] {
        const ssize_t got = ::recv(reader.borrow(), text.data(), text.size(), 0);
        return got < 0 ? std::string{"nothing"} : std::string(text.data(), std::size_t(got));
    };

    log_sink sink{writer.borrow()};
    sink.hold();
    sink.line("one\n");
    sink.line("two\n");
    CHECK(datagram() == "nothing");
    sink.line("urgent\n", log_sink::haste::at_once);
    CHECK(datagram() == "one\ntwo\nurgent\n");
    sink.line("three\n");
    sink.release();
    CHECK(datagram() == "three\n");
    sink.line("four\n");
    CHECK(datagram() == "four\n");
    sink.release();
    CHECK(datagram() == "nothing");
}

TEST_CASE("what a process held when it died is written by who has its memory next, before its own")
{
    const both_ends pipe = small_pipe();
    alignas(8) static std::array<std::byte, log_sink::memory_bytes> memory{};
    {
        log_sink dies{pipe.write.borrow()};
        dies.keep_in(memory);
        dies.line("written\n");
        dies.hold();
        dies.line("held\n");
        dies.line("held as well\n");
    }
    log_sink next{pipe.write.borrow()};
    next.hold();
    next.line("of the next one\n");
    CHECK(drain(pipe.read) == "written\n");
    next.keep_in(memory);
    CHECK(drain(pipe.read) == "held\nheld as well\nof the next one\n");
    next.forget();
    next.line("in its own memory\n");
    CHECK(drain(pipe.read) == "in its own memory\n");
}

TEST_CASE("a process that has crashed writes nothing more: its memory is somebody else's")
{
    const both_ends pipe = small_pipe();
    alignas(8) static std::array<std::byte, log_sink::memory_bytes> memory{};
    log_sink crashed{pipe.write.borrow()};
    crashed.keep_in(memory);
    crashed.hold();
    crashed.line("before\n");
    crashed.abandon();
    crashed.line("by another thread, after it\n");
    crashed.release();
    crashed.flush(0);
    CHECK(drain(pipe.read).empty());
    log_sink next{pipe.write.borrow()};
    next.keep_in(memory);
    CHECK(drain(pipe.read) == "before\n");
}

TEST_CASE("of what a process was killed over, a file gets what is not there yet; a pipe nothing")
{
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::string piece = "{\"number\":1}\n{\"number\":2}\n";
    const auto dies_over_it = [&piece](std::span<std::byte> memory) {
        cohort::observe::line_ring kept{memory};
        REQUIRE(kept.append(piece));
        REQUIRE(kept.append("waiting\n"));
        kept.claim(piece.size());
    };
    alignas(8) static std::array<std::byte, log_sink::memory_bytes> memory{};
    std::string name = "/tmp/cohort-log-XXXXXX";
    const unique_fd file{::mkostemp(name.data(), O_CLOEXEC | O_APPEND)};
    REQUIRE(::unlink(name.c_str()) == 0);
    const std::string before = std::string(page - 20, 'o') + '\n';
    const std::string others = "{\"number\":3}\n";
    for (const std::string& text : {before + piece.substr(0, 19) + others, before + others}) {
        REQUIRE(::ftruncate(file.borrow(), 0) == 0);
        REQUIRE(::write(file.borrow(), text.data(), text.size()) == std::ssize(text));
        dies_over_it(memory);
        log_sink next{file.borrow()};
        next.keep_in(memory);
        const bool any = text.find("\"number\":1") != std::string::npos;
        const std::string wanted =
            any ? before + piece.substr(0, 13) + "     \n" + others + piece.substr(13)
                : before + others + piece;
        std::string all(2 * page, '\0');
        const ssize_t got = ::pread(file.borrow(), all.data(), all.size(), 0);
        REQUIRE(got > 0);
        all.resize(static_cast<std::size_t>(got));
        CHECK(all == wanted + "waiting\n");
    }
    dies_over_it(memory);
    const both_ends pipe = small_pipe();
    log_sink next{pipe.write.borrow()};
    next.keep_in(memory);
    CHECK(drain(pipe.read) == "waiting\n");
}
