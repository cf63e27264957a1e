#include <cohort/base/wary_open.hpp>

#include <doctest/doctest.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace cohort;

namespace {

struct folder_of_test {
    folder_of_test()
    {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-open-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    folder_of_test(const folder_of_test&) = delete;
    folder_of_test& operator=(const folder_of_test&) = delete;
    ~folder_of_test() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

std::string refused(const std::filesystem::path& file)
{
    const auto opened = wary_open(file.string(), O_RDONLY);
    REQUIRE_FALSE(opened);
    return opened.error().text();
}

}  // namespace

TEST_CASE("what somebody else has laid where a file was is not opened")
{
    const folder_of_test folder;
    const auto file = folder.path / "api.log";
    const auto other = folder.path / "other";
    std::ofstream{other} << "secret\n";
    std::filesystem::create_symlink(other, file);
    CHECK(refused(file).find("a link, which is not followed") != std::string::npos);
    std::filesystem::remove(file);
    std::filesystem::create_hard_link(other, file);
    CHECK(refused(file).find("it has another name, too") != std::string::npos);
    std::filesystem::remove(file);
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(refused(file).find("no regular file") != std::string::npos);
    std::filesystem::remove(file);
    std::filesystem::rename(other, file);
    CHECK(wary_open(file.string(), O_RDONLY));
    if (::geteuid() == 0) {
        REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
        CHECK(refused(file).find("it is somebody else's") != std::string::npos);
    }
}

TEST_CASE("what is no file, or not there, is an error")
{
    const folder_of_test folder;
    CHECK_FALSE(wary_open(folder.path.string(), O_RDONLY));
    CHECK_FALSE(wary_open((folder.path / "none").string(), O_RDONLY));
    CHECK_FALSE(wary_open("/dev/null", O_RDONLY));
}
