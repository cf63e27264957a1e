#include <cohort/process/lifeline.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <csignal>

using namespace cohort;
using namespace cohort::process;

TEST_CASE("a life-line is whole until its holder lets go")
{
    auto line = make_lifeline();
    REQUIRE(line);
    CHECK_FALSE(is_gone(line->watched));
    line->held.reset();
    CHECK(is_gone(line->watched));
    asio::io_context loop;
    CHECK(kit::run(loop, until_gone(line->watched)));
}

TEST_CASE("the death of its holder, by any signal, ends a life-line")
{
    auto line = make_lifeline();
    REQUIRE(line);
    birth how;
    how.keep = {line->held.borrow()};
    auto holder = process::clone(kit::permit(), how, []() noexcept { ::pause(); });
    REQUIRE(holder);
    line->held.reset();
    CHECK_FALSE(is_gone(line->watched));
    REQUIRE(holder->signal(SIGKILL));
    asio::io_context loop;
    CHECK(kit::run(loop, until_gone(line->watched)));
}

TEST_CASE("a stray byte on a life-line is not a death")
{
    auto line = make_lifeline();
    REQUIRE(line);
    REQUIRE(::write(line->held.borrow(), "x", 1) == 1);
    CHECK_FALSE(is_gone(line->watched));
    line->held.reset();
    asio::io_context loop;
    CHECK(kit::run(loop, until_gone(line->watched)));
}
