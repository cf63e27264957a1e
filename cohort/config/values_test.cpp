#include <cohort/config/values.hpp>

#include <doctest/doctest.h>

using namespace cohort::config;
using namespace std::chrono_literals;

namespace {

/// Each text is read, and given back as it was; each bad one is refused.
template <class T>
void round_trip(std::initializer_list<const char*> texts, std::initializer_list<const char*> bad)
{
    for (const char* text : texts) {
        CAPTURE(text);
        const auto read = T::parse(text);
        REQUIRE(read);
        CHECK(read->text() == text);
        CHECK(T::parse(read->text()) == *read);
    }
    for (const char* text : bad) {
        CAPTURE(text);
        CHECK_FALSE(T::parse(text));
    }
}

}  // namespace

TEST_CASE("a number of workers is automatic, a number, or a range")
{
    CHECK(worker_count::parse("auto") == worker_count::automatic());
    CHECK(worker_count::parse("8") == worker_count::exactly(8));
    CHECK(worker_count::parse("2..16") == worker_count::between(2, 16));
    for (const char* bad : {"", "0", "257", "-1", "1.5", "16..2", "2..", "..2", "2...4", "many",
                            "0..4", "4..257", " 4", "Auto", "99999999999999999999"})
    {
        CAPTURE(bad);
        CHECK_FALSE(worker_count::parse(bad));
    }
    CHECK(worker_count::automatic().resolve(6) == 6);
    CHECK(worker_count::automatic().resolve(0) == 1);
    CHECK(worker_count::automatic().resolve(1000) == 256);
    CHECK(worker_count::exactly(3).resolve(6) == 3);
    CHECK(worker_count::between(2, 4).resolve(1) == 2);
    CHECK(worker_count::between(2, 4).resolve(3) == 3);
    CHECK(worker_count::between(2, 4).resolve(9) == 4);
    CHECK(worker_count::between(2, 4).text() == "2..4");
    CHECK(worker_count::exactly(3).text() == "3");
    CHECK(worker_count{}.text() == "auto");
}

TEST_CASE("streams and logs go where their words say")
{
    round_trip<stream_target>({"inherit", "pipe", "null", "file:/tmp/x y"},
                              {"file:", "nowhere", ""});
    round_trip<log_target>({"stdout", "journal", "file:logs/{app}.log"}, {"file:", "stderr", ""});
}

TEST_CASE("a sign of readiness is one of four, and its path is a path")
{
    round_trip<ready_sign>({"auto", "notify", "listen", "http:/ready", "http:/a?b=c"},
                           {"http:", "http:ready", "http:/a b", "never", ""});
}

TEST_CASE("a probe has a path, and may say how often and how patiently")
{
    round_trip<http_probe>({"off", "/health every 10s, 3 fails", "/ every 500ms, 1 fail"},
                           {"health", "/a every", "/a every 10", "/a every 10s, many fails",
                            "/a every 10s, 3 falls", "/a b", "on", ""});
    CHECK(http_probe::parse("/health") == http_probe{"/health", 10s, 3});
    CHECK(http_probe::parse("/health every 2s") == http_probe{"/health", 2s, 3});
    CHECK_FALSE(http_probe{}.on());
}

TEST_CASE("a rule that ends a reload compares one thing")
{
    round_trip<abort_rule>({"crash", "5xx > 1%", "5xx > 0.07%", "p99 > 3x", "memory > 1.5x"},
                           {"crashes", "5xx > 1", "5xx > x%", "p99 > 3", "p50 > 3x", "5xx>1%", ""});
}

TEST_CASE("a rotation is a size and a number")
{
    round_trip<rotation>({"off", "100M x 10", "64K x 1"},
                         {"100M", "100 x 10", "100M x", "100M x ten", "x", ""});
}
