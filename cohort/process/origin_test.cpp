#include <cohort/process/origin.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace cohort;

namespace {

struct folder {
    folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "origin.XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

}  // namespace

TEST_CASE("a program knows where it was started from, links unresolved")
{
    const auto where = process::own_origin();
    REQUIRE(where);
    CHECK(where->path.starts_with('/'));
    CHECK_FALSE(where->args.empty());
    CHECK(std::filesystem::equivalent(where->path, "/proc/self/exe"));
}

TEST_CASE("the file that runs here can be opened, and executed by its descriptor")
{
    const auto binary = process::open_own_binary();
    REQUIRE(binary);
    CHECK(process::runs_by_descriptor(binary->borrow()));
}

TEST_CASE("what was opened stays when something else has its path")
{
    const folder here;
    const std::string path = (here.path / "program").string();
    std::filesystem::copy_file("/bin/true", path);
    const auto before = process::open_binary(path);
    REQUIRE(before);
    std::filesystem::remove(path);
    std::ofstream{path} << "#!/bin/sh\n";
    ::chmod(path.c_str(), 0755);
    const auto after = process::open_binary(path);
    REQUIRE(after);
    CHECK(process::runs_by_descriptor(before->borrow()));
    CHECK_FALSE(process::runs_by_descriptor(after->borrow()));
}

TEST_CASE("what cannot be executed is refused, by name")
{
    const folder here;
    const std::string path = (here.path / "text").string();
    CHECK(process::open_binary(path).error().why().value() == ENOENT);
    std::ofstream{path} << "words\n";
    const auto text = process::open_binary(path);
    REQUIRE_FALSE(text);
    CHECK(text.error().why().value() == EACCES);
    CHECK(text.error().text().find(path) != std::string::npos);
    CHECK(process::open_binary(here.path.string()).error().why().value() == EISDIR);
}
