#include <cohort/observe/sampler.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::observe;

namespace {

sampler made(std::string_view name, std::string_view argument = {})
{
    const auto parsed = sampler::parse(name, argument);
    REQUIRE(parsed);
    return *parsed;
}

trace_context parent(std::uint8_t flags)
{
    trace_context one;
    one.trace = {1, 2};
    one.span = {3};
    one.flags = flags;
    return one;
}

}  // namespace

TEST_CASE("a parent decides where the sampler says so, and the trace's id where not")
{
    const trace_id id{1, 2};
    const trace_context yes = parent(1);
    const trace_context no = parent(2);
    CHECK(sampler{} == made("parentbased_always_on"));
    for (const char* const name : {"parentbased_always_on", "parentbased_always_off"}) {
        CHECK(made(name).samples(&yes, id));
        CHECK_FALSE(made(name).samples(&no, id));
    }
    CHECK(made("parentbased_always_on").samples(nullptr, id));
    CHECK_FALSE(made("parentbased_always_off").samples(nullptr, id));
    CHECK(made("always_on").samples(&no, id));
    CHECK_FALSE(made("always_off").samples(&yes, id));
}

TEST_CASE("a ratio samples that share of traces, and the same ones whatever asks")
{
    const sampler some = made("traceidratio", "0.25");
    const sampler others = made("parentbased_traceidratio", "0.25");
    const sampler more = made("traceidratio", "0.5");
    int sampled = 0;
    for (int i = 0; i < 10'000; ++i) {
        const trace_id id = fresh_trace_id();
        const bool is = some.samples(nullptr, id);
        sampled += is ? 1 : 0;
        CHECK(others.samples(nullptr, id) == is);
        CHECK((!is || more.samples(nullptr, id)));
    }
    CHECK(sampled > 2000);
    CHECK(sampled < 3000);
    CHECK(made("traceidratio").samples(nullptr, {1, 0}));
    CHECK(made("traceidratio", "1").samples(nullptr, {1, 0}));
    CHECK_FALSE(made("traceidratio", "0").samples(nullptr, {1, ~std::uint64_t{0}}));
}

TEST_CASE("names and shares that do not exist are refused")
{
    for (const char* const name : {"", "on", "parentbased_", "jaeger_remote", "ALWAYS_ON"})
        CHECK_FALSE(sampler::parse(name, ""));
    for (const char* const share : {"-0.1", "1.1", "half", "nan"})
        CHECK_FALSE(sampler::parse("traceidratio", share));
}
