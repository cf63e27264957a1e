// The machine's clock is set while a cohort serves. What it decides it decides by CLOCK_MONOTONIC
// (tools/tidy.py knows who may ask for the time of day), so only dates change.
#include "editions.hpp"
#include "storm.hpp"

#include <cohort/base/clock.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <string_view>

#include <time.h>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using control::exit_code;
using testing::eventually;

namespace {

/// Sets the clock of the whole machine, and sets it right again at the end.
class set_clock {
public:
    set_clock()
        : right_{wall_now() - now().time_since_epoch()}
    {}
    ~set_clock() { (void)to(0s); }
    set_clock(const set_clock&) = delete;
    set_clock& operator=(const set_clock&) = delete;

    /// So far from the right time. False: it is not ours to set.
    [[nodiscard]] bool to(seconds off) const
    {
        const auto since = (right_ + now().time_since_epoch()).time_since_epoch() + off;
        const auto whole = std::chrono::floor<seconds>(since);
        const timespec time{.tv_sec = whole.count(), .tv_nsec = nanoseconds{since - whole}.count()};
        return ::clock_settime(CLOCK_REALTIME, &time) == 0;
    }

private:
    wall_time right_;  // when CLOCK_MONOTONIC was 0
};

bool said(edition_server& server, std::string_view words)
{
    return std::ranges::any_of(server.program().lines(), [words](const std::string& line) {
        return line.find(words) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("the time of day jumps to and fro, and nobody is silent, late or recycled for it")
{
    const seconds jump{how_often("COHORT_STORM_CLOCK", 0)};
    if (jump == 0s) {
        MESSAGE("COHORT_STORM_CLOCK is not set: the clock is the whole machine's, and stays");
        return;
    }
    edition_server server{{.file = "[app.edition.health]\nheartbeat = \"1s\"\n"
                                   "[app.edition.recycle]\nage = \"1h\"\n"
                                   "[app.edition.reload]\nsoak = \"500ms\"\n"
                                   "abort_if = [\"crash\"]\n"}};
    const set_clock clock;
    const auto terms = storm_terms::read(600, 0);
    unsigned edition = 1;
    const auto report = under_load(server.load(terms.lasting, terms.seed), [&] {
        for (const seconds off : {jump, -jump, 2 * jump, 0s}) {
            REQUIRE_MESSAGE(clock.to(off), "only a privileged process sets the clock");
            ::kill(server.processes("cohort: worker").at(0), SIGKILL);
            server.deploy(std::to_string(++edition) + " fine");
            const auto verdict = server.ask("reload");
            CHECK_MESSAGE(verdict.code == exit_code::done, verdict.reason);
            CHECK(eventually([&] { return server.processes("cohort: worker").size() == 2; }));
        }
    });
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(report.text());
    CHECK_FALSE(said(server, "is silent"));
    CHECK_FALSE(said(server, "recycling: "));
}
