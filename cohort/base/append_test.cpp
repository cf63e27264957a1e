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
    for (std::size_t size = 0; size < 40; ++size) {
        const std::string text =
            std::string{"0123456789abcdefghijklmnopqrstuvwxyz ABC"}.substr(0, size);
        std::string to(size + 2, '.');
        CHECK(put(to.data() + 1, text) == to.data() + 1 + size);
        CHECK(to == "." + text + ".");
    }
    const std::string long_one(1000, 'x');
    append_plain(out, long_one);
    CHECK(out == "abcd" + long_one);
}
