#include <cohort/dashboard/log_tail.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace cohort;
using namespace cohort::dashboard;
using lines = std::vector<std::string>;

namespace {

struct written {
    explicit written(const std::string& text)
    {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-log-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
        path = folder / "api.log";
        std::ofstream{path} << text;
    }
    ~written() { std::filesystem::remove_all(folder); }
    std::filesystem::path folder;
    std::filesystem::path path;
};

}  // namespace

TEST_CASE("the last lines of a log come in their order, and only whole ones")
{
    const written log{"one\ntwo\n\nthree\nhal"};
    CHECK(log_tail(log.path, {}, 10).value() == lines{"one", "two", "", "three"});
    CHECK(log_tail(log.path, {}, 2).value() == lines{"", "three"});
    CHECK(log_tail(log.path, {.part = "t"}, 2).value() == lines{"two", "three"});
    CHECK(log_tail(log.path, {}, 0).value().empty());
    CHECK(text_of_file(log.path).value() == "one\ntwo\n\nthree\nhal");
}

TEST_CASE("of a log that is longer than what is read the first line is a whole one")
{
    std::string text(9 << 20, 'x');
    text += "\nlast\n";
    const written log{text};
    CHECK(log_tail(log.path, {}, 10).value() == lines{"last"});
    CHECK(text_of_file(log.path).value() == std::string(1 << 20, 'x'));
}

TEST_CASE("what is no file, or not there, is an error")
{
    const written log{""};
    CHECK(log_tail(log.path, {}, 10).value().empty());
    CHECK_FALSE(log_tail(log.folder, {}, 10));
    CHECK_FALSE(log_tail(log.folder / "none", {}, 10));
    CHECK_FALSE(text_of_file("/dev/null"));
}

TEST_CASE("what somebody else has laid where the log was is not shown")
{
    const written log{"one\n"};
    const std::filesystem::path other = log.folder / "other";
    std::ofstream{other} << "secret\n";
    const auto refused = [&] {
        const auto text = text_of_file(log.path);
        const auto tail = log_tail(log.path, {}, 10);
        REQUIRE_FALSE(text);
        REQUIRE_FALSE(tail);
        CHECK(tail.error().text() == text.error().text());
        return tail.error().text();
    };
    std::filesystem::remove(log.path);
    std::filesystem::create_symlink(other, log.path);
    CHECK(refused().find("a link, which is not followed") != std::string::npos);
    std::filesystem::remove(log.path);
    std::filesystem::create_hard_link(other, log.path);
    CHECK(refused().find("it has another name, too") != std::string::npos);
    std::filesystem::remove(log.path);
    REQUIRE(::mkfifo(log.path.c_str(), 0600) == 0);
    CHECK(refused().find("no regular file") != std::string::npos);
    std::filesystem::remove(log.path);
    std::filesystem::rename(other, log.path);
    CHECK(text_of_file(log.path).value() == "secret\n");
    if (::geteuid() == 0) {
        REQUIRE(::chown(log.path.c_str(), 65534, 65534) == 0);
        CHECK(refused().find("it is somebody else's") != std::string::npos);
    }
}

TEST_CASE("of the standard output the file that is open is read, wherever its path leads")
{
    const written log{"one\n"};
    const unique_fd before{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
    REQUIRE(before.valid());
    const unique_fd file{::open(log.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
    REQUIRE(::dup2(file.borrow(), STDOUT_FILENO) == STDOUT_FILENO);
    std::filesystem::remove(log.path);
    std::ofstream{log.path} << "another\n";
    const auto tail = tail_of_output({}, 10);
    ::dup2(before.borrow(), STDOUT_FILENO);
    REQUIRE(tail);
    CHECK(*tail == lines{"one"});
}
