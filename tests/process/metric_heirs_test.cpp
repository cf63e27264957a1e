// What was counted goes on with the next primary: programs/metered.cpp, asked all the time, whose
// page is read at its door.

#include "family.hpp"
#include "metered_server.hpp"
#include "operator_of.hpp"
#include "steady_load.hpp"

#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;
using control::exit_code;

namespace {

constexpr std::string_view upgrades = "cohort_upgrades_total{outcome=\"upgraded\"}";
constexpr std::string_view died = "cohort_primary_successions_total{reason=\"died\"}";
constexpr std::string_view upgraded = "cohort_primary_successions_total{reason=\"upgraded\"}";
constexpr std::string_view killed = "cohort_worker_ends_total{cause=\"outside\",signal=\"SIGKILL\"";

/// Reads the page again and again; no counter of it may be less than on the page before.
class reader {
public:
    explicit reader(metered& of)
        : of_{of}, last_{page_at_door(of.program, "metered")}
    {}

    const metrics_page& look()
    {
        metrics_page next = page_at_door(of_.program, "metered");
        check_nothing_fell(last_, next);
        last_ = std::move(next);
        return last_;
    }
    [[nodiscard]] bool comes_to(std::string_view series, double value)
    {
        return eventually([&] { return look().sum(series) == value; });
    }

private:
    metered& of_;
    metrics_page last_;
};

void kill_a_worker(metered& app)
{
    const pid_t worker = workers_below(app.program.pid()).front();
    REQUIRE(::kill(worker, SIGKILL) == 0);
    REQUIRE(eventually([&] {
        return !is_alive(worker) &&
               workers_below(app.program.pid()).size() == metered::workers_wanted;
    }));
}

void kill_the_primary(metered& app)
{
    const pid_t before = primary_below(app.program.pid());
    REQUIRE(::kill(before, SIGKILL) == 0);
    REQUIRE(eventually([&] { return primary_below(app.program.pid()) != before; }));
}

}  // namespace

TEST_CASE("no counter falls when the primary dies or is upgraded, and how often it was is counted")
{
    metered app;
    steady_load load{app.port, "/hello/you"};
    REQUIRE(load.goes_on());
    kill_a_worker(app);
    reader page{app};
    CHECK(page.comes_to(killed, 1));
    CHECK(page.look().sum(died) == 0);
    CHECK(page.look().sum(upgrades) == 0);
    constexpr int rounds = 3;
    for (int round = 1; round <= rounds; ++round) {
        CAPTURE(round);
        kill_the_primary(app);
        page.look();  // waits at the door
        CHECK(load.goes_on());
        CHECK(page.comes_to(died, round));
        CHECK(page.look().sum(killed) == round);

        // Who follows counts deaths on.
        kill_a_worker(app);
        CHECK(page.comes_to(killed, round + 1));

        operator_of ops{app.program, "metered"};
        const auto said = ops.ask("upgrade");
        CHECK_MESSAGE(said.code == exit_code::done, said.reason);
        page.look();
        CHECK(load.goes_on());
        CHECK(page.comes_to(upgrades, round));
        CHECK(page.comes_to(upgraded, round));
        CHECK(page.look().sum(died) == round);
        CHECK(page.look().sum(killed) == round + 1);
    }
    for (const std::string& each : load.stop())
        FAIL_CHECK(each);
    // The worker that was killed with a request in its hands has it answered by its successor.
    CHECK(page.comes_to(greetings, static_cast<double>(load.answered())));
}
