// Workers that have used up what they may are replaced one by one, and no client notices.
#include "editions.hpp"
#include "storm.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;

namespace {

/// What the primary says of a recycling, one step after the other.
struct story {
    int serving = 0;
    int fewest = 0;
    int most = 0;
    unsigned made_way = 0;
    unsigned ended = 0;

    story(testing::running_program& of, int wanted)
        : serving{wanted}, fewest{wanted}, most{wanted}
    {
        for (const std::string& line : of.lines())
            hear(line);
    }

    void hear(std::string_view line)
    {
        const auto says = [&](std::string_view words) {
            return line.find("recycling: ") != std::string_view::npos &&
                   line.find(words) != std::string_view::npos;
        };
        if (says(" serves besides") || says(" serves again"))
            ++serving;
        if (says(" makes way") || says(" is needed no more"))
            --serving;
        made_way += says(" makes way") ? 1 : 0;
        ended += says(" is ended") ? 1 : 0;
        fewest = std::min(fewest, serving);
        most = std::max(most, serving);
    }
};

/// Those there at one moment. A look at /proc takes a while: in it one may leave after another came
/// whom this look had passed already. Two that saw the same saw all of them.
std::set<pid_t> workers_of(const edition_server& server)
{
    const auto look = [&] {
        const auto seen = server.processes("cohort: worker");
        return std::set<pid_t>{seen.begin(), seen.end()};
    };
    auto before = look();
    for (auto after = look(); after != before; after = look())
        before = std::move(after);
    return before;
}

}  // namespace

TEST_CASE("all workers reach their limit together, and never are fewer ready than wanted")
{
    edition_server server{{.workers = 3, .file = "[app.edition.recycle]\nrequests = \"300\"\n"}};
    const auto terms = storm_terms::read(3600, 0);
    const unsigned enough = how_often("COHORT_STORM_RECYCLINGS", 6);
    auto watching = testing::witness::make(server.load(terms.lasting, terms.seed)).value();
    std::set<pid_t> seen;
    std::size_t fewest = 3;
    for (unsigned i = 0; watching.run_for(50ms); ++i) {
        if (i % 4 != 0)
            continue;
        const auto present = workers_of(server);
        seen.insert(present.begin(), present.end());
        fewest = std::min(fewest, present.size());
        if (story{server.program(), 3}.made_way >= enough)
            watching.stop();
    }
    CHECK_MESSAGE(watching.report().good(), watching.report().text());
    MESSAGE(watching.report().text());
    const story told{server.program(), 3};
    CHECK(told.made_way >= enough);
    CHECK(told.fewest >= 3);
    CHECK(told.most <= 4);  // one at a time
    CHECK(fewest >= 3);
    CHECK(seen.size() >= 6);
}

TEST_CASE("a worker that grows is replaced when its own memory is over the limit")
{
    // (What it leaks in never ends: it is cut.)
    edition_server server{{.workers = 2,
                           .file = "[app.edition.recycle]\nmemory = \"200M\"\n"
                                   "[app.edition.stop]\ntimeout = \"1s\"\n",
                           .edition = "1 leaks"}};
    const auto line = server.program().wait_for("makes way");
    const std::string words{line.at("message").as_string()};
    CHECK_MESSAGE(words.find("MiB of memory (its limit: 200)") != std::string::npos, words);
    CHECK_NOTHROW(server.program().wait_for("serves again"));
    CHECK(story{server.program(), 2}.fewest >= 2);
}
