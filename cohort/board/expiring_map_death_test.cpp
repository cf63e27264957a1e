#include <cohort/board/detail/map_test.hpp>
#include <cohort/board/detail/map_work.hpp>
#include <cohort/board/expiring_map.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::board;
using namespace cohort::board::detail;

namespace {

using outcome = expiring_map::outcome;

/// Values of four blocks.
const std::string before_text = text_of(900, 1);
const std::string after_text = text_of(950, 2);
const std::string other_text = text_of(800, 3);

struct death {};

/// What happens before the step of that number.
struct probe {
    std::size_t at;
    std::function<void()> happens;
    std::size_t steps = 0;

    void operator()()
    {
        if (steps++ == at)
            happens();
    }
};

using operation = outcome (*)(const expiring_map& on, probe& at);

outcome put_one(const expiring_map& on, probe& at)
{
    return map_work{on, at}.put(key(1), {after_text, 100}, 0);
}
outcome replace_one(const expiring_map& on, probe& at)
{
    return map_work{on, at}.replace(key(1), nullptr, {after_text, 100}, 0);
}
outcome renew_one(const expiring_map& on, probe& at)
{
    const std::string_view seen = before_text;
    return map_work{on, at}.replace(key(1), &seen, {after_text, 100}, 0);
}
outcome erase_one(const expiring_map& on, probe& at) { return map_work{on, at}.erase(key(1), 0); }

std::size_t steps_of(operation what, bool from_nothing)
{
    own_map all{small};
    if (!from_nothing)
        REQUIRE(all.map.put(key(1), {before_text, 100}, 0) == outcome::done);
    probe count{.at = ~std::size_t{0}, .happens = [] {}};
    REQUIRE(what(all.map, count) == outcome::done);
    return count.steps;
}

/// Every block can be had, once everything in the map is over and the dead are known for dead.
void check_nothing_leaks(own_map& all)
{
    clock_now += expiring_map::patience;
    constexpr std::int64_t later = 1'000;
    for (int round = 0; round < 8; ++round) {
        static_cast<void>(all.map.put(key(1'000), {text_of(7'000, 1), later - 1}, 0));
        static_cast<void>(all.map.erase(key(1'000), 0));
        static_cast<void>(all.map.put(key(1'001), {"", later}, later));
        static_cast<void>(all.map.erase(key(1'001), later));
    }
    std::size_t fit = 0;
    while (all.map.put(key(2'000 + fit), {"x", later + 1}, later) == outcome::done)
        ++fit;
    CHECK(fit == all.shape.blocks() - all.shape.spare_blocks());
}

}  // namespace

TEST_CASE("who dies at any step leaves the old value or the new one, and nothing that stays taken")
{
    struct row {
        operation what;
        bool from_nothing;
        bool may_be_gone;
    };
    for (const row& each :
         {row{&put_one, true, true}, row{&put_one, false, false}, row{&replace_one, false, false},
          row{&renew_one, false, false}, row{&erase_one, false, true}})
    {
        const std::size_t steps = steps_of(each.what, each.from_nothing);
        REQUIRE(steps >= 5);
        for (std::size_t at = 0; at < steps; ++at) {
            CAPTURE(at);
            own_map all{small};
            if (!each.from_nothing)
                REQUIRE(all.map.put(key(1), {before_text, 100}, 0) == outcome::done);
            REQUIRE(all.map.put(key(2), {other_text, 100}, 0) == outcome::done);
            probe dies{.at = at, .happens = [] { throw death{}; }};
            CHECK_THROWS_AS(each.what(all.map, dies), death);

            const auto left = all.map.get(key(1), 0);
            if (left)
                CHECK((*left == before_text || *left == after_text));
            else
                CHECK(each.may_be_gone);
            CHECK(all.map.get(key(2), 0) == other_text);
            // And it stands in nobody's way.
            CHECK(all.map.put(key(1), {"next", 100}, 0) == outcome::done);
            CHECK(all.map.get(key(1), 0) == "next");
            CHECK(all.map.erase(key(1), 0) == outcome::done);
            check_nothing_leaks(all);
            CHECK(all.map.total().torn == 0);
        }
    }
}

TEST_CASE("who is slow at any step writes nothing over a key that was erased or written meanwhile")
{
    for (const operation what : {&replace_one, &renew_one}) {
        const std::size_t steps = steps_of(what, false);
        for (std::size_t at = 0; at < steps; ++at) {
            CAPTURE(at);
            own_map erased{small};
            bool was_done = false;
            REQUIRE(erased.map.put(key(1), {before_text, 100}, 0) == outcome::done);
            probe loses{.at = at, .happens = [&] {
                            was_done = erased.map.get(key(1), 0) == after_text;
                            CHECK(erased.map.erase(key(1), 0) == outcome::done);
                        }};
            const outcome said = what(erased.map, loses);
            CHECK((said == outcome::done) == was_done);
            CHECK_FALSE(erased.map.get(key(1), 0));
            check_nothing_leaks(erased);

            own_map written{small};
            REQUIRE(written.map.put(key(1), {before_text, 100}, 0) == outcome::done);
            probe meets{.at = at, .happens = [&] {
                            was_done = written.map.get(key(1), 0) == after_text;
                            CHECK(written.map.replace(key(1), {other_text, 100}, 0) ==
                                  outcome::done);
                        }};
            CHECK(what(written.map, meets) == outcome::done);
            // The last one counts; who only renews is none.
            const bool last = what == &replace_one && !was_done;
            CHECK(written.map.get(key(1), 0) == (last ? after_text : other_text));
            CHECK(written.map.size() == 1);
            check_nothing_leaks(written);
        }
    }
}

TEST_CASE("who erases while others write has erased it")
{
    const std::size_t steps = steps_of(&erase_one, false);
    for (std::size_t at = 0; at < steps; ++at) {
        CAPTURE(at);
        own_map all{small};
        REQUIRE(all.map.put(key(1), {before_text, 100}, 0) == outcome::done);
        bool replaced = false;
        probe meets{.at = at, .happens = [&] {
                        replaced = all.map.replace(key(1), {after_text, 100}, 0) == outcome::done;
                    }};
        CHECK(erase_one(all.map, meets) == outcome::done);
        CHECK(replaced == (at == 0));
        CHECK_FALSE(all.map.get(key(1), 0));
        check_nothing_leaks(all);
    }
}

TEST_CASE(
    "who was stopped for so long that it seemed dead begins anew, and mistakes nobody's value")
{
    const std::size_t steps = steps_of(&replace_one, false);
    std::uint64_t torn = 0;
    for (std::size_t at = 0; at < steps; ++at) {
        CAPTURE(at);
        own_map all{small};
        std::map<std::uint64_t, std::string> said;
        REQUIRE(all.map.put(key(1), {before_text, 100}, 0) == outcome::done);
        probe stops{.at = at, .happens = [&] {
                        clock_now += expiring_map::patience * 2;
                        // Everything that can be had.
                        for (std::uint64_t i = 10; i < 40; ++i) {
                            const std::string text = text_of(300, i);
                            if (all.map.put(key(i), {text, 100}, 0) == outcome::done)
                                said[i] = text;
                        }
                    }};
        const outcome said_of_one = replace_one(all.map, stops);
        CHECK(said_of_one != outcome::absent);
        const auto one = all.map.get(key(1), 0);
        if (one)
            CHECK(*one == (said_of_one == outcome::done ? after_text : before_text));
        std::uint64_t missing = one ? 0 : 1;
        for (const auto& [number, text] : said) {
            const auto there = all.map.get(key(number), 0);
            if (there)
                CHECK(*there == text);
            else
                ++missing;
        }
        // Whatever was damaged is found and goes, though nobody can ask for it.
        for (int i = 0; i < 8; ++i)
            static_cast<void>(all.map.put(key(1'000), {"", 100}, 0));
        CHECK(missing == all.map.total().torn);
        torn += missing;
    }
    MESSAGE("torn ", torn, " at ", steps, " steps");
}
