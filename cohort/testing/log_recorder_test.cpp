#include <cohort/testing/log_recorder.hpp>

#include <cohort/http/response.hpp>
#include <cohort/testing/test_app.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace cohort;

TEST_CASE("what is logged meanwhile can be read, line by line")
{
    testing::log_recorder lines;
    log::info("first");
    log::debug("too quiet");
    log::warn({{"slot", 3}}, "second {}", 2);
    REQUIRE(lines.lines().size() == 2);
    CHECK(lines.lines()[0].at("message") == "first");
    CHECK(lines.has("second 2"));
    CHECK(lines.with("second").at(0).at("slot") == 3);
    CHECK(lines.with("second").at(0).at("level") == "warn");
    CHECK_FALSE(lines.has("quiet"));
    lines.clear();
    CHECK(lines.text().empty());
    log::info("third");
    CHECK(lines.lines().size() == 1);
}

TEST_CASE("a quieter or louder recorder hears what it was told to hear, and the last one counts")
{
    {
        const testing::log_recorder all{log::level::trace};
        log::trace("a whisper");
        CHECK(all.has("a whisper"));
    }
    const testing::log_recorder few{log::level::error};
    log::warn("not heard");
    CHECK(few.lines().empty());
}

TEST_CASE("the log of a handler that threw can be asserted")
{
    http::router api;
    api.get("/broken", [](const http::request&) -> http::response {
        throw std::runtime_error{"the disk is on fire"};
    });
    testing::test_app app{api};
    const testing::log_recorder lines;
    CHECK(app.get("/broken").status() == 500);
    CHECK(lines.text().find("the disk is on fire") != std::string::npos);
}
