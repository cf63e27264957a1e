#include <cohort/observe/metric_reading.hpp>

#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/metrics.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::observe;
using namespace std::chrono_literals;

namespace {

constexpr pid_t dead = (1 << 22) + 1;  // Linux has no such number

/// A board on which this process counts as whoever it wants to be.
struct cohort_of_tests {
    result<board::segment> board = board::segment::create(4);
    metric_reader reader = metric_reader::of(board->commons()).value();

    ~cohort_of_tests() { metrics::born(); }

    void be(std::uint32_t slot)
    {
        seat(slot, ::getpid());
        metrics::settle(board->commons(), slot);
    }
    void seat(std::uint32_t slot, pid_t who)
    {
        board::move_in(board->row(slot), {.tenant = board::tenant_of(1, who), .worker_id = 1});
    }
};

const family_reading* find(const metrics_reading& in, std::string_view name)
{
    for (const family_reading& each : in.families) {
        if (each.what->name == name)
            return &each;
    }
    return nullptr;
}

/// The values of the only part's series, in their order.
std::vector<double> gauges(const metrics_reading& in, std::string_view name)
{
    std::vector<double> found;
    for (const series_reading& each : find(in, name)->parts[0].series)
        found.push_back(each.gauge);
    return found;
}

std::uint64_t count(const metrics_reading& in, std::string_view name)
{
    return find(in, name)->parts[0].series[0].count;
}

}  // namespace

TEST_CASE("a counter is the sum over all workers, and stays when they are gone")
{
    cohort_of_tests all;
    auto& hits = metrics::counter("reading_hits_total", "Hits");
    all.be(0);
    hits.add(5);
    all.be(1);
    hits.add(7);
    CHECK(count(all.reader.read(), "reading_hits_total") == 12);
    board::vacate(all.board->row(0));
    board::vacate(all.board->row(1));
    CHECK(count(all.reader.read(), "reading_hits_total") == 12);
    all.be(1);
    hits.add(1);
    CHECK(count(all.reader.read(), "reading_hits_total") == 13);
}

TEST_CASE("gauges become one number as declared, of workers that live and have set them")
{
    cohort_of_tests all;
    using metrics::across;
    auto& sum = metrics::gauge("reading_all", "x");
    auto& least = metrics::gauge("reading_least", "x", {.over = across::least});
    auto& most = metrics::gauge("reading_most", "x", {.over = across::most});
    auto& average = metrics::gauge("reading_average", "x", {.over = across::average});
    auto& each = metrics::gauge("reading_each", "x", {.over = across::each});
    auto& never = metrics::gauge("reading_never", "x");
    static_cast<void>(never);
    for (const std::uint32_t slot : {0U, 1U, 3U}) {
        all.be(slot);
        for (auto* const one : {&sum, &least, &most, &average, &each})
            one->set(slot + 1);
    }
    all.be(2);  // which sets none
    auto seen = all.reader.read();
    CHECK(gauges(seen, "reading_all") == std::vector<double>{7});
    CHECK(gauges(seen, "reading_least") == std::vector<double>{1});
    CHECK(gauges(seen, "reading_most") == std::vector<double>{4});
    CHECK(gauges(seen, "reading_average") == std::vector<double>{7.0 / 3});
    CHECK(gauges(seen, "reading_each") == std::vector<double>{1, 2, 4});
    CHECK(find(seen, "reading_each")->parts[0].series[2].slot == 3);
    CHECK(gauges(seen, "reading_never").empty());

    // One is buried, in the place of another somebody else sits already.
    board::vacate(all.board->row(0));
    all.seat(3, dead);
    seen = all.reader.read();
    CHECK(gauges(seen, "reading_all") == std::vector<double>{2});
    CHECK(gauges(seen, "reading_each") == std::vector<double>{2});
}

TEST_CASE("a gauge of a successor counts once, though its predecessor has left one")
{
    cohort_of_tests all;
    auto& gauge = metrics::gauge("reading_successor", "x");
    const auto cells = board::metric_cells::in(all.board->commons()).value();
    all.be(0);
    gauge.set(5);
    board::metric_index index{board::metric_directory{cells.head()}};
    index.update();
    std::uint32_t place = 0;
    for (const auto& each : index.entries()) {
        if (each.what.kind == board::metric_kind::gauge &&
            index.entries()[each.what.parent].what.key.contains("reading_successor"))
            place = each.place;
    }
    // Its pid is drawn again: another column of the same seat and the same number.
    const auto other = cells.claim({.pid = dead, .slot = 0});
    constexpr std::uint32_t words = board::metric_page_words;
    cells.find(other, place / words)->words[place % words] =
        cells.find(1, place / words)->words[place % words].load();
    CHECK(gauges(all.reader.read(), "reading_successor") == std::vector<double>{5});
    cells.head().columns[other].owner.store(
        (cells.head().columns[other].owner.load() & ~0xffff'ffffULL) |
        static_cast<std::uint32_t>(::getpid()));
    CHECK(gauges(all.reader.read(), "reading_successor") == std::vector<double>{5});
}

TEST_CASE("quantiles are those of all workers together, and of what came since")
{
    cohort_of_tests all;
    auto& took = metrics::histogram("reading_took_seconds", "x", {.precision = 5});
    all.be(0);
    for (int i = 1; i <= 500; ++i)
        took.record(i * 1ms);
    all.be(1);
    for (int i = 501; i <= 1'000; ++i)
        took.record(i * 1ms);
    const auto seen = all.reader.read();
    const family_reading* const family = find(seen, "reading_took_seconds");
    const histogram_reading its = family->parts[0].series[0].histogram;
    CHECK(its.count == 1'000);
    CHECK(its.sum == 500'500'000'000);
    for (const double share : {0.01, 0.5, 0.9, 0.99, 1.0})
        CHECK(*its.quantile(share, family->bounds) == doctest::Approx(share * 1e9).epsilon(0.0157));
    const auto below = its.not_above(*family->scale);
    const std::vector<std::uint64_t> exact{5,   10,  25,    50,    75,    100,   250,
                                           500, 750, 1'000, 1'000, 1'000, 1'000, 1'000};
    CHECK(below == exact);

    for (int i = 0; i < 10; ++i)
        took.record(30us);
    const auto later = all.reader.read();
    const histogram_reading news =
        find(later, "reading_took_seconds")->parts[0].series[0].histogram.since(its);
    CHECK(news.count == 10);
    CHECK(news.sum == 300'000);
    CHECK(*news.quantile(0.5, family->bounds) == doctest::Approx(30'000).epsilon(0.0157));
    histogram_reading together = its;
    together += news;
    CHECK(together.count == 1'010);
    CHECK_FALSE(histogram_reading{}.quantile(0.5, family->bounds));
}

TEST_CASE("the newest trace of a bucket is kept, if it is whole")
{
    cohort_of_tests all;
    auto& took = metrics::histogram("reading_traced_seconds", "x", {.exemplars = true});
    auto& silent = metrics::histogram("reading_silent_seconds", "x");
    all.be(0);
    took.record(7ms, {1, 2});
    silent.record(7ms, {1, 2});
    all.be(1);
    took.record(8ms, {3, 4});
    took.record(20s, {5, 6});
    const auto seen = all.reader.read();
    const auto& its = find(seen, "reading_traced_seconds")->parts[0].series[0].histogram;
    REQUIRE(its.exemplars.size() == 15);
    CHECK_FALSE(its.exemplars[0]);
    REQUIRE(its.exemplars[1]);
    CHECK(its.exemplars[1]->trace == metrics::trace_id{3, 4});
    CHECK(its.exemplars[1]->value == 8'000'000);
    REQUIRE(its.exemplars[14]);
    CHECK(its.exemplars[14]->trace == metrics::trace_id{5, 6});
    CHECK(find(seen, "reading_silent_seconds")->parts[0].series[0].histogram.exemplars.empty());
}

TEST_CASE("of two programs' metrics of one name the last one's is shown, beside what goes with it")
{
    cohort_of_tests all;
    const auto cells = board::metric_cells::in(all.board->commons()).value();
    board::metric_index index{board::metric_directory{cells.head()}};
    metric_description what;
    what.name = "reading_changed_total";
    what.help = "x";
    what.labels = {"a"};
    const auto declare = [&](std::uint64_t when) {
        const auto family = index.enter({.kind = board::metric_kind::family,
                                         .parent = 0,
                                         .cells = 0,
                                         .key = what.key(),
                                         .rest = what.help},
                                        0);
        index.directory().touch(*family, when);
        const auto made =
            index.enter({.kind = board::metric_kind::series,
                         .parent = *family,
                         .cells = static_cast<std::uint32_t>(what.cells()),
                         .key = pack_values(std::vector<std::string>(what.labels.size(), "v")),
                         .rest = {}},
                        9);
        board::grow(*cells.find(0, 0), index.entries()[*made].place, when);
    };
    declare(10);
    what.labels = {"b", "c"};
    declare(20);
    auto seen = all.reader.read();
    REQUIRE(find(seen, "reading_changed_total")->parts.size() == 2);
    CHECK(find(seen, "reading_changed_total")->parts[0].what->labels == what.labels);
    CHECK(find(seen, "reading_changed_total")->parts[1].series[0].count == 10);
    what.unit = metric_unit::seconds;  // no such name, so nobody believes it
    declare(30);
    what.unit = metric_unit::number;
    what.across = metric_across::most;  // the same labels: one of them only
    declare(40);
    seen = all.reader.read();
    REQUIRE(find(seen, "reading_changed_total")->parts.size() == 2);
    CHECK(find(seen, "reading_changed_total")->parts[0].series[0].count == 40);
}
