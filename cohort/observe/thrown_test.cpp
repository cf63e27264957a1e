#include <cohort/observe/thrown.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <ucontext.h>

using namespace cohort;

namespace {

/// Not inlined into what calls it: each has an address of its own on the stack.
[[gnu::noinline]] void throw_here()
{
    static std::atomic<int> uses{0};
    ++uses;
    throw std::out_of_range{"far"};
}

std::vector<std::uintptr_t> calls_to_throw_here()
{
    try {
        throw_here();
    } catch (const std::exception& thrown) {
        return log::calls_of(thrown);
    }
    return {};
}

/// A coroutine of a foreign kind: it has a stack of its own, and at the bottom of it an address
/// that nobody may read, since nothing ever returns there.
struct fiber {
    ucontext_t home{};
    ucontext_t own{};
    std::vector<char> stack = std::vector<char>(std::size_t{256} * 1024);
    std::string caught;
    std::vector<std::uintptr_t> calls;

    void run()
    {
        REQUIRE(::getcontext(&own) == 0);
        own.uc_stack.ss_sp = stack.data();
        own.uc_stack.ss_size = stack.size();
        running = this;
        ::makecontext(&own, &begin, 0);
        REQUIRE(::swapcontext(&home, &own) == 0);
    }

    [[gnu::noinline]] static void begin()
    {
        auto* const frame = static_cast<volatile std::uintptr_t*>(__builtin_frame_address(0));
        frame[1] = 0xdead'dead'dead'dead;  // where it would return to
        running->work();
        ::setcontext(&running->home);
    }

    [[gnu::noinline]] void work()
    {
        try {
            throw_here();
        } catch (const std::exception& thrown) {
            caught = thrown.what();
            calls = log::calls_of(thrown);
        }
    }

    static inline fiber* running = nullptr;
};

/// The throw's own place.
std::uintptr_t there()
{
    const auto calls = calls_to_throw_here();
    REQUIRE(!calls.empty());
    return calls[0];
}

}  // namespace

TEST_CASE("a caught exception is known by the calls that led to where it was thrown")
{
    if (!log::knows_what_is_thrown()) {
        MESSAGE("not shown: the C++ library is in this program, and tells nobody");
        return;
    }
    const auto calls = calls_to_throw_here();
    REQUIRE(calls.size() > 1);
    CHECK(calls[0] == there());
    const std::string words = log::words_of_calls(calls);
    CHECK(words.find("(+0x") != std::string::npos);
    CHECK(words.find("__cxa_throw") == std::string::npos);
}

TEST_CASE("what is thrown on one thread is known on all, and thrown again stays what it was")
{
    if (!log::knows_what_is_thrown())
        return;
    std::exception_ptr thrown;
    std::thread{[&] {
        try {
            throw_here();
        } catch (const std::exception&) {
            thrown = std::current_exception();
        }
    }}.join();
    REQUIRE(!log::calls_of(thrown).empty());
    CHECK(log::calls_of(thrown)[0] == there());
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& again) {
        CHECK(log::calls_of(again) == log::calls_of(thrown));
    }
}

TEST_CASE("an exception that was made in the place of another has its own calls, not the other's")
{
    if (!log::knows_what_is_thrown())
        return;
    const auto thrown_at = there();
    for (int i = 0; i < 100; ++i) {
        static_cast<void>(calls_to_throw_here());
        const auto made = std::make_exception_ptr(std::out_of_range{"made"});
        const auto calls = log::calls_of(made);
        REQUIRE(!calls.empty());
        CHECK(calls[0] != thrown_at);
    }
}

#ifndef __SANITIZE_THREAD__  // which knows of no stacks but those of threads
TEST_CASE("a throw on a fiber's stack is caught there, and what lies at its bottom is not read")
{
    fiber one;
    one.run();
    CHECK(one.caught == "far");
    CHECK(one.calls.empty());
    // The thread itself goes on as before.
    CHECK(calls_to_throw_here().empty() != log::knows_what_is_thrown());
}
#endif

TEST_CASE("a program that is told so takes no stacks, and throws as ever")
{
    const char* const said = std::getenv(log::thrown_stacks_variable);
    if (said != nullptr && std::string_view{said} == "0") {
        CHECK(calls_to_throw_here().empty());
        CHECK_FALSE(log::knows_what_is_thrown());
        CHECK_THROWS_AS(throw_here(), std::out_of_range);
        return;
    }
    const std::string us = std::filesystem::read_symlink("/proc/self/exe").string();
    const std::string other = std::string{log::thrown_stacks_variable} + "=0 '" + us +
                              "' -m -tc='a program that is told so takes no stacks*'";
    CHECK(std::system(other.c_str()) == 0);
}

TEST_CASE("of what was never thrown, or too often, nothing is known")
{
    const std::out_of_range local{"local"};
    CHECK(log::calls_of(local).empty());
    CHECK(log::calls_of(std::exception_ptr{}).empty());
    if (!log::knows_what_is_thrown())
        return;
    // On a thread of its own, whose second this is. (It may be over two of them that it throws.)
    std::size_t known = 0;
    std::thread{[&] {
        for (unsigned i = 0; i < 3 * log::thrown_a_second_max; ++i)
            known += calls_to_throw_here().empty() ? 0 : 1;
    }}.join();
    CHECK(known >= log::thrown_a_second_max);
}

TEST_CASE("threads that throw at once find their own calls, or none")
{
    if (!log::knows_what_is_thrown())
        return;
    const auto thrown_at = there();
    std::atomic<unsigned> wrong{0};
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < 4; ++i) {
            all.emplace_back([&] {
                for (int k = 0; k < 900; ++k) {
                    const auto calls = calls_to_throw_here();
                    if (!calls.empty() && calls[0] != thrown_at)
                        ++wrong;
                }
            });
        }
    }
    CHECK(wrong == 0);
}
