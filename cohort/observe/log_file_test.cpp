#include <cohort/observe/log_file.hpp>

#include <cohort/observe/log.hpp>
#include <cohort/observe/log_rotation.hpp>
#include <cohort/observe/log_sink.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace cohort;
using observe::put_aside;

namespace fs = std::filesystem;

namespace {

class folder {
public:
    folder()
    {
        std::string name = "/tmp/cohort-logs-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { fs::remove_all(path); }
    fs::path path;
};

std::string text_of(const fs::path& file)
{
    std::ifstream text{file};
    return {std::istreambuf_iterator<char>{text}, {}};
}

void write(const fs::path& file, const std::string& text) { std::ofstream{file} << text; }

}  // namespace

TEST_CASE("a log file is made with its folders, readable for the group, and is appended to")
{
    const folder here;
    const fs::path file = here.path / "a" / "b" / "x.log";
    const auto before = ::umask(0);
    const auto opened = log::open_file(file.string());
    ::umask(before);
    REQUIRE(opened);
    CHECK(opened->borrow() > STDERR_FILENO);
    struct stat made{};
    REQUIRE(::stat(file.c_str(), &made) == 0);
    CHECK((made.st_mode & 0777) == 0640);
    REQUIRE(::stat(file.parent_path().c_str(), &made) == 0);
    CHECK((made.st_mode & 0777) == 0750);
    CHECK((::fcntl(opened->borrow(), F_GETFL) & O_APPEND) != 0);
    CHECK((::fcntl(opened->borrow(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE(
    "what is no regular file is no log file, and a FIFO without a reader keeps nobody waiting")
{
    const folder here;
    const fs::path fifo = here.path / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK_FALSE(log::open_file(fifo.string()));
    CHECK_FALSE(log::open_file(here.path.string()));
    write(here.path / "text", "no folder");
    CHECK_FALSE(log::open_file((here.path / "text" / "x.log").string()));
}

TEST_CASE("root follows no link, and takes no file that is somebody else's or has two names")
{
    if (::geteuid() != 0) {
        MESSAGE("not root: skipped");
        return;
    }
    const folder here;
    const fs::path target = here.path / "target";
    const fs::path file = here.path / "x.log";
    const auto refused = [&] {
        const auto opened = log::open_file(file.string());
        REQUIRE_FALSE(opened);
        return opened.error().text();
    };
    fs::create_symlink(target, file);
    CHECK(refused().find("a link, which is not followed") != std::string::npos);
    CHECK_FALSE(fs::exists(target));
    fs::remove(file);
    write(target, "theirs\n");
    fs::create_hard_link(target, file);
    CHECK(refused().find("it has another name, too") != std::string::npos);
    CHECK(text_of(target) == "theirs\n");
    fs::remove(target);
    CHECK(log::open_file(file.string()));
    REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
    CHECK(refused().find("it is somebody else's") != std::string::npos);
}

TEST_CASE("a lock that somebody keeps on a file is told, and need not be heeded")
{
    const folder here;
    const fs::path file = here.path / "x.log";
    write(file, "text");
    const unique_fd theirs{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    REQUIRE(::flock(theirs.borrow(), LOCK_SH) == 0);
    const auto kept = put_aside(file.string(), {.bytes = 1, .files = 2});
    REQUIRE_FALSE(kept);
    CHECK(kept.error().why().value() == EAGAIN);
    CHECK(fs::exists(file));
    CHECK(put_aside(file.string(), {.bytes = 1, .files = 2, .locked = false}).value());
    CHECK(text_of(here.path / "x.log.1") == "text");
}

TEST_CASE("files move on by one, the oldest goes, and small ones stay")
{
    const folder here;
    const fs::path file = here.path / "x.log";
    const auto name = [&](int number) { return file.string() + "." + std::to_string(number); };
    CHECK(put_aside(file.string(), {.bytes = 3, .files = 2}).value() == false);  // it is not there
    for (const std::string text : {"first", "second", "third"}) {
        write(file, text);
        CHECK(put_aside(file.string(), {.bytes = 6, .files = 2}).value() == (text == "second"));
        if (fs::exists(file))
            CHECK(put_aside(file.string(), {.bytes = 5, .files = 2}).value());
        CHECK_FALSE(fs::exists(file));
        CHECK(text_of(name(1)) == text);
    }
    CHECK(text_of(name(2)) == "second");
    CHECK_FALSE(fs::exists(name(3)));
}

TEST_CASE("where a number is free the older files stay where they are")
{
    const folder here;
    const fs::path file = here.path / "x.log";
    write(file, "new");
    write(file.string() + ".1", "one");
    write(file.string() + ".3", "three");
    CHECK(put_aside(file.string(), {.bytes = 1, .files = 9}).value());
    CHECK(text_of(file.string() + ".2") == "one");
    CHECK(text_of(file.string() + ".3") == "three");
}

TEST_CASE("of two that put one file aside at a time, one does")
{
    const folder here;
    const fs::path file = here.path / "x.log";
    for (int round = 0; round < 200; ++round) {
        write(file, std::to_string(round));
        std::atomic<int> done{0};
        {
            std::vector<std::jthread> both;
            for (int i = 0; i < 2; ++i) {
                both.emplace_back([&] {
                    const auto mine = put_aside(file.string(), {.bytes = 1, .files = 1000});
                    done += mine && *mine ? 1 : 0;
                });
            }
        }
        CHECK(done == 1);
        CHECK(text_of(file.string() + ".1") == std::to_string(round));
    }
    CHECK(text_of(file.string() + ".200") == "0");
}

TEST_CASE("the process's log goes on in a new file under the same number when it is opened anew")
{
    const folder here;
    const fs::path file = here.path / "x.log";
    CHECK(log::file_number() == -1);
    CHECK(log::reopen_file());  // nothing to do
    REQUIRE(log::go_to_file(file.string()));
    const int number = log::file_number();
    log::info("one");
    CHECK_FALSE(log::file_moved());
    fs::rename(file, here.path / "old");
    CHECK(log::file_moved());
    log::info("two");
    REQUIRE(log::reopen_file());
    CHECK_FALSE(log::file_moved());
    log::info("three");
    CHECK(log::file_number() == number);
    CHECK(text_of(here.path / "old").find("two") != std::string::npos);
    CHECK(text_of(file).find("three") != std::string::npos);
    CHECK(text_of(file).find("two") == std::string::npos);
    log::configure({});
}

TEST_CASE("threads that write while files are put aside and opened anew lose and tear no line")
{
    const folder here;
    const std::string file = (here.path / "x.log").string();
    const auto mine = log::outlet::open(file).value();
    constexpr int writers = 3;
    constexpr int lines = 4000;
    std::atomic<int> left{writers};
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < writers; ++i) {
            all.emplace_back([&, i] {
                for (int n = 0; n < lines; ++n)
                    mine->pass_on(std::string(60, static_cast<char>('a' + i)));
                --left;
            });
        }
        while (left != 0) {
            if (put_aside(file, {.bytes = 4096, .files = 1000}).value_or(false))
                CHECK(mine->reopen());
        }
    }
    int whole = 0;
    for (const auto& each : fs::directory_iterator{here.path}) {
        std::ifstream text{each.path()};
        for (std::string line; std::getline(text, line); ++whole)
            CHECK(line == std::string(60, line.at(0)));
    }
    CHECK(whole == writers * lines);
}

TEST_CASE("a line that a full disk cut in the old file does not end in the new one")
{
    const folder here;
    const unique_fd old_one = log::open_file((here.path / "old").string()).value();
    const unique_fd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    observe::log_sink sink{old_one.borrow()};
    sink.line("first\n");
    REQUIRE(sink.replace(full.borrow()));
    sink.line("lost\n");
    CHECK(sink.dropped() == 1);
    const unique_fd fresh = log::open_file((here.path / "new").string()).value();
    REQUIRE(sink.replace(fresh.borrow()));
    sink.line("second\n");
    CHECK(text_of(here.path / "old") == "first\n");
    CHECK(text_of(here.path / "new") == "second\n");
}
