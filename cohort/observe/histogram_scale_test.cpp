#include <cohort/observe/histogram_scale.hpp>

#include <cohort/base/random.hpp>
#include <cohort/board/metric_layout.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace cohort;
using namespace cohort::observe;

namespace {

metric_description histogram(metric_unit unit, std::uint8_t precision)
{
    metric_description made;
    made.type = metric_type::histogram;
    made.unit = unit;
    made.precision = precision;
    made.edges = usual_edges(unit);
    return made;
}

/// Some of every size.
std::vector<std::uint64_t> samples(std::uint64_t top)
{
    random_source dice{7};
    std::vector<std::uint64_t> made{0, 1, top - 1};
    for (std::uint64_t size = 2; size <= top; size *= 2) {
        for (int i = 0; i < 500; ++i)
            made.push_back(dice.next() % size);
    }
    return made;
}

}  // namespace

TEST_CASE("a value is in the cell whose bounds it is between")
{
    for (const auto unit : {metric_unit::seconds, metric_unit::bytes, metric_unit::number}) {
        for (const std::uint8_t precision : {3, 5}) {
            const histogram_scale scale{histogram(unit, precision)};
            const auto bounds = scale.bounds();
            REQUIRE(bounds.size() == scale.cells() + 1);
            CHECK(bounds.back() == histogram_scale::top(unit));
            for (const std::uint64_t each : samples(histogram_scale::top(unit))) {
                const auto at = scale.spot_of(each);
                REQUIRE(at.cell < scale.cells());
                CHECK(bounds[at.cell] <= each);
                CHECK(each < bounds[at.cell + 1]);
            }
        }
    }
}

TEST_CASE("the middle of a cell is as near as the precision says")
{
    for (const std::uint8_t precision : {3, 5}) {
        const histogram_scale scale{histogram(metric_unit::seconds, precision)};
        const auto bounds = scale.bounds();
        const double most = precision == 3 ? 0.0625 : 0.015626;
        for (const std::uint64_t each : samples(histogram_scale::top(metric_unit::seconds))) {
            if (each < 1'024)
                continue;
            const std::size_t cell = scale.spot_of(each).cell;
            const double middle = (double(bounds[cell]) + double(bounds[cell + 1] - 1)) / 2;
            CHECK(std::abs(middle - double(each)) <= most * double(each));
        }
    }
}

TEST_CASE("a classic bucket ends with its edge, and the next one begins behind it")
{
    const histogram_scale scale{histogram(metric_unit::seconds, 3)};
    const auto edges = scale.edges();
    for (std::size_t i = 0; i < edges.size(); ++i) {
        CHECK(scale.spot_of(edges[i]).edge == i);
        CHECK(scale.spot_of(edges[i] + 1).edge == i + 1);
        CHECK(scale.spot_of(edges[i]).cell + 1 == scale.spot_of(edges[i] + 1).cell);
    }
}

TEST_CASE("several edges in one bucket, and edges on its ends, are kept apart")
{
    metric_description of = histogram(metric_unit::number, 3);
    of.edges = {0, 7, 8, 1'024, 1'025, 1'026, 1'151, 1'152};
    const histogram_scale scale{of};
    const auto bounds = scale.bounds();
    std::size_t last = 0;
    for (std::uint64_t value = 0; value < 2'000; ++value) {
        const auto at = scale.spot_of(value);
        CHECK(at.cell >= last);
        last = at.cell;
        CHECK(bounds[at.cell] <= value);
        CHECK(value < bounds[at.cell + 1]);
        std::size_t above = 0;
        while (above < of.edges.size() && value > of.edges[above])
            ++above;
        CHECK(at.edge == above);
    }
}

TEST_CASE("what is larger than anything is in the last cell")
{
    const histogram_scale scale{histogram(metric_unit::seconds, 3)};
    CHECK(scale.spot_of(~std::uint64_t{0}).cell == scale.cells() - 1);
    CHECK(scale.spot_of(~std::uint64_t{0}).edge == scale.edges().size());
}

TEST_CASE("every usual histogram fits into a page, with exemplars")
{
    for (const auto unit : {metric_unit::seconds, metric_unit::bytes, metric_unit::number}) {
        for (const std::uint8_t precision : {3, 5}) {
            metric_description of = histogram(unit, precision);
            of.exemplars = true;
            CHECK(of.cells() <= board::metric_page_words);
        }
    }
    CHECK(histogram(metric_unit::seconds, 3).cells() == 224 + 14 + 1);
}
