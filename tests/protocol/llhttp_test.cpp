#include "llhttp_drive.hpp"

#include <cohort/base/random.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::protocol;

namespace {

const http::limits defaults;

/// llhttp's outcome has its own rule names, and nothing after a refusal can be compared.
bool agree(const outcome& ours, const outcome& theirs)
{
    outcome wanted = ours;
    wanted.rule = theirs.rule;
    return wanted == theirs;
}

std::string mutated(std::string bytes, random_source& dice)
{
    constexpr std::string_view odd{"\0\t\n\r :;,\"%#0159afAZ-=\x7f\x80\xff", 24};
    const auto somewhere = [&dice](std::size_t size) {
        return static_cast<std::size_t>(dice.next() % (size + 1));
    };
    for (std::uint64_t count = 1 + dice.next() % 3; count > 0 && !bytes.empty(); --count) {
        const std::size_t at = somewhere(bytes.size() - 1);
        switch (dice.next() % 4) {
            case 0:
                bytes[at] = odd[somewhere(odd.size() - 1)];
                break;
            case 1:
                bytes.insert(at, 1, odd[somewhere(odd.size() - 1)]);
                break;
            case 2:
                bytes.erase(at, 1);
                break;
            default:
                bytes.insert(at, bytes.substr(at, somewhere(8)));
                break;
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("what we accept of the catalogue, llhttp reads the same, but for reasons with a name")
{
    int deviations = 0;
    for (const wire_case& one : catalogue()) {
        const outcome ours = drive(one.bytes, defaults);
        if (one.by != judge::parser || ours.refused != 0)
            continue;
        if (agree(ours, drive_llhttp(one.bytes)))
            continue;
        ++deviations;
        CHECK_MESSAGE(known_deviation(one.bytes, ours).has_value(), one.name);
    }
    CHECK(deviations < 20);
}

TEST_CASE("what we accept of mutated cases, llhttp reads the same, but for reasons with a name")
{
    random_source dice{9112};
    const auto cases = catalogue();
    int accepted = 0;
    int deviations = 0;
    for (int round = 0; round < 400; ++round) {
        for (const wire_case& one : cases) {
            if (one.bytes.size() > 1000)
                continue;
            const std::string bytes = mutated(one.bytes, dice);
            const outcome ours = drive(bytes, defaults);
            if (ours.refused != 0 || !ours.between_requests)
                continue;
            ++accepted;
            if (agree(ours, drive_llhttp(bytes)))
                continue;
            ++deviations;
            CHECK_MESSAGE(known_deviation(bytes, ours).has_value(), bytes);
        }
    }
    CHECK(accepted > 5000);
    CHECK(deviations < accepted / 4);
}

TEST_CASE("mutated cases end the same whole, byte by byte, and cut in two")
{
    random_source dice{9110};
    for (int round = 0; round < 40; ++round) {
        for (const wire_case& one : catalogue()) {
            if (one.bytes.size() > 1000)
                continue;
            const std::string bytes = mutated(one.bytes, dice);
            const outcome whole = drive(bytes, defaults);
            const std::size_t cut = 1 + dice.next() % (bytes.size() + 1);
            const bool same = drive(bytes, defaults, {.first = 1, .step = 1}) == whole &&
                              drive(bytes, defaults, {.first = cut, .step = 0}) == whole;
            CHECK_MESSAGE(same, bytes);
        }
    }
}
