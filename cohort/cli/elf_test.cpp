#include <cohort/cli/elf.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::cli;

TEST_CASE("a note is found by its owner, wherever it stands")
{
    const std::string other("\x04\0\0\0\x04\0\0\0\x01\0\0\0GNU\0\0\0\0\0", 20);
    const std::string ours("\x07\0\0\0\x04\0\0\0\x01\0\0\0Cohort\0\0\x01\0\0\0", 24);
    CHECK(has_cohort_note(ours));
    CHECK(has_cohort_note(other + ours));
    CHECK_FALSE(has_cohort_note(other));
    CHECK_FALSE(has_cohort_note(""));
    CHECK_FALSE(has_cohort_note(ours.substr(0, 15)));
    CHECK_FALSE(has_cohort_note(std::string(12, '\xff')));
}

TEST_CASE("a shell and a file that is no program were not built with the library")
{
    const auto shell = is_built_with_cohort("/bin/sh");
    REQUIRE(shell);
    CHECK_FALSE(*shell);
    const auto text = is_built_with_cohort("/etc/passwd");
    REQUIRE(text);
    CHECK_FALSE(*text);
    CHECK_FALSE(is_built_with_cohort("/nowhere/at/all"));
}

TEST_CASE("programs are looked up as a shell does")
{
    CHECK(find_program("sh", "/nowhere:/bin") == "/bin/sh");
    CHECK(find_program("/bin/sh", ""));
    CHECK_FALSE(find_program("sh", "/nowhere"));
    CHECK_FALSE(find_program("passwd", "/etc"));
}
