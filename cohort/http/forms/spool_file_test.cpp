#include <cohort/http/forms/spool_file.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::http;

namespace {

struct folder {
    folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
    ~folder() { std::filesystem::remove_all(path); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    [[nodiscard]] bool empty() const { return std::filesystem::is_empty(path); }

    std::string path = "/tmp/cohort-test-XXXXXX";
};

std::string content(const std::string& path)
{
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("a spool file has no name, and gives back what it took")
{
    const folder here;
    auto made = spool_file::create(here.path);
    REQUIRE(made);
    CHECK(made->append("0123456789"));
    CHECK(made->append("abc"));
    CHECK(made->size() == 13);
    CHECK(made->read_at(8, 4) == "89ab");
    CHECK(made->read_at(12, 100) == "c");
    CHECK(made->read_at(13, 100) == "");
    CHECK(made->read_at(1'000'000, 100) == "");
    CHECK(here.empty());
    CHECK_FALSE(spool_file::create(here.path + "/none"));
}

TEST_CASE("what is saved replaces nothing, and is its owner's alone")
{
    const folder here;
    const folder other;
    auto made = spool_file::create(here.path);
    REQUIRE(made);
    REQUIRE(made->append("text"));
    const std::string path = other.path + "/saved";
    REQUIRE(made->save(path));
    CHECK(content(path) == "text");
    struct stat seen{};
    REQUIRE(::stat(path.c_str(), &seen) == 0);
    CHECK((seen.st_mode & 07777) == 0600);
    CHECK(made->save(path).error().why().value() == EEXIST);
    CHECK(write_new_file(path, "other").error().why().value() == EEXIST);
    CHECK(content(path) == "text");
    CHECK(write_new_file(path + "2", "other"));
    CHECK(content(path + "2") == "other");
}
