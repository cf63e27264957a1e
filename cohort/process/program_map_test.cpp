#include <cohort/process/program_map.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

using namespace cohort::process;

TEST_CASE("what a process can run is found by address")
{
    const auto all = program_map::parse(
        "55d0c0000000-55d0c0002000 r--p 00000000 fd:01 1234                       /opt/the api\n"
        "55d0c0002000-55d0c0005000 r-xp 00002000 fd:01 1234                       /opt/the api\n"
        "7ffd0a000000-7ffd0a002000 r-xp 00000000 00:00 0                          [vdso]\n"
        "7f0000000000-7f0000001000 r-xp 00000000 00:00 0 \n");
    const auto* const code = all.at(0x55d0c0002010);
    REQUIRE(code != nullptr);
    CHECK(code->path == "/opt/the api");
    CHECK(code->offset == 0x2000);
    CHECK(code->inode == 1234);
    CHECK(all.at(0x55d0c0000010) == nullptr);
    CHECK(all.at(0x55d0c0005000) == nullptr);
    CHECK(all.at(0x7ffd0a000000)->path == "[vdso]");
    CHECK(all.at(0x7f0000000000)->path.empty());
    CHECK(all.at(0) == nullptr);
}

TEST_CASE("lines that make no sense are left out")
{
    CHECK(program_map::parse("").empty());
    CHECK(program_map::parse("\n\n-\n1-2\n2-1 r-xp 0 0 0\nzz-yy r-xp 0 0 0 x\n").empty());
    CHECK(program_map::parse("1-2 r-xp 0 0 -1 x\n1-2 r-xp x 0 1 x\n1-2 rwx 0 0 1 x\n").empty());
}

TEST_CASE("this very function lies in this very program")
{
    const auto all = program_map::of(::getpid());
    const auto* const code = all.at(reinterpret_cast<std::uintptr_t>(&program_map::of));
    REQUIRE(code != nullptr);
    CHECK(code->inode != 0);
    CHECK_FALSE(code->replaced());
    CHECK(program_map::of(0x3fffffff).empty());
}
