#include "drive.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace cohort;
using namespace cohort::protocol;

namespace {

const http::limits defaults;

/// What the automata should make of a case.
outcome expected(const wire_case& one)
{
    outcome wanted;
    wanted.served = one.served;
    wanted.refused = one.refused;
    wanted.rule = one.rule;
    wanted.after = one.after == connection::closes ? connection::closes : connection::stays;
    wanted.between_requests = one.refused == 0;
    return wanted;
}

std::string shown(const outcome& seen)
{
    std::string text = std::to_string(seen.served.size()) + " served";
    for (const request& r : seen.served)
        text += " [" + r.method + " " + r.target.substr(0, 60) + " " + r.body + "]";
    text += ", " + std::to_string(seen.refused) + " " + seen.rule;
    text += seen.after == connection::closes ? ", closes" : ", stays";
    return text + (seen.between_requests ? ", between requests" : ", in the middle");
}

void check(const wire_case& one, const outcome& seen, const char* how)
{
    const bool right = seen == expected(one);
    CHECK_MESSAGE(right, one.section << ": " << one.name << " (" << how << ")\n  wanted "
                                     << shown(expected(one)) << "\n  saw    " << shown(seen));
}

}  // namespace

TEST_CASE("the catalogue holds at least 160 cases, each under a name of its own")
{
    std::set<std::string> names;
    for (const wire_case& one : catalogue())
        CHECK_MESSAGE(names.insert(one.name).second, one.name);
    CHECK(names.size() >= 160);
    MESSAGE(names.size() << " cases");
}

TEST_CASE("every case of the catalogue ends as it should, arriving whole")
{
    for (const wire_case& one : catalogue()) {
        if (one.by == judge::parser)
            check(one, drive(one.bytes, defaults), "whole");
    }
}

TEST_CASE("every case of the catalogue ends as it should, arriving byte by byte")
{
    for (const wire_case& one : catalogue()) {
        if (one.by == judge::parser)
            check(one, drive(one.bytes, defaults, {.first = 1, .step = 1}), "byte by byte");
    }
}

TEST_CASE("every case of the catalogue ends as it should, cut in two anywhere")
{
    for (const wire_case& one : catalogue()) {
        if (one.by != judge::parser)
            continue;
        const std::size_t step = one.bytes.size() > 2000 ? 211 : 1;
        for (std::size_t cut = 1; cut < one.bytes.size(); cut += step) {
            if (!(drive(one.bytes, defaults, {.first = cut, .step = 0}) == expected(one))) {
                check(one, drive(one.bytes, defaults, {.first = cut, .step = 0}), "cut in two");
                break;
            }
        }
    }
}

TEST_CASE("a request after a case that leaves the connection open is understood")
{
    for (const wire_case& one : catalogue()) {
        if (one.by != judge::parser || one.after == connection::closes)
            continue;
        const outcome seen = drive(one.bytes + get(""), defaults);
        CHECK_MESSAGE(seen.served.size() == one.served.size() + 1, one.name);
        CHECK_MESSAGE(seen.refused == 0, one.name);
    }
}

TEST_CASE("no case of the catalogue is answered before its last byte was needed")
{
    // Cut one byte short, a request that was served last is not complete yet.
    for (const wire_case& one : catalogue()) {
        if (one.by != judge::parser || one.refused != 0 || one.after == connection::closes)
            continue;
        const auto seen =
            drive(std::string_view{one.bytes}.substr(0, one.bytes.size() - 1), defaults);
        CHECK_MESSAGE(!seen.between_requests, one.name);
        CHECK_MESSAGE(seen.refused == 0, one.name);
    }
}
