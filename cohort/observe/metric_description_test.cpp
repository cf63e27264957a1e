#include <cohort/observe/metric_description.hpp>

#include <cohort/base/random.hpp>
#include <cohort/observe/histogram_scale.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::observe;

namespace {

metric_description counter(std::string name, std::vector<std::string> labels = {})
{
    metric_description made;
    made.name = std::move(name);
    made.help = "Things";
    made.labels = std::move(labels);
    return made;
}

metric_description of_type(metric_type type, std::string name)
{
    metric_description made = counter(std::move(name));
    made.type = type;
    return made;
}

bool refused(const metric_description& what) { return !what.check().has_value(); }

}  // namespace

TEST_CASE("names are as Prometheus and OpenMetrics want them")
{
    CHECK(counter("payments_total").check());
    CHECK(counter("shop:payments_total", {"currency", "_x9"}).check());
    for (const char* const name : {"payments", "_total", "", "1_total", "a-b_total", "ü_total",
                                   "a b_total", "cohort_metrics_x_total"})
        CHECK_MESSAGE(refused(counter(name)), name);
    CHECK(refused(counter(std::string(200, 'a') + "_total")));
    CHECK(of_type(metric_type::gauge, "queue_length").check());
    for (const char* const name : {"a_total", "a_count", "a_sum", "a_bucket", "a_created"})
        CHECK_MESSAGE(refused(of_type(metric_type::gauge, name)), name);
    CHECK(of_type(metric_type::gauge, "build_info").check());
    CHECK(refused(of_type(metric_type::histogram, "build_info")));
    CHECK(counter("payments_total").check());
    CHECK(counter("a_total").base() == "a");
    CHECK(of_type(metric_type::gauge, "a").base() == "a");
}

TEST_CASE("labels are as well, and none is there twice or ours")
{
    for (const char* const name : {"", "1a", "a-b", "__a", "a:b", "quantile", "é"})
        CHECK_MESSAGE(refused(counter("a_total", {name})), name);
    CHECK(refused(counter("a_total", {"a", "b", "a"})));
    CHECK(counter("a_total", {"le", "slot"}).check());
    auto histogram = of_type(metric_type::histogram, "a");
    histogram.labels = {"le"};
    CHECK(refused(histogram));
    auto gauge = of_type(metric_type::gauge, "a");
    gauge.labels = {"slot"};
    CHECK(gauge.check());
    gauge.across = metric_across::each;
    CHECK(refused(gauge));
    CHECK(refused(counter("a_total", std::vector<std::string>(17, "a"))));
}

TEST_CASE("the unit stands at the end of the name")
{
    auto time = counter("a_seconds_total");
    time.unit = metric_unit::seconds;
    CHECK(time.check());
    for (const char* const name : {"a_total", "aseconds_total", "seconds_total", "_seconds_total"})
    {
        time.name = name;
        CHECK_MESSAGE(refused(time), name);
    }
    auto histogram = of_type(metric_type::histogram, "a_seconds");
    histogram.unit = metric_unit::seconds;
    CHECK(histogram.check());
    histogram.name = "a";
    CHECK(refused(histogram));
}

TEST_CASE("a help is some text, and buckets ascend and fit")
{
    auto one = counter("a_total");
    for (const std::string& help : {std::string{}, std::string(1'001, 'x'), std::string{"\xff"}}) {
        one.help = help;
        CHECK(refused(one));
    }
    auto histogram = of_type(metric_type::histogram, "a");
    histogram.edges = {1, 2, 2};
    CHECK(refused(histogram));
    histogram.edges = {1, 2, histogram_scale::top(metric_unit::number)};
    CHECK(refused(histogram));
    histogram.edges = {1, 2, 3};
    CHECK(histogram.check());
    histogram.precision = 4;
    CHECK(refused(histogram));
    histogram.precision = 5;
    histogram.exemplars = true;
    histogram.edges.clear();
    for (std::uint64_t i = 0; i < 64; ++i)
        histogram.edges.push_back(i);
    REQUIRE(refused(histogram));
    CHECK(histogram.check().error().why() == errc::too_large);
    histogram.edges.push_back(64);
    CHECK(histogram.check().error().why() == errc::bad_value);
}

TEST_CASE("a description is the same after a journey through memory, and its help is no part of it")
{
    auto what = of_type(metric_type::histogram, "a_seconds");
    what.unit = metric_unit::seconds;
    what.labels = {"route", "method"};
    what.edges = usual_edges(what.unit);
    what.exemplars = true;
    const auto back = metric_description::from(what.key(), what.help);
    REQUIRE(back);
    CHECK(*back == what);
    auto other = what;
    other.help = "Something else";
    CHECK(other.key() == what.key());
    other.labels.pop_back();
    CHECK(other.key() != what.key());
    CHECK(other.goes_with(what));
    other.edges.pop_back();
    CHECK_FALSE(other.goes_with(what));
}

TEST_CASE("bytes that are no description are refused, whatever they are")
{
    auto what = of_type(metric_type::histogram, "a_seconds");
    what.unit = metric_unit::seconds;
    what.labels = {"route"};
    what.edges = usual_edges(what.unit);
    const std::string key = what.key();
    for (std::size_t size = 0; size < key.size(); ++size)
        CHECK_FALSE(metric_description::from(key.substr(0, size), "help"));
    CHECK_FALSE(metric_description::from(key + "x", "help"));
    random_source dice{1};
    for (int i = 0; i < 20'000; ++i) {
        std::string spoilt = key;
        spoilt[dice.next() % spoilt.size()] = static_cast<char>(dice.next());
        if (const auto read = metric_description::from(spoilt, "help"))
            CHECK(read->check());
    }
}

TEST_CASE("values of labels are the same after such a journey")
{
    const std::vector<std::string> values{"EUR", "", "ü\n\""};
    CHECK(unpack_values(pack_values(values), 3) == values);
    CHECK_FALSE(unpack_values(pack_values(values), 2));
    CHECK_FALSE(unpack_values(pack_values(values), 4));
    CHECK_FALSE(unpack_values("\x05\x00"
                              "abc",
                              1));
}
