#include <cohort/observe/log.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/observe/detail/caught_test.hpp>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <string>

#include <unistd.h>

using namespace cohort;
using log::detail::caught;
using log::detail::caught_in_file;

// First, because set_worker() is for the rest of a process's life.
TEST_CASE("the primary's lines carry no workerId, a worker's carry it before its fields")
{
    const caught lines;
    log::info("up");
    const std::string primary = lines.text();
    CHECK(primary.find("workerId") == std::string::npos);

    log::set_worker(1);
    log::info({{"port", 3000}}, "Worker {} listening on port {}", 1, 3000);
    const std::string worker = lines.text();
    const std::string after_time =
        R"(,"level":"info","message":"Worker 1 listening on port 3000","pid":)" +
        std::to_string(::getpid()) + R"(,"workerId":1,"port":3000})" + '\n';
    CHECK(worker.starts_with(R"({"timestamp":"20)"));
    CHECK(worker.ends_with(after_time));
    CHECK(worker.size() ==
          after_time.size() + std::string{R"({"timestamp":"2024-01-26T10:00:00.000Z")"}.size());
}

TEST_CASE("fields keep their types")
{
    const caught lines;
    const std::string name = "x";
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    log::info({{"text", name},
               {"literal", "y"},
               {"yes", true},
               {"none", nullptr},
               {"small", -3},
               {"big", std::numeric_limits<std::uint64_t>::max()},
               {"real", 1.5},
               {"nan", not_a_number}},
              "typed");
    const auto line = lines.object();
    CHECK(line.at("text") == "x");
    CHECK(line.at("literal") == "y");
    CHECK(line.at("yes") == true);
    CHECK(line.at("none").is_null());
    CHECK(line.at("small") == -3);
    CHECK(line.at("big") == std::numeric_limits<std::uint64_t>::max());
    CHECK(line.at("real") == 1.5);
    CHECK(line.at("nan").is_null());
}

TEST_CASE("whatever a client sends, the line stays one line of valid JSON")
{
    const caught lines;
    const std::string_view nasty{"\"}\n{\"level\":\"fatal\"\xff\0\x1b[2J", 25};
    log::warn({{"target", nasty}}, "refused {}", nasty);
    const std::string text = lines.text();
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(boost::json::parse(text).as_object().at("level") == "warn");
}

TEST_CASE("a line never passes 4,096 bytes, says that it was cut, and is JSON")
{
    const caught lines;
    const std::string long_text(10'000, '"');
    log::error({{"first", 1}, {"long", long_text}, {"last", 2}}, "{}", long_text);
    const std::string text = lines.text();
    CHECK(text.size() <= 4096);
    const auto line = boost::json::parse(text).as_object();
    CHECK(line.at("truncated") == true);
    CHECK(line.at("first") == 1);
    CHECK(line.at("last") == 2);
    CHECK_FALSE(line.contains("long"));
}

TEST_CASE("in a file a line has 16 KiB, and those that were cut are counted")
{
    const auto before = log::truncated();
    const caught_in_file lines;
    log::info({{"long", std::string(10'000, 'x')}, {"too_long", std::string(10'000, 'x')}}, "here");
    CHECK(log::truncated() == before + 1);
    const std::string text = lines.text();
    CHECK(text.size() <= 16'384);
    const auto line = lines.object();
    CHECK(line.at("long").as_string().size() == 10'000);
    CHECK_FALSE(line.contains("too_long"));
    CHECK(line.at("truncated") == true);
}

// `log::info({{"pid", 1}}, "…")` does not compile.
static_assert((log::detail::traits_of("pid") & log::detail::reserved) != 0);
static_assert((log::detail::traits_of("Proxy-Authorization") & log::detail::secret) != 0);
static_assert(log::detail::traits_of("slot") == log::detail::plain);

TEST_CASE("of fields with one name the last counts, and a name of the line's own gets a mark")
{
    const caught lines;
    const std::string pid = "pid";
    log::info({{"a", 1}, {"b", 2}, {"a", 3}, {pid, 4}}, "here");
    const std::string text = lines.text();
    CHECK(text.ends_with(R"(,"b":2,"a":3,"pid_":4})"
                         "\n"));
}

TEST_CASE("secrets are not logged, whichever way their name is written")
{
    const caught lines;
    const std::string header = "Set-Cookie";
    log::info({{"authorization", "Bearer abc"},
               {header, "id=abc"},
               {"apiKey", "abc"},
               {"PASSWORD", 17},
               {"token", nullptr},
               {"secret", true},
               {"card", log::redacted},
               {"tokens", 3}},
              "here");
    const std::string text = lines.text();
    CHECK(text.find("abc") == std::string::npos);
    const auto line = boost::json::parse(text).as_object();
    for (const char* const name : {"authorization", "Set-Cookie", "apiKey", "PASSWORD", "card"})
        CHECK(line.at(name) == "[redacted]");
    CHECK(line.at("token").is_null());
    CHECK(line.at("secret") == true);
    CHECK(line.at("tokens") == 3);
}

TEST_CASE("pino's format has pino's names and numbers")
{
    const caught lines{{.least = log::level::trace, .shape = log::format::pino}};
    log::warn({{"slot", 3}}, "careful");
    const auto line = lines.object();
    CHECK(line.at("level") == 40);
    CHECK(line.at("msg") == "careful");
    CHECK(line.at("pid") == ::getpid());
    CHECK(line.at("slot") == 3);
    std::string host(256, '\0');
    REQUIRE(::gethostname(host.data(), host.size()) == 0);
    CHECK(line.at("hostname") == host.c_str());
    const auto now_ms =
        std::chrono::duration_cast<milliseconds>(wall_now().time_since_epoch()).count();
    CHECK(line.at("time").as_int64() > now_ms - 3'600'000);
    CHECK(line.at("time").as_int64() <= now_ms);
    CHECK_FALSE(line.contains("timestamp"));
    CHECK_FALSE(line.contains("message"));
    log::fatal("last");
    CHECK(lines.object().at("level") == 60);
    log::trace("first");
    CHECK(lines.object().at("level") == 10);
}

TEST_CASE("on a terminal lines have colours, and nobody else's")
{
    const caught lines{{.shape = log::format::pretty}};
    log::error({{"slot", 3}}, "a\x1b[2Jb");
    const std::string text = lines.text();
    CHECK(text.find("\x1b[31merror\x1b[0m a\\u001b[2Jb  \x1b[2mslot=\x1b[0m3\n") !=
          std::string::npos);
}

TEST_CASE("lines below the level are not written")
{
    const caught lines{{.least = log::level::warn}};
    log::debug("no");
    log::info("no");
    CHECK(lines.text().empty());
    CHECK_FALSE(log::enabled(log::level::info));
    log::set_level(log::level::trace);
    log::trace("yes");
    CHECK(lines.object().at("level") == "trace");
    log::set_level(log::level::off);
    log::fatal("no");
    CHECK(lines.text().empty());
}

TEST_CASE("the text format is for people and shows no control characters")
{
    const caught lines{{.shape = log::format::text}};
    log::info({{"slot", 3}, {"who", "a b"}}, "a\nb");
    const std::string text = lines.text();
    CHECK(text.ends_with(" info  a\\nb  slot=3  who=\"a b\"\n"));
}

TEST_CASE("a level is read by its name, and a wrong one is told the right ones")
{
    CHECK(log::parse_level("warn").value() == log::level::warn);
    CHECK(log::parse_level("off").value() == log::level::off);
    CHECK(log::parse_level("silent").value() == log::level::off);
    CHECK(log::parse_level("WARN").error().text() ==
          "read a log level (trace, debug, info, warn, error, fatal or off) from \"WARN\": "
          "not an allowed value");
    CHECK(log::name(log::level::fatal) == "fatal");
}
