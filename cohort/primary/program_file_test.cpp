#include <cohort/primary/program_file.hpp>

#include <cohort/primary/birth.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace cohort;
using namespace cohort::primary;

namespace {

/// A folder with one executable file, removed with it.
class shelf {
public:
    shelf()
    {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-file-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
    }
    shelf(const shelf&) = delete;
    shelf& operator=(const shelf&) = delete;
    ~shelf() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path() const { return (folder_ / "server").string(); }
    void put(const std::string& bytes) const
    {
        std::ofstream{path(), std::ios::binary} << bytes;
        std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
    }

private:
    std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("a program that names our channel is known, wherever in its file that stands")
{
    const shelf of;
    const std::string mark{variable::channel};
    // Around the bounds of what is read at a time, too.
    const std::size_t piece = std::size_t{256} << 10;
    for (const std::size_t before : {std::size_t{0}, std::size_t{100}, piece - 8, piece - 4 - 1,
                                     piece - mark.size(), piece, 3 * piece - 5})
    {
        CAPTURE(before);
        of.put("\x7f"
               "ELF" +
               std::string(before, '.') + mark + "......");
        const auto held = hold_program(of.path(), "/");
        REQUIRE(held);
        CHECK(held->binary.valid());
        CHECK(held->made == build::with_cohort);
    }
    of.put("\x7f"
           "ELF" +
           std::string(3 * piece, '.') + mark.substr(1));
    const auto other = hold_program(of.path(), "/");
    REQUIRE(other);
    CHECK(other->made == build::unknown);
}

TEST_CASE("a script is not held, and nothing is said of how it was built")
{
    const shelf of;
    of.put("#!/bin/sh\n# COHORT_CHANNEL_FD\n");
    const auto held = hold_program(of.path(), "/");
    REQUIRE(held);
    CHECK_FALSE(held->binary.valid());
    CHECK(held->made == build::unknown);
    CHECK_FALSE(hold_program("/no/such/program", "/"));
}
