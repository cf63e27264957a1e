#include <cohort/crypto/random_bytes.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace cohort::crypto;

TEST_CASE("random bytes are as many as asked for, and never the same")
{
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string bytes = random_bytes(16);
        CHECK(bytes.size() == 16);
        CHECK(seen.insert(bytes).second);
    }
    CHECK(random_bytes(0).empty());
    CHECK(random_bytes(100'000).size() == 100'000);
}
