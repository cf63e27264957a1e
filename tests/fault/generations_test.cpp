// Many reloads in a row: no client notices one of them, and nothing is left of those before.
#include "editions.hpp"
#include "storm.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using control::exit_code;

namespace {

/// No rule that this machine's other work could break.
constexpr const char* brisk = "[app.edition.reload]\nsoak = \"200ms\"\nabort_if = [\"crash\"]\n";

class deployments {
public:
    explicit deployments(edition_server& on)
        : server_{on}
    {}

    void another(unsigned times)
    {
        for (unsigned i = 0; i < times; ++i) {
            server_.deploy(fmt::format("{} fine", ++edition_));
            const auto said = server_.ask("reload");
            CHECK_MESSAGE(said.code == exit_code::done, said.reason);
        }
    }
    [[nodiscard]] std::string edition() const { return std::to_string(edition_); }

private:
    edition_server& server_;
    unsigned edition_ = 1;
};

}  // namespace

TEST_CASE("reloads in a row: no request fails, and nothing grows")
{
    const unsigned times = how_often("COHORT_STORM_RELOADS", 6);
    const auto terms = storm_terms::read(3600, 0);
    edition_server server{{.file = brisk}};
    deployments all{server};
    const auto reload_under_load = [&](unsigned count) {
        const auto report =
            under_load(server.load(terms.lasting, terms.seed), [&] { all.another(count); });
        CHECK_MESSAGE(report.good(), report.text());
        MESSAGE(count << " reloads\n" << report.text());
        // The clients are gone, and so is who served them before.
        CHECK(server.editions() == std::vector{all.edition()});
        return count_settled(server.root(), server.temporary_files());
    };
    const holdings before = reload_under_load(3);
    const holdings after = reload_under_load(times);
    CHECK(after.no_more_than(before));
    CHECK(after.processes == before.processes);
}
