// A slot whose workers die at their start is given up with few words; the others serve on, and a
// repaired program brings it back.
#include "editions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

constexpr const char* quick = "[app.edition.reload]\nsoak = \"100ms\"\n";

/// One of its two workers always dies at its start.
edition_server::plan half_broken()
{
    // (It waits for the one that gets ready.)
    return {.workers = 1, .range = "2", .file = quick, .edition = "1 second_dies"};
}

}  // namespace

TEST_CASE("a slot is given up with few words, the other serves on, and a reload brings it back")
{
    edition_server server{half_broken()};
    const auto line = server.program().wait_for("slot 1 is given up");
    CHECK(!line.empty());
    const auto about_it = std::ranges::count_if(server.program().lines(), [](const auto& each) {
        return each.find("slot\":1") != std::string::npos ||
               each.find("lot 1") != std::string::npos;
    });
    CHECK(about_it <= 5 * 4);  // four lines a death, at most
    CHECK(server.editions() == names{"1"});
    CHECK(testing::eventually([&] { return server.processes("cohort: worker").size() == 1; }));

    edition_server::plan repaired = half_broken();
    repaired.file += "[app.edition.env]\nFIX = \"1\"\n";
    server.configure(repaired);
    const std::string said = server.reload();
    CHECK_MESSAGE(said.starts_with("reload: generation 2 serves with 2 workers"), said);
    CHECK(server.processes("cohort: worker").size() == 2);
}
