// Messages under writers that are killed and stopped at any moment. It stands in this room because
// only this room knows how to give birth.

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/message_ring.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <sched.h>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

constexpr unsigned writers = 8;
constexpr unsigned lives = 60;  // of all writers together
constexpr std::uint32_t blocks = 16'384;

/// What a message says: who, the how manyth, and as many bytes as that makes.
struct words {
    std::uint64_t life = 0;
    std::uint64_t turn = 0;
};

struct test_page {
    std::atomic<std::uint64_t> read_up_to;
    std::array<std::atomic<std::uint64_t>, lives> published;  // as the writer knows
};

std::size_t filler(words what) { return what.life % 2 == 0 ? what.turn * 37 % 20'000 : 40; }

void write_for_ever(board::message_ring ring, test_page& page, std::uint64_t life) noexcept
{
    std::string text;
    for (std::uint64_t turn = 1;; ++turn) {
        const words what{life, turn};
        text.assign(sizeof what + filler(what), static_cast<char>(turn));
        std::memcpy(text.data(), &what, sizeof what);
        // Nobody is overtaken in this test: so each message is seen.
        while (ring.last() - page.read_up_to.load() > blocks / 2)
            ::sched_yield();
        while (!ring.publish("topic", text)) {
        }
        page.published[life].store(turn);
    }
}

/// Somebody who reads everything, and complains.
struct listener {
    board::ring_reader reader;
    std::array<std::uint64_t, lives> turns{};
    std::uint64_t heard = 0;
    std::uint64_t missed = 0;  // of those before the last one that was heard
    std::uint64_t wrong = 0;
    std::string text{};

    /// False: there was nothing.
    bool listen(steady_time when)
    {
        bool any = false;
        for (int i = 0; i < 500; ++i) {
            if (reader.look(when) != board::ring_reader::found::message)
                return any;
            any = true;
            if (!reader.read(text))
                continue;  // counted as lost
            ++heard;
            if (reader.topic() != "topic" || text.size() < sizeof(words)) {
                ++wrong;
                continue;
            }
            words what;
            std::memcpy(&what, text.data(), sizeof what);
            const bool whole = what.life < lives && text.size() == sizeof what + filler(what) &&
                               text.find_first_not_of(static_cast<char>(what.turn), sizeof what) ==
                                   std::string::npos;
            if (!whole || what.turn <= turns[what.life]) {
                ++wrong;
                continue;
            }
            missed += what.turn - turns[what.life] - 1;
            turns[what.life] = what.turn;
        }
        return any;
    }
};

/// Who was stopped while a whole round went by may write one word into what lies there now: such a
/// message is known by its checksum, and lost for who comes to it after that.
void check(const listener& each, const test_page& page, std::uint64_t stops)
{
    CHECK(each.wrong == 0);
    CHECK(each.reader.lost() <= stops);
    std::uint64_t missed = each.missed;
    for (unsigned life = 0; life < lives; ++life) {
        const std::uint64_t known = page.published[life];
        // The last one may have been published by somebody who did not live to say so.
        CHECK(each.turns[life] <= known + 1);
        missed += known - std::min(each.turns[life], known);
    }
    CHECK(missed <= each.reader.lost());
}

}  // namespace

TEST_CASE(
    "every message of writers that are killed is read once, in order, by all; who is stopped may "
    "spoil one that came a round later")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    auto board = board::segment::create(1);
    REQUIRE(board);
    const auto commons = board->commons();
    const board::message_ring ring{
        commons.area("ring", board::message_ring::bytes_for(blocks)).value()};
    auto& page = board::area_as<test_page>(commons.area("page", sizeof(test_page)).value());
    std::array<listener, 2> listeners{listener{board::ring_reader{ring, 0}},
                                      listener{board::ring_reader{ring, 0}}};
    const auto listen = [&] {
        const auto when = now();
        bool any = false;
        for (listener& each : listeners)
            any = each.listen(when) || any;
        page.read_up_to = std::min(listeners[0].reader.position(), listeners[1].reader.position());
        return any;
    };
    struct writer {
        process::child who;
        std::uint64_t life;
    };
    std::vector<writer> at_work;
    std::uint64_t born = 0;
    std::uint64_t stops = 0;
    const auto hire = [&] {
        const std::uint64_t life = born++;
        auto made =
            process::clone(kit::permit(), {}, [&]() noexcept { write_for_ever(ring, page, life); });
        REQUIRE(made);
        at_work.push_back({std::move(*made), life});
    };
    for (unsigned i = 0; i < writers; ++i)
        hire();
    const auto go_on = [&](nanoseconds how_long) {
        const auto until = now() + how_long;
        while (now() < until)
            listen();
    };
    while (born < lives) {
        go_on(std::chrono::microseconds{dice.next() % 20'000});
        const std::size_t which = dice.next() % at_work.size();
        writer& victim = at_work[which];
        if (dice.next() % 8 == 0) {
            // Long enough to be given up, and then it goes on.
            ++stops;
            REQUIRE(victim.who.signal(SIGSTOP));
            go_on(board::ring_reader::patience * 3 / 2);
            REQUIRE(victim.who.signal(SIGCONT));
            continue;
        }
        REQUIRE(victim.who.signal(SIGKILL));
        while (!victim.who.try_reap())
            listen();
        at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(which));
        hire();
    }
    for (writer& each : at_work) {
        REQUIRE(each.who.signal(SIGKILL));
        each.who.wait();
    }
    const auto enough = now() + kit::patience;
    while (now() < enough && page.read_up_to != ring.last())
        listen();
    CHECK(page.read_up_to == ring.last());
    check(listeners[0], page, stops);
    check(listeners[1], page, stops);
    const auto of = ring.total();
    MESSAGE("messages ", of.published, ", abandoned ", of.abandoned, ", repeated ", of.repeated);
}
