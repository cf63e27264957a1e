#include <cohort/primary/file_mark.hpp>

#include <cohort/primary/detail/temporary_folder_test.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::primary;

namespace {

using kit::temporary_folder;

void write(const std::filesystem::path& file, std::string_view text)
{
    std::ofstream{file.string() + ".new"} << text;
    std::filesystem::rename(file.string() + ".new", file);
}

std::vector<std::string> paths(const std::vector<file_mark>& of)
{
    std::vector<std::string> all;
    for (const file_mark& each : of)
        all.push_back(each.path);
    return all;
}

}  // namespace

TEST_CASE("the files that a program is read from are known by its arguments")
{
    const temporary_folder folder;
    write(folder.path() / "a.py", "one");
    write(folder.path() / "run.sh", "two");
    write(folder.path() / "data.db", "changes all the time");
    config::settings s;
    s.exec = "./run.sh";
    s.args = {"-u", "a.py", "b.py", "data.db", "8080", ""};
    s.cwd = folder.path().string();
    const std::string script = (folder.path() / "a.py").string();
    CHECK(paths(files_of(s, program_is::held)) == std::vector{script});
    CHECK(paths(files_of(s, program_is::named)) ==
          std::vector{(folder.path() / "./run.sh").string(), script});
    s.exec = "python3";
    CHECK(paths(files_of(s, program_is::named)) == std::vector{script});
}

TEST_CASE("a file that was written anew, replaced or removed is not what it was")
{
    const temporary_folder folder;
    const auto script = folder.path() / "a.py";
    write(script, "one");
    config::settings s;
    s.args = {script.string()};
    const auto then = files_of(s, program_is::held);
    REQUIRE(then.size() == 1);
    CHECK(changed_since(then).empty());
    SUBCASE("replaced by one of the same length") { write(script, "eno"); }
    SUBCASE("written anew") { std::ofstream{script} << "longer"; }
    SUBCASE("removed") { std::filesystem::remove(script); }
    CHECK(changed_since(then) == std::vector{script.string()});
}

TEST_CASE("a file is the same under two names, and another one once it is written over")
{
    const temporary_folder folder;
    const auto path = folder.path() / "one";
    write(path, "one");
    std::filesystem::create_hard_link(path, folder.path() / "other");
    const auto before = mark_of(path.string()).value();
    CHECK(is_same_file(before, mark_of((folder.path() / "other").string()).value()));
    std::ofstream{path} << "another";
    CHECK_FALSE(is_same_file(before, mark_of(path.string()).value()));
    CHECK_FALSE(mark_of((folder.path() / "none").string()));
}
