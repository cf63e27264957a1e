#include <cohort/process/guarantees.hpp>

#include <cohort/process/descriptors.hpp>
#include <cohort/process/detail/kit_test.hpp>

using namespace cohort;
using namespace cohort::process;

TEST_SUITE_BEGIN("twins" * doctest::skip(kit::no_twins));

TEST_CASE("pairs work here, and the trial leaves nothing behind")
{
    const auto before = open_descriptors();
    const auto found = test_guarantees(kit::permit(), [] { return result<>{}; });
    CHECK(found.pairs);
    CHECK(found.exact_positions);
    CHECK(found.words == "connections outlive their worker, exact to the byte");
    CHECK(*open_descriptors() == *before);
    // It is reaped, too.
    CHECK(fork_permit::ask().has_value());
}

TEST_CASE("without exact positions the words say what is left")
{
    const auto found = test_guarantees(kit::permit(), []() -> result<> {
        return failed(errc::not_supported, "count bytes on", "loopback");
    });
    CHECK(found.pairs);
    CHECK_FALSE(found.exact_positions);
    CHECK(found.words.find("count bytes on loopback") != std::string::npos);
}

TEST_SUITE_END();
