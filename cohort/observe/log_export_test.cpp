#include <cohort/observe/log_export.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <sys/mman.h>

using namespace cohort;
using observe::export_item;
using observe::export_reader;
using observe::log_export;

namespace {

/// A process whose lines are wanted, and who reads them.
struct scene {
    scene()
    {
        log::configure({.descriptor = file.borrow()});
        exported.begin();
        REQUIRE(log::export_by(board::commons::here()));
        static_cast<void>(lines());  // of tests before
    }
    ~scene()
    {
        exported.end();
        log::export_by_nobody();
        log::configure({});
    }
    std::vector<std::string> lines()
    {
        const auto ring = exported.ring();
        REQUIRE(ring);
        export_reader reader{*ring};
        std::vector<std::string> all;
        for (export_item& each : reader.take({.items = 100, .bytes = 1 << 20}, now()))
            all.push_back(std::move(each.text));
        reader.settle();
        return all;
    }
    static log_export opened()
    {
        auto made = log_export::in(board::commons::here());
        REQUIRE(made);
        return *std::move(made);
    }

    unique_fd file{::memfd_create("log", MFD_CLOEXEC)};
    log_export exported = opened();
};

}  // namespace

TEST_CASE("a line that is written is left for who exports, as it was written")
{
    scene s;
    log::info({{"cents", 5}}, "paid");
    log::debug("too little to be written");
    const auto seen = s.lines();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].starts_with(R"({"timestamp":")"));
    CHECK(seen[0].ends_with("\"cents\":5}\n"));
}

TEST_CASE("lines for people are left as those for machines")
{
    scene s;
    log::configure({.shape = log::format::text, .descriptor = s.file.borrow()});
    log::warn({{"cents", 5}}, "paid");
    const auto seen = s.lines();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].contains(R"("message":"paid")"));
    CHECK(seen[0].contains(R"("cents":5)"));
}

TEST_CASE("whether lines are wanted may change, and nothing is left while they are not")
{
    scene s;
    s.exported.end();
    CHECK_FALSE(log::is_exported());
    log::info("one");
    s.exported.begin();
    log::info("two");
    log::export_line("three");
    const auto seen = s.lines();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].contains("two"));
    CHECK(seen[1] == "three");
    log::export_by_nobody();
    log::info("four");
    CHECK(s.lines().empty());
}

TEST_CASE("what is too large to be left is counted")
{
    scene s;
    const std::uint64_t before = s.exported.refused();
    s.exported.leave(std::string(100'000, 'x'));
    CHECK(s.exported.refused() == before + 1);
    CHECK(s.lines().empty());
}
