#include <cohort/cli/pace.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::cli;
using namespace std::chrono_literals;

namespace {

boost::json::object survey(std::int64_t worker, std::int64_t requests, std::int64_t processor_ms)
{
    return {{"slots", boost::json::array{boost::json::object{{"slot", 0},
                                                             {"worker", worker},
                                                             {"requests", requests},
                                                             {"processor_ms", processor_ms}}}}};
}

const boost::json::value& of_slot(const boost::json::object& all, const char* name)
{
    return all.at("slots").as_array().at(0).as_object().at(name);
}

}  // namespace

TEST_CASE("rates come of two looks; the first knows none")
{
    pace running;
    const steady_time start = steady_time{} + 100s;
    auto first = survey(7, 1000, 500);
    running.add(first, start);
    CHECK(first.at("requests_per_s").is_null());
    CHECK(of_slot(first, "processor_now").is_null());
    CHECK(running.history().empty());

    auto second = survey(7, 1300, 1500);
    running.add(second, start + 2s);
    CHECK(second.at("requests_per_s").as_double() == doctest::Approx(150));
    CHECK(of_slot(second, "processor_now").as_double() == doctest::Approx(0.5));
    CHECK(running.history().size() == 1);
}

TEST_CASE("the successor of a worker begins at nothing, and no rate is below it")
{
    pace running;
    const steady_time start = steady_time{} + 100s;
    auto first = survey(7, 1000, 500);
    running.add(first, start);
    auto second = survey(8, 20, 10);
    running.add(second, start + 1s);
    CHECK(of_slot(second, "requests_per_s").as_double() == doctest::Approx(20));
    CHECK(of_slot(second, "processor_now").is_null());
    auto third = survey(8, 10, 5);
    running.add(third, start + 2s);
    CHECK(of_slot(third, "requests_per_s").as_double() == 0);
}

TEST_CASE("what is kept of the past has a bound")
{
    pace running;
    for (std::int64_t i = 0; i < 400; ++i) {
        auto look = survey(1, i, 0);
        running.add(look, steady_time{} + std::chrono::seconds{i + 1});
    }
    CHECK(running.history().size() == pace::kept_max);
}
