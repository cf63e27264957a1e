#include <cohort/primary/watch.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;

namespace {

conduct of(std::uint64_t answers, std::uint64_t failed, nanoseconds each)
{
    conduct seen;
    seen.answers.took[board::bucket_of(each)] = answers;
    seen.answers.failed = failed;
    return seen;
}

watch by_default() { return watch{config::reload{}.abort_if}; }

}  // namespace

TEST_CASE("a generation that does as well as the old one breaks no rule")
{
    CHECK(by_default().minds_crashes());
    CHECK_FALSE(by_default().verdict(of(1000, 1, 5ms), of(1000, 1, 5ms)));
}

TEST_CASE("errors count once there are enough answers")
{
    CHECK_FALSE(by_default().verdict(of(10, 10, 5ms), of(1000, 0, 5ms)));
    const auto broken = by_default().verdict(of(200, 10, 5ms), of(1000, 0, 5ms));
    REQUIRE(broken);
    CHECK(broken->find("5.0% of its 200 answers were 5xx") != std::string::npos);
}

TEST_CASE("what fails in the old generation as well is not the new one's fault")
{
    CHECK_FALSE(by_default().verdict(of(200, 100, 5ms), of(200, 100, 5ms)));
    CHECK(by_default().verdict(of(200, 100, 5ms), of(200, 10, 5ms)));
}

TEST_CASE("slowness is a multiple of what was usual, above the clock's own noise")
{
    CHECK(by_default().verdict(of(100, 0, 400ms), of(100, 0, 100ms)));
    CHECK_FALSE(by_default().verdict(of(100, 0, 200ms), of(100, 0, 100ms)));
    CHECK_FALSE(by_default().verdict(of(100, 0, 20ms), of(100, 0, 0ms)));
    // Nobody was asked before: there is nothing to compare with.
    CHECK_FALSE(by_default().verdict(of(100, 0, 400ms), of(0, 0, 0ms)));
}

TEST_CASE("memory is compared where a rule says so")
{
    conduct fresh = of(0, 0, 0ms);
    conduct old = of(0, 0, 0ms);
    fresh.memory_bytes = 300U << 20;
    old.memory_bytes = 100U << 20;
    CHECK_FALSE(by_default().verdict(fresh, old));
    const watch strict{{{config::abort_rule::kind::memory, 2}}};
    CHECK_FALSE(strict.minds_crashes());
    CHECK(strict.verdict(fresh, old));
    old.memory_bytes = 0;
    CHECK_FALSE(strict.verdict(fresh, old));
}

TEST_CASE("what few answers are worth is said")
{
    CHECK(watch::words_for(0).starts_with("no answer of the new workers was seen"));
    CHECK(watch::words_for(49).find("need 50") != std::string::npos);
    CHECK(watch::words_for(50) == "50 answers of the new workers were judged");
}
