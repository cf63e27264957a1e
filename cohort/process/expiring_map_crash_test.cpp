// Values under writers that are killed and stopped at any moment. It stands in this room because
// only this room knows how to give birth.

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/expiring_map.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

using board::expiring_map;
using outcome = expiring_map::outcome;

constexpr unsigned writers = 6;
constexpr unsigned lives = 80;  // of all writers together
constexpr std::uint64_t keys = 12;
constexpr board::map_shape shape{.entries = 64, .bytes = 96 * 256};

/// What the parent has ended, and nobody may bring back: a round for each key.
struct test_page {
    std::array<std::atomic<std::uint64_t>, keys> round;
    std::atomic<std::uint64_t> wrong;
    std::atomic<std::uint64_t> writes;
    std::atomic<std::uint64_t> reads;
};

/// Each round of a key is another key.
expiring_map::key key_of(std::uint64_t which, std::uint64_t round)
{
    const std::uint64_t seed = mix(which << 32 | round);
    return {mix(seed + 1), mix(seed + 2), mix(seed + 3), mix(seed + 4)};
}

/// What a value says: whose it is, and as many bytes as its turn makes.
struct words {
    std::uint64_t which = 0;
    std::uint64_t round = 0;
    std::uint64_t turn = 0;
};

std::string value_of(words what)
{
    std::string text(sizeof what + what.turn % 1'700, static_cast<char>(what.turn));
    std::memcpy(text.data(), &what, sizeof what);
    return text;
}

bool is_whole(const std::string& text, std::uint64_t which, std::uint64_t round)
{
    words what;
    if (text.size() < sizeof what)
        return false;
    std::memcpy(&what, text.data(), sizeof what);
    return what.which == which && what.round == round && text == value_of(what);
}

void write_for_ever(expiring_map map, test_page& page, std::uint64_t seed) noexcept
{
    random_source dice{seed};
    for (;;) {
        const std::uint64_t which = dice.next() % keys;
        const std::uint64_t round = page.round[which].load();
        const auto key = key_of(which, round);
        if (dice.next() % 2 == 0) {
            ++page.reads;
            if (const auto there = map.get(key, 0); there && !is_whole(*there, which, round))
                ++page.wrong;
            continue;
        }
        const std::string text = value_of({which, round, dice.next()});
        if (map.replace(key, {text, 100}, 0) == outcome::done)
            ++page.writes;
    }
}

/// Who alone begins and ends keys; writers only replace.
class keeper {
public:
    keeper(expiring_map map, test_page& page)
        : map_{map}, page_{page}
    {
        for (std::uint64_t which = 0; which < keys; ++which)
            begin(which);
    }

    /// And begins the key's next round. What was erased has to stay away.
    void end(std::uint64_t which)
    {
        const std::uint64_t round = page_.round[which].load();
        without += map_.erase(key_of(which, round), 0) == outcome::done ? 0U : 1U;
        begin(which);
        if (page_.round[which].load() == round)
            page_.round[which].store(round + 1);  // ended, and none begun
        came_back += map_.get(key_of(which, round), 0) ? 1U : 0U;
    }

    void end_for_good(std::uint64_t which)
    {
        const std::uint64_t round = page_.round[which].load();
        if (const auto there = map_.get(key_of(which, round), 0))
            CHECK(is_whole(*there, which, round));
        static_cast<void>(map_.erase(key_of(which, round), 0));
    }

    std::uint64_t came_back = 0;
    std::uint64_t without = 0;

private:
    void begin(std::uint64_t which)
    {
        const std::uint64_t round = page_.round[which].load() + 1;
        // The dead may have it all, for a while.
        const std::string text = value_of({which, round, 1});
        if (map_.put(key_of(which, round), {text, 100}, 0) == outcome::done)
            page_.round[which].store(round);
    }

    expiring_map map_;
    test_page& page_;
};

}  // namespace

TEST_CASE("values of writers that are killed and stopped are whole, and what was erased stays so")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    auto board = board::segment::create(1);
    REQUIRE(board);
    const auto commons = board->commons();
    const expiring_map map{commons.area("map", shape.area_bytes()).value(), shape};
    auto& page = board::area_as<test_page>(commons.area("page", sizeof(test_page)).value());

    keeper keeps{map, page};
    std::vector<process::child> at_work;
    unsigned born = 0;
    const auto hire = [&] {
        ++born;
        const std::uint64_t its_seed = dice.next();
        auto made = process::clone(kit::permit(), {},
                                   [&]() noexcept { write_for_ever(map, page, its_seed); });
        REQUIRE(made);
        at_work.push_back(std::move(*made));
    };
    for (unsigned i = 0; i < writers; ++i)
        hire();
    const auto go_on = [&](nanoseconds how_long) {
        const auto until = now() + how_long;
        while (now() < until) {
            if (dice.next() % 4 == 0)
                keeps.end(dice.next() % keys);
        }
    };
    while (born < lives) {
        go_on(std::chrono::microseconds{dice.next() % 10'000});
        const std::size_t which = dice.next() % at_work.size();
        process::child& victim = at_work[which];
        if (dice.next() % 8 == 0) {
            REQUIRE(victim.signal(SIGSTOP));
            go_on(20ms);
            REQUIRE(victim.signal(SIGCONT));
            continue;
        }
        REQUIRE(victim.signal(SIGKILL));
        while (!victim.try_reap()) {
        }
        at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(which));
        hire();
    }
    for (process::child& each : at_work)
        REQUIRE(each.signal(SIGKILL));
    for (process::child& each : at_work)
        each.wait();
    CHECK(page.wrong == 0);
    CHECK(keeps.came_back == 0);
    CHECK(map.total().torn == 0);
    CHECK(map.total().expired == 0);
    for (std::uint64_t which = 0; which < keys; ++which)
        keeps.end_for_good(which);
    CHECK(map.size() == 0);
    MESSAGE("writes ", page.writes.load(), ", reads ", page.reads.load(), ", ended ",
            page.round[0].load(), " times the first, refused ", map.total().refused, ", recovered ",
            map.total().recovered, ", rounds without a value ", keeps.without);
}
