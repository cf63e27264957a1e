#include <cohort/control/event_words.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <string>

using cohort::control::event_words;

namespace {

std::string words(const std::string& event)
{
    return event_words(boost::json::parse(event).as_object());
}

}  // namespace

TEST_CASE("events are told in one way, whoever shows them")
{
    CHECK(words(R"({"event":"stage","slot":1,"worker":7,"pid":70,"from":"booting","to":"serving",
                    "why":"it is ready","time":"t","sequence":3})") ==
          "booting → serving (it is ready), pid 70");
    CHECK(words(R"({"event":"stage","slot":1,"from":"serving","to":"held","why":"drained"})") ==
          "serving → held (drained)");
    CHECK(words(R"({"event":"end","worker":7,"pid":70,"reason":"exit code 1"})") ==
          "worker 7 (pid 70) ended: exit code 1");
    CHECK(
        words(
            R"({"event":"end","worker":7,"pid":70,"reason":"signal 11","cause_words":"a bug"})") ==
        "worker 7 (pid 70) ended: signal 11; a bug");
    CHECK(words(R"({"event":"ill","worker":7,"words":"its event loop hangs"})") ==
          "worker 7 will be ended: its event loop hangs");
    CHECK(words(R"({"event":"report","worker":7,"pid":70,"cause":"crash","file":"/a.txt"})") ==
          "why worker 7 (pid 70) ended is in /a.txt");
    CHECK(words(R"({"event":"report","cause":"crash"})") == "why a worker ended is known");
    CHECK(words(R"({"event":"scaled","from":2,"to":4,"workers":"4","none":null,"reason":""})") ==
          "scaled: from 2, to 4, workers 4");
    CHECK(words(R"({"event":"reloaded","words":"all is new"})") == "all is new");
    CHECK(words(R"({"event":"stopping","time":"t"})") == "stopping");
    CHECK(words(R"!({"event":"stopping","by":"SIGTERM from process 71 (bash)"})!") ==
          "stopping: asked by SIGTERM from process 71 (bash)");
}
