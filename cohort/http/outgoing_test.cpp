#include <cohort/http/outgoing.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace cohort::http;

namespace {

/// Sends all of it, `step` bytes at a time.
std::string sent_in_steps(outgoing& out, std::size_t step)
{
    std::string all;
    while (!out.empty()) {
        const std::string both = std::string{out.front()} + std::string{out.back()};
        REQUIRE(both.size() == out.size());
        const std::size_t part = std::min(step, both.size());
        all += both.substr(0, part);
        out.sent(part);
    }
    return all;
}

}  // namespace

TEST_CASE("what is appended behind a long body is sent behind it")
{
    for (const std::size_t step : {1U, 3U, 100U}) {
        outgoing out;
        out.end() += "head ";
        out.append_long("long body ");
        out.end() += "next head ";
        out.append_long("next body ");
        out.append_long("and more");
        CHECK(sent_in_steps(out, step) == "head long body next head next body and more");
    }
}

TEST_CASE("what was sent already of a long body is not sent again")
{
    outgoing out;
    out.end() += "ab";
    out.append_long("cdef");
    out.sent(4);
    CHECK(out.front().empty());
    CHECK(out.back() == "ef");
    out.end() += "gh";
    CHECK(sent_in_steps(out, 2) == "efgh");
    out.end() += "i";
    out.clear();
    CHECK(out.empty());
    CHECK(out.size() == 0);
}
