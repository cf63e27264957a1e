#include <cohort/dashboard/log_tail.hpp>

#include <doctest/doctest.h>

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

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
