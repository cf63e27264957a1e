#include <cohort/dashboard/access.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log.hpp>

#include <doctest/doctest.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>

using namespace cohort::dashboard;
namespace fs = std::filesystem;

namespace {

struct folder {
    folder()
    {
        std::string name = (fs::temp_directory_path() / "cohort-access-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~folder() { fs::remove_all(path); }
    fs::path path;
};

void write(const fs::path& to, const std::string& text)
{
    // As whoever replaces a secret does it.
    std::ofstream{to.string() + ".new"} << text;
    fs::rename(to.string() + ".new", to);
}

}  // namespace

TEST_CASE("a token is known, and what is only like it is not")
{
    token_guard of{std::string{"0123456789abcdef"}};
    CHECK(of.knows("0123456789abcdef"));
    CHECK_FALSE(of.knows("0123456789abcdeF"));
    CHECK_FALSE(of.knows("0123456789abcde"));
    CHECK_FALSE(of.knows(""));
}

TEST_CASE("where there is no token, nobody comes in, with an empty one neither")
{
    token_guard of{std::string{}};
    CHECK_FALSE(of.knows(""));
    CHECK_FALSE(of.knows("0123456789abcdef"));
}

TEST_CASE("wrong tokens are told once a minute, not each")
{
    gate of{token_guard{std::string{"0123456789abcdef"}}, token_guard{std::string{}}};
    const cohort::unique_fd file{::memfd_create("lines", MFD_CLOEXEC)};
    REQUIRE(file.valid());
    cohort::log::configure({.descriptor = file.borrow()});
    for (int i = 0; i < 5; ++i)
        of.tell("192.0.2.7");
    cohort::log::configure({});
    std::string all(4096, '\0');
    const auto size = ::pread(file.borrow(), all.data(), all.size(), 0);
    REQUIRE(size > 0);
    all.resize(static_cast<std::size_t>(size));
    CHECK(all.contains("a wrong token came from 192.0.2.7; refused"));
    CHECK(std::ranges::count(all, '\n') == 1);
}

TEST_CASE("a token in a file can be replaced, and without one nobody comes in")
{
    const folder here;
    const fs::path path = here.path / "token";
    token_guard of{path};
    CHECK_FALSE(of.knows(""));
    write(path, "the first of all tokens\n");
    CHECK(of.knows("the first of all tokens"));
    write(path, "another one, and as long");
    CHECK_FALSE(of.knows("the first of all tokens"));
    CHECK(of.knows("another one, and as long"));
    write(path, "short\n");
    CHECK_FALSE(of.knows("short"));
    write(path, std::string(600, 'x'));
    CHECK_FALSE(of.knows(std::string(600, 'x')));
    fs::remove(path);
    CHECK_FALSE(of.knows("another one, and as long"));
}

TEST_CASE("a gate knows who may order, and who may look")
{
    gate of{token_guard{std::string{"0123456789abcdef"}},
            token_guard{std::string{"fedcba9876543210"}}};
    CHECK(of.judge("0123456789abcdef", "a", 1) == gate::ruling::operates);
    CHECK(of.judge("fedcba9876543210", "a", 1) == gate::ruling::views);
    CHECK(of.judge("0123456789abcde", "a", 1) == gate::ruling::wrong);
    CHECK(of.wrong() == 1);
}

TEST_CASE("an address may guess so often, and who has a token is always heard")
{
    constexpr std::uint64_t second = 1'000'000'000;
    gate of{token_guard{std::string{"0123456789abcdef"}},
            token_guard{std::string{"fedcba9876543210"}}};
    std::uint64_t now = 100 * second;
    for (std::uint64_t i = 0; i < gate::guesses_max; ++i) {
        CHECK(of.barred("wrong", "a", now).count() == 0);
        CHECK(of.judge("wrong", "a", now) == gate::ruling::wrong);
    }
    CHECK(of.barred("wrong", "a", now).count() > 0);
    CHECK(of.barred("wrong", "b", now).count() == 0);
    CHECK(of.wrong() == gate::guesses_max + 1);
    CHECK(of.barred("0123456789abcdef", "a", now).count() == 0);
    CHECK(of.barred("fedcba9876543210", "a", now).count() == 0);
    CHECK(of.wrong() == gate::guesses_max + 1);
    now += 3 * second;
    CHECK(of.barred("wrong", "a", now).count() == 0);
    CHECK(of.judge("wrong", "a", now) == gate::ruling::wrong);
    CHECK(of.barred("wrong", "a", now).count() > 0);
    now += 120 * second;
    for (std::uint64_t i = 0; i < 5 * gate::guesses_max; ++i) {
        CHECK(of.barred("0123456789abcdef", "a", now).count() == 0);
        CHECK(of.judge("0123456789abcdef", "a", now) == gate::ruling::operates);
    }
}
