#include <cohort/base/append.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;

TEST_CASE("what is appended stands behind what was there, however much room it takes")
{
    std::string out = "a";
    append_plain(out, "");
    append_plain(out, "bc");
    append_by(out, 4, [](char* to) {
        *to++ = 'd';
        return to;
    });
    CHECK(out == "abcd");
    const std::string long_one(1000, 'x');
    append_plain(out, long_one);
    CHECK(out == "abcd" + long_one);
}
