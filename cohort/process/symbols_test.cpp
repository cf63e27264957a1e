#include <cohort/process/symbols.hpp>

#include <cohort/process/program_map.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::process;

namespace looked_for {

// Something that surely has a name of its own, and a place.
[[gnu::noinline]] int so_and_so(int of)
{
    asm volatile("" : "+r"(of));
    return of + 1;
}

}  // namespace looked_for

TEST_CASE("the function that code belongs to is found in its program, by its name")
{
    REQUIRE(looked_for::so_and_so(1) == 2);
    const auto address = reinterpret_cast<std::uintptr_t>(&looked_for::so_and_so) + 1;
    const auto map = program_map::of(::getpid());
    const auto* const code = map.at(address);
    REQUIRE(code != nullptr);
    unique_fd file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    auto search = symbol_search::open(std::move(file), {0, address - code->begin + code->offset});
    REQUIRE(search);
    while (search->step()) {
    }
    const auto found = search->found();
    REQUIRE(found.size() == 2);
    CHECK(found[0].name.empty());
    CHECK(found[1].name == "looked_for::so_and_so(int)");
    CHECK(found[1].beyond == 1);
}

TEST_CASE("what is no program has no symbols, and a program that was cut short has what is left")
{
    unique_fd nothing{::memfd_create("nothing", MFD_CLOEXEC)};
    CHECK(symbol_search::open(std::move(nothing), {1}).error().why() == errc::malformed);
    unique_fd whole{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    unique_fd part{::memfd_create("part", MFD_CLOEXEC)};
    std::string head(4096, '\0');
    REQUIRE(::read(whole.borrow(), head.data(), head.size()) == 4096);
    REQUIRE(::write(part.borrow(), head.data(), head.size()) == 4096);
    auto search = symbol_search::open(std::move(part), {0x1000});
    REQUIRE(search);
    CHECK_FALSE(search->step());
    CHECK(search->found().at(0).name.empty());
    CHECK(search->addresses().size() == 1);
}

TEST_CASE("names are read as people write them, and cannot move a terminal")
{
    CHECK(readable_name("_ZN8scenario16compute_for_everEv") == "scenario::compute_for_ever()");
    CHECK(readable_name("main") == "main");
    CHECK(readable_name("a\x1b[2J") == "a?[2J");
    CHECK(readable_name(std::string(1000, 'x')).size() == symbol_search::name_bytes_max);
}
