#include <cohort/worker/heeded_level.hpp>

#include <cohort/board/segment.hpp>

#include <doctest/doctest.h>

#include <utility>

using namespace cohort;

namespace {

/// The log as it was, at the end.
struct log_restored {
    ~log_restored() { log::configure({}); }
};

constexpr auto number(log::level of) { return std::to_underlying(of); }

}  // namespace

TEST_CASE("a worker that nobody could tell finds at its next look what was said, also \"default\"")
{
    const log_restored at_end;
    const auto board = board::segment::create(4).value();
    const auto said = board::said_levels::open(board.commons()).value();
    log::set_level(log::level::warn);
    said.say(2, number(log::level::debug));

    work::heeded_level heeded{board.commons(), 2, log::level::warn};
    heeded.look();  // with its welcome
    CHECK(log::least_level() == log::level::debug);
    said.say(2, std::nullopt);  // before its hello
    heeded.look();
    CHECK(log::least_level() == log::level::warn);
    said.say_of_all(number(log::level::off));
    heeded.look();
    CHECK(log::least_level() == log::level::off);
}

TEST_CASE("while operators say nothing new, the program chooses its level")
{
    const log_restored at_end;
    const auto board = board::segment::create(4).value();
    const auto said = board::said_levels::open(board.commons()).value();
    work::heeded_level heeded{board.commons(), 0, log::level::info};
    log::set_level(log::level::trace);
    heeded.look();
    CHECK(log::least_level() == log::level::trace);
    said.say(1, number(log::level::error));
    heeded.look();
    CHECK(log::least_level() == log::level::trace);
    said.say(0, number(log::level::error));
    heeded.look();
    CHECK(log::least_level() == log::level::error);
}

TEST_CASE("without a board nobody says anything")
{
    const log_restored at_end;
    log::set_level(log::level::debug);
    work::heeded_level heeded;
    heeded.look();
    CHECK(log::least_level() == log::level::debug);
}
