#include <cohort/dashboard/log_tail.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <stdlib.h>
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
        opened = unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        REQUIRE(opened.valid());
    }
    ~written() { std::filesystem::remove_all(folder); }
    std::filesystem::path folder;
    std::filesystem::path path;
    unique_fd opened;
};

}  // namespace

TEST_CASE("the last lines of a log come in their order, and only whole ones")
{
    const written log{"one\ntwo\n\nthree\nhal"};
    CHECK(log_tail(log.opened, {}, 10).value() == lines{"one", "two", "", "three"});
    CHECK(log_tail(log.opened, {}, 2).value() == lines{"", "three"});
    CHECK(log_tail(log.opened, {.part = "t"}, 2).value() == lines{"two", "three"});
    CHECK(log_tail(log.opened, {}, 0).value().empty());
}

TEST_CASE("of a log that is longer than what is read the first line is a whole one")
{
    std::string text(9 << 20, 'x');
    text += "\nlast\n";
    const written log{text};
    CHECK(log_tail(log.opened, {}, 10).value() == lines{"last"});
}

TEST_CASE("of an empty log there is nothing, and what cannot be read is an error")
{
    const written log{""};
    CHECK(log_tail(log.opened, {}, 10).value().empty());
    const unique_fd folder{::open(log.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    CHECK_FALSE(log_tail(folder, {}, 10));
}
