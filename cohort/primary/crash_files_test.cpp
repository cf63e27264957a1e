#include <cohort/primary/crash_files.hpp>

#include <cohort/primary/detail/temporary_folder_test.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::primary;

namespace fs = std::filesystem;

namespace {

crash_file death_of(std::uint32_t worker, std::string_view app, std::string_view time)
{
    return {.app = app, .slot = 3, .worker = worker, .time = time, .json = "{}\n", .text = "so\n"};
}

std::string time_at(int second) { return fmt::format("2024-01-26T10:00:{:02}.000Z", second); }

std::vector<std::string> names_in(const fs::path& folder)
{
    std::vector<std::string> names;
    for (const auto& each : fs::directory_iterator{folder})
        names.push_back(each.path().filename().string());
    std::ranges::sort(names);
    return names;
}

}  // namespace

TEST_CASE("a report is two files, which nobody else may read")
{
    const kit::temporary_folder at;
    const auto folder = crash_folder(at.path() / "crashes").value();
    const auto path = write_crash(folder, death_of(17, "api", time_at(1)), {}).value();
    CHECK(path == folder / "20240126T100001.000Z-slot3-worker17-api.txt");
    CHECK(names_in(folder) ==
          std::vector<std::string>{"20240126T100001.000Z-slot3-worker17-api.json",
                                   "20240126T100001.000Z-slot3-worker17-api.txt"});
    std::ifstream file{path};
    CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == "so\n");
    struct stat seen{};
    REQUIRE(::stat(path.c_str(), &seen) == 0);
    CHECK((seen.st_mode & 0777) == 0600);
    REQUIRE(::stat(folder.c_str(), &seen) == 0);
    CHECK((seen.st_mode & 0777) == 0700);
}

TEST_CASE("the oldest reports of an app go, by number, and those of others stay")
{
    const kit::temporary_folder at;
    // The end of the other one's name is this one's.
    REQUIRE(write_crash(at.path(), death_of(1, "my-api", time_at(0)), {}));
    std::ofstream{at.path() / "notes.txt"} << "of somebody";
    for (std::uint32_t i = 1; i <= 6; ++i)
        REQUIRE(write_crash(at.path(), death_of(i, "api", time_at(static_cast<int>(i))),
                            {.reports = 2, .bytes = 1 << 20}));
    CHECK(names_in(at.path()) ==
          std::vector<std::string>{"20240126T100000.000Z-slot3-worker1-my-api.json",
                                   "20240126T100000.000Z-slot3-worker1-my-api.txt",
                                   "20240126T100005.000Z-slot3-worker5-api.json",
                                   "20240126T100005.000Z-slot3-worker5-api.txt",
                                   "20240126T100006.000Z-slot3-worker6-api.json",
                                   "20240126T100006.000Z-slot3-worker6-api.txt", "notes.txt"});
}

TEST_CASE("reports have a bound in bytes, and the latest one stays whatever its size")
{
    const kit::temporary_folder at;
    const std::string much(1000, 'x');
    for (std::uint32_t i = 1; i <= 5; ++i) {
        crash_file what = death_of(i, "api", "");
        const std::string time = time_at(static_cast<int>(i));
        what.time = time;
        what.text = much;
        REQUIRE(write_crash(at.path(), what, {.reports = 100, .bytes = 2500}));
    }
    CHECK(names_in(at.path()).size() == 4);
    crash_file large = death_of(9, "api", "2024-01-26T11:00:00.000Z");
    const std::string huge(10'000, 'y');
    large.text = huge;
    REQUIRE(write_crash(at.path(), large, {.reports = 100, .bytes = 2500}));
    CHECK(names_in(at.path()).size() == 2);
}

TEST_CASE("a folder that cannot be used is an error, and leaves nothing behind")
{
    const kit::temporary_folder at;
    CHECK_FALSE(crash_folder(at.path() / "no" / "such"));
    CHECK_FALSE(write_crash(at.path() / "none", death_of(1, "api", time_at(0)), {}));
    CHECK(names_in(at.path()).empty());
}
