#include <cohort/primary/admin_token.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>

using namespace cohort::primary;
namespace fs = std::filesystem;

namespace {

struct folder {
    folder()
    {
        std::string name = (fs::temp_directory_path() / "cohort-token-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~folder() { fs::remove_all(path); }
    fs::path path;
};

std::string text_in(const fs::path& path)
{
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("a token is made once, for its owner alone")
{
    const folder here;
    const fs::path path = here.path / "api.token";
    REQUIRE(keep_token_file(path));
    const std::string first = text_in(path);
    CHECK(first.size() == 44);
    struct stat seen{};
    REQUIRE(::stat(path.c_str(), &seen) == 0);
    CHECK((seen.st_mode & 07777) == 0600);
    REQUIRE(keep_token_file(path));
    CHECK(text_in(path) == first);
    CHECK(std::distance(fs::directory_iterator{here.path}, {}) == 1);
}

TEST_CASE("a token that others could read, or that is none, is replaced")
{
    const folder here;
    const fs::path path = here.path / "api.token";
    REQUIRE(keep_token_file(path));
    const std::string first = text_in(path);
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    REQUIRE(keep_token_file(path));
    const std::string second = text_in(path);
    CHECK(second != first);
    std::ofstream{path} << "x";
    REQUIRE(keep_token_file(path));
    CHECK(text_in(path).size() == first.size());
    fs::remove(path);
    fs::create_symlink(here.path / "elsewhere", path);
    REQUIRE(keep_token_file(path));
    CHECK_FALSE(fs::is_symlink(path));
    CHECK_FALSE(keep_token_file(here.path / "no" / "such" / "folder"));
}

TEST_CASE("a token that others may read is doubted, and so is one that is not there")
{
    const folder here;
    const fs::path path = here.path / "token";
    CHECK(doubts_about_token(path).contains("cannot read"));
    std::ofstream{path} << "0123456789abcdef\n";
    for (const mode_t good : {0600, 0400, 0640, 0440}) {
        REQUIRE(::chmod(path.c_str(), good) == 0);
        CHECK(doubts_about_token(path).empty());
    }
    for (const mode_t bad : {0644, 0604, 0660, 0602}) {
        REQUIRE(::chmod(path.c_str(), bad) == 0);
        CHECK(doubts_about_token(path).contains(fmt::format("mode {:04o}", bad)));
    }
    if (::geteuid() == 0) {
        REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
        REQUIRE(::chmod(path.c_str(), 0600) == 0);
        CHECK(doubts_about_token(path).contains("belongs to user 65534"));
        REQUIRE(::chown(path.c_str(), 65534, 0) == 0);
        REQUIRE(::chmod(path.c_str(), 0640) == 0);
        CHECK(doubts_about_token(path).empty());
    }
}
