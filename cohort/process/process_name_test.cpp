#include <cohort/process/process_name.hpp>

#include <doctest/doctest.h>

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <string_view>

using namespace cohort::process;

TEST_CASE("a process is called as the kernel calls it, and one that is gone is called nothing")
{
    std::array<char, process_name_max> before{};
    ::prctl(PR_GET_NAME, before.data());
    ::prctl(PR_SET_NAME, "a fifteen chars");
    std::array<char, process_name_max> name{};
    const std::size_t bytes = name_of_process(::getpid(), name);
    CHECK(std::string_view{name.data(), bytes} == "a fifteen chars");
    CHECK(name_of_process(0x7fff'fffe, name) == 0);
    ::prctl(PR_SET_NAME, before.data());
}
