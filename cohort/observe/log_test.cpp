#include <cohort/observe/log.hpp>

#include <cohort/base/unique_fd.hpp>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>

#include <fcntl.h>
#include <unistd.h>

using namespace cohort;

namespace {

/// Catches the lines of this process in a pipe for as long as it lives.
class caught {
public:
    explicit caught(log::options how = {})
    {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        read_.reset(ends[0]);
        write_.reset(ends[1]);
        REQUIRE(::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
        how.descriptor = write_.borrow();
        log::configure(how);
    }
    caught(const caught&) = delete;
    caught& operator=(const caught&) = delete;
    ~caught() { log::configure({}); }

    [[nodiscard]] std::string text() const
    {
        std::array<char, 65536> all{};
        const ssize_t got = ::read(read_.borrow(), all.data(), all.size());
        return got <= 0 ? std::string{} : std::string{all.data(), static_cast<std::size_t>(got)};
    }
    [[nodiscard]] boost::json::object object() const
    {
        return boost::json::parse(text()).as_object();
    }

private:
    unique_fd read_;
    unique_fd write_;
};

}  // namespace

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
    CHECK(log::parse_level("WARN").error().text() ==
          "read a log level (trace, debug, info, warn, error, fatal or off) from \"WARN\": "
          "not an allowed value");
    CHECK(log::name(log::level::fatal) == "fatal");
}
