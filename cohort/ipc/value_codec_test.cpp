#include <cohort/ipc/value_codec.hpp>

#include <cohort/base/random.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>

using namespace cohort;
using namespace cohort::ipc;

namespace {

boost::json::value sample()
{
    return {
        {"text", "a \0 b"},
        {"numbers",
         {0, -1, 0.1, -0.0, std::numeric_limits<std::int64_t>::min(),
          std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<double>::denorm_min()}},
        {"nothing", nullptr},
        {"truth", {true, false}},
        {"empty", {{"list", boost::json::array{}}, {"object", boost::json::object{}}}}};
}

}  // namespace

TEST_CASE("every kind of value comes back as it was")
{
    const auto packed = pack(sample());
    REQUIRE(packed);
    const auto back = unpack(*packed);
    REQUIRE(back);
    CHECK(*back == sample());
    CHECK(std::signbit(back->at("numbers").at(3).as_double()));
}

TEST_CASE("every finite double comes back bit for bit")
{
    random_source dice{20261123};
    for (int i = 0; i < 20'000; ++i) {
        const auto bits = dice.next();
        const auto number = std::bit_cast<double>(bits);
        if (!std::isfinite(number))
            continue;
        const auto back = unpack(*pack(number));
        REQUIRE(back);
        CHECK(std::bit_cast<std::uint64_t>(back->as_double()) == bits);
    }
}

TEST_CASE("a packed value that is cut anywhere, or goes on, is malformed")
{
    const auto packed = pack(sample());
    REQUIRE(packed);
    for (std::size_t size = 0; size < packed->size(); ++size) {
        const auto cut = unpack(std::string_view{*packed}.substr(0, size));
        REQUIRE_FALSE(cut);
        CHECK(cut.error().why() == errc::malformed);
    }
    CHECK_FALSE(unpack(*packed + '\0'));
}

TEST_CASE("a count that promises four billion elements costs nothing")
{
    const std::string list{"\x07\xff\xff\xff\xff\x00", 6};
    const std::string object{"\x08\xff\xff\xff\xff", 5};
    const std::string text{"\x06\xff\xff\xff\x7f", 5};
    CHECK_FALSE(unpack(list));
    CHECK_FALSE(unpack(object));
    CHECK_FALSE(unpack(text));
    CHECK_FALSE(unpack("\x09"));
}
