// limit.memory of programs that were not written for Cohort: kept by a control group for each slot
// where that is allowed, and told where it is not.

#include "operator_of.hpp"
#include "outfit.hpp"

#include "../test_main.hpp"

#include <cohort/process/memory_group_test.hpp>

#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;
using control::exit_code;

namespace {

/// Slot 1 takes more and more.
constexpr std::string_view glutton = R"(import os, time
eaten = []
while True:
    if os.environ["COHORT_SLOT"] == "1":
        eaten.append(b"x" * (8 << 20))
    time.sleep(0.05)
)";

/// What holds here, as `ls` says.
std::string limit_of(outfit& of)
{
    const auto said = operator_of{of.program(), "it"}.ask("ls");
    return std::string{said.data.at("memory_limit").as_string()};
}

}  // namespace

TEST_CASE("a program that takes more memory than it may have is killed, and the reason is told")
{
    outfit of;
    of.write("glutton.py", glutton);
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("glutton.py")),
             "limit.memory = \"64M\"\nrestart.give_up = \"never\"");
    CHECK(!of.program().wait_for("limit.memory = 64M is ").empty());
    const std::string said = limit_of(of);
    if (!said.starts_with("64M (cgroup v")) {
        CHECK(said.starts_with("64M, not kept: "));
        process::no_groups_here(said);
        shows_nothing();
        return;
    }
    CHECK(!of.program().wait_for("killed by the kernel for memory (OOM)").empty());
    // The other one has a group of its own, and lives.
    operator_of ops{of.program(), "it"};
    const auto zero = ops.ask("show", {}, 0);
    CHECK(zero.data.at("memory_limit_bytes") == 64 << 20);
    CHECK(zero.data.at("restarts") == 0);
    const auto one = ops.ask("why", {}, 1);
    CAPTURE(boost::json::serialize(one.data));
    const auto& end = one.data.at("slots").at(0).at("ends").at(0);
    CHECK(end.at("cause") == "memory");
    // How much it was when it had what it may have. (v1 counts pages in batches.)
    CHECK(end.at("cause_words")
              .as_string()
              .starts_with("killed by the kernel for memory (OOM): limit.memory is 64.0M"));
    if (const auto* const memory = end.as_object().if_contains("memory")) {
        CHECK(memory->at("limit_bytes") == 64 << 20);
        if (const auto* const peak = memory->as_object().if_contains("slot_peak_bytes"))
            CHECK(peak->to_number<std::uint64_t>() > std::uint64_t{60} << 20);
    }
    // A primary that follows another one knows the groups, too.
    ::kill(primary_below(of.root()), SIGKILL);
    CHECK(!of.program().wait_for("goes on where one that died stopped").empty());
    CHECK(!of.program().wait_for("killed by the kernel for memory (OOM)").empty());
    CHECK(of.program().stop().code() == 0);
}
