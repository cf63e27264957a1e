#include <cohort/primary/crash_files.hpp>

#include <cohort/primary/detail/temporary_folder_test.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
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
    return {.name = {.app = app, .slot = 3, .worker = worker, .time = time},
            .json = "{}\n",
            .text = "so\n"};
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
    const std::string time = time_at(1);
    crash_name which{.app = "api", .slot = 3, .worker = 17, .time = time};
    const auto found = read_crash(folder, which);
    REQUIRE(found);
    CHECK(found->path == path);
    CHECK(found->text == "so\n");
    which.worker = 18;
    CHECK_FALSE(read_crash(folder, which));
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
        what.name.time = time;
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

TEST_CASE("a report is kept though others say that they come from later: a clock was put right")
{
    const kit::temporary_folder at;
    const auto later = fs::file_time_type::clock::now() + std::chrono::years{5};
    for (std::uint32_t i = 1; i <= 3; ++i) {
        const std::string time = fmt::format("2031-01-26T10:00:{:02}.000Z", i);
        REQUIRE(write_crash(at.path(), death_of(i, "api", time), {}));
    }
    for (const auto& each : fs::directory_iterator{at.path()})
        fs::last_write_time(each, later);
    const crash_files_bounds most{.reports = 3, .bytes = 1 << 20};
    for (std::uint32_t i = 4; i <= 6; ++i) {
        const auto path =
            write_crash(at.path(), death_of(i, "api", time_at(static_cast<int>(i))), most).value();
        CHECK(fs::exists(path));
        CHECK(names_in(at.path()).size() == 6);
    }
    // Those of the wrong clock went first, whatever they are called.
    for (const std::string& each : names_in(at.path()))
        CHECK(each.starts_with("2024"));
    // Also where it is only the name that says so.
    const auto strange = death_of(7, "api", "2031-01-26T10:00:00.000Z");
    REQUIRE(write_crash(at.path(), strange, most));
    const auto path =
        write_crash(at.path(), death_of(8, "api", time_at(0)), {.reports = 1}).value();
    CHECK(fs::exists(path));
    CHECK(names_in(at.path()).size() == 2);
}

TEST_CASE(
    "what a primary did not finish before it was killed goes, and what another one writes stays")
{
    const kit::temporary_folder at;
    const std::string of_old = "20240126T100001.000Z-slot3-worker1-api.json.tmp";
    const std::string of_now = "20240126T100002.000Z-slot3-worker2-api.txt.tmp";
    const std::string of_others = "20240126T100001.000Z-slot3-worker1-web.json.tmp";
    for (const std::string& each : {of_old, of_now, of_others})
        std::ofstream{at.path() / each} << "{";
    for (const std::string& each : {of_old, of_others})
        fs::last_write_time(at.path() / each,
                            fs::file_time_type::clock::now() - std::chrono::hours{1});
    REQUIRE(write_crash(at.path(), death_of(3, "api", time_at(3)), {}));
    CHECK_FALSE(fs::exists(at.path() / of_old));
    CHECK(fs::exists(at.path() / of_now));
    CHECK(fs::exists(at.path() / of_others));
}

TEST_CASE("a report is written over nothing that lies there: neither a link nor a FIFO")
{
    const kit::temporary_folder at;
    const std::string stem = "20240126T100001.000Z-slot3-worker1-api";
    const fs::path half = at.path() / (stem + ".json.tmp");
    SUBCASE("a FIFO that nobody reads") { REQUIRE(::mkfifo(half.c_str(), 0600) == 0); }
    SUBCASE("a link") { fs::create_symlink(at.path() / "elsewhere", half); }
    const auto written = write_crash(at.path(), death_of(1, "api", time_at(1)), {});
    REQUIRE_FALSE(written);
    CHECK(written.error().why().value() == EEXIST);
    CHECK_FALSE(fs::exists(at.path() / "elsewhere"));
}

TEST_CASE("root takes no folder that somebody else may have put there")
{
    if (::geteuid() != 0)
        return;
    const kit::temporary_folder at;
    fs::create_directory(at.path() / "etc");
    fs::create_directory_symlink(at.path() / "etc", at.path() / "linked");
    CHECK_FALSE(write_crash(at.path() / "linked", death_of(1, "api", time_at(1)), {}));
    CHECK(names_in(at.path() / "etc").empty());
    REQUIRE(::chown((at.path() / "etc").c_str(), 65534, 65534) == 0);
    const auto refused = write_crash(at.path() / "etc", death_of(1, "api", time_at(1)), {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why() == errc::bad_value);
    CHECK(names_in(at.path() / "etc").empty());
}
