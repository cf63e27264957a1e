#include <cohort/primary/settling.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace cohort;
using primary::file_mark;
using primary::settling;
using enum settling::verdict;
using enum settling::shape;

namespace {

std::vector<file_mark> of_size(std::int64_t bytes)
{
    file_mark one;
    one.path = "/srv/api";
    one.size = bytes;
    return {one};
}

steady_time at(int ms) { return steady_time{milliseconds{ms}}; }

}  // namespace

TEST_CASE("files that are what they were are no reason for anything")
{
    settling files{of_size(7)};
    CHECK(files.look(of_size(7), whole, at(0)) == unchanged);
    CHECK(files.look(of_size(7), whole, at(9000)) == unchanged);
}

TEST_CASE("what is written piece by piece is taken once, when nothing has come for a while")
{
    settling files{of_size(7)};
    CHECK(files.look(of_size(1), whole, at(0)) == changing);
    CHECK(files.look(of_size(2), whole, at(250)) == changing);
    CHECK(files.look(of_size(3), whole, at(500)) == changing);
    CHECK(files.look(of_size(3), whole, at(799)) == changing);
    CHECK(files.look(of_size(3), whole, at(800)) == settled);
    CHECK(files.look(of_size(3), whole, at(801)) == unchanged);
}

TEST_CASE("a file that is missing, or that somebody writes to, is waited for however long it takes")
{
    settling files{of_size(7)};
    CHECK(files.look(of_size(0), unfinished, at(0)) == changing);
    CHECK(files.look(of_size(0), unfinished, at(60'000)) == changing);
    CHECK(files.look(of_size(0), whole, at(60'001)) == settled);
}

TEST_CASE("a change that is taken back is none")
{
    settling files{of_size(7)};
    CHECK(files.look(of_size(8), whole, at(0)) == changing);
    CHECK(files.look(of_size(7), whole, at(100)) == unchanged);
    CHECK(files.look(of_size(8), whole, at(310)) == changing);
    CHECK(files.look(of_size(8), whole, at(610)) == settled);
}
