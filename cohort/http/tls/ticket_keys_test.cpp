#include <cohort/http/tls/ticket_keys.hpp>

#include <doctest/doctest.h>

#include <chrono>

using namespace cohort;
using namespace cohort::http::tls;
using namespace std::chrono_literals;

TEST_CASE("those who began together have the same keys at any time, whenever they look")
{
    const steady_time start{50h};
    const ticket_secret secret = ticket_secret::make(start);
    ticket_keys busy{secret};
    ticket_keys idle{secret};
    ticket_keys other{ticket_secret::make(start)};
    for (int hour = 0; hour < 30; ++hour)
        static_cast<void>(busy.current(start + hour * 1h));
    const auto& a = busy.current(start + 30h);
    const auto& b = idle.current(start + 30h);
    CHECK(a.name == b.name);
    CHECK(a.cipher == b.cipher);
    CHECK(a.mac == b.mac);
    CHECK(a.cipher != a.mac);
    CHECK(other.current(start + 30h).name != a.name);
}

TEST_CASE("a key is found for three hours, and is current for one")
{
    const steady_time start{50h};
    ticket_keys keys{ticket_secret::make(start)};
    const auto first = keys.current(start);
    CHECK(keys.find(first.name, start).current);
    CHECK(keys.find(first.name, start + 59min).current);
    const auto later = keys.find(first.name, start + 2h);
    REQUIRE(later.with != nullptr);
    CHECK(!later.current);
    CHECK(later.with->cipher == first.cipher);
    CHECK(keys.find(first.name, start + 3h).with == nullptr);
    // A clock that goes back brings no key back.
    CHECK(keys.find(first.name, start).with == nullptr);
    CHECK(keys.find(keys.current(start).name, start + 3h).current);
}
