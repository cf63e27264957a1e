#include <cohort/http/files/detail/coding_choice.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http::detail;
using cohort::http::coding;

namespace {

std::string order(std::string_view field)
{
    const coding_order chosen = choose_codings(field);
    std::string all;
    for (const coding each : chosen.all())
        all += ending_of(each);
    return all;
}

}  // namespace

TEST_CASE("codings come in the order of their weights, and equal ones in ours")
{
    CHECK(order("gzip, deflate, br, zstd") == ".br.zst.gz");
    CHECK(order("gzip, br;q=0.9") == ".gz.br");
    CHECK(order("GZIP;Q=0.001") == ".gz");
    CHECK(order("x-gzip") == ".gz");
    CHECK(order("*") == ".br.zst.gz");
    CHECK(order("*;q=0.5, gzip;q=1.000, br;q=0") == ".gz.zst");
}

TEST_CASE("none is taken that the client did not name, or likes less than none")
{
    CHECK(order("").empty());
    CHECK(order("identity").empty());
    CHECK(order("deflate").empty());
    CHECK(order("gzip;q=0, *;q=0").empty());
    CHECK(order("identity;q=1, gzip;q=0.5").empty());
    CHECK(order("identity;q=0.5, gzip;q=0.5") == ".gz");
    for (const char* const bad : {"gzip;q=2", "gzip;q=1.1", "gzip;q=", "gzip;q=.5", "gzip;q=0.1234",
                                  "gzip;level=1", "gzip;q=-1", "gz ip"})
        CHECK(order(bad).empty());
}
