#include <cohort/process/kept_bytes.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <string>

using namespace cohort;

TEST_CASE("memory holds what it was given, whatever that is")
{
    std::string bytes(100'000, 'x');
    bytes[1] = '\0';
    const auto memory = process::keep_bytes("test", bytes);
    REQUIRE(memory);
    std::string back(bytes.size() + 1, '?');
    REQUIRE(::pread(memory->borrow(), back.data(), back.size(), 0) ==
            static_cast<ssize_t>(bytes.size()));
    back.pop_back();
    CHECK(back == bytes);
}

TEST_CASE("without a descriptor to be had there is no memory, and the error names it")
{
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const auto memory = process::keep_bytes("test", "bytes");
    ::setrlimit(RLIMIT_NOFILE, &before);
    REQUIRE_FALSE(memory);
    CHECK(memory.error().text().find("make anonymous memory") != std::string::npos);
}
