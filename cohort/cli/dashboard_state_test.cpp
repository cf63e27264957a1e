#include <cohort/cli/dashboard_state.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

using namespace cohort::cli;
namespace json = boost::json;

TEST_CASE("an answer is what its body says, or nothing")
{
    CHECK(object_in_answer("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}")->at("a") == 1);
    CHECK_FALSE(object_in_answer("HTTP/1.1 503 No\r\n\r\n{\"a\":1}"));
    CHECK_FALSE(object_in_answer("HTTP/1.1 200 OK\r\n\r\n{\"a\":"));
    CHECK_FALSE(object_in_answer("HTTP/1.1 200 OK\r\n\r\n[]"));
    CHECK_FALSE(object_in_answer("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(object_in_answer(""));
}

TEST_CASE("what the dashboard knows of a worker is not said of its successor")
{
    auto survey =
        json::parse(R"({"app":"api","slots":[{"slot":0,"worker":7},{"slot":1,"worker":9}]})")
            .as_object();
    add_state(survey, json::parse(R"({"cohort":{"state":"serving","reason":"","p50_ms":1,
        "p99_ms":8.5,"errors_per_s":0},"dropped":{"spans":3},"refused":{},
        "routes":[{"route":"/"}],"crashes":[],"throttled_s":2,"memory":{},"workers":[
        {"slot":0,"id":7,"utilisation":0.5,"lag_p99_ms":2,"errors_per_s":0,"oddness":3.5,
         "log_errors":0,"last_error":null},
        {"slot":1,"id":8,"utilisation":0.9}]})")
                          .as_object());
    CHECK(survey.at("p99_ms") == 8.5);
    CHECK(survey.at("dropped").at("spans") == 3);
    CHECK(survey.at("routes").at(0).at("route") == "/");
    CHECK(survey.at("throttled_s") == 2);
    CHECK(survey.at("slots").at(0).at("oddness") == 3.5);
    CHECK_FALSE(survey.at("slots").at(1).as_object().contains("utilisation"));
}
