// The commons in more than one process. It stands in this room because only this room knows how to
// give birth.

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

constexpr int areas = 200;

/// The same areas in all processes, in an order of each one's own.
bool make_areas(board::commons in, std::uint64_t start) noexcept
{
    for (int i = 0; i < areas; ++i) {
        const auto which = (start + static_cast<unsigned>(i)) % areas;
        std::array<char, 16> name{};
        std::snprintf(name.data(), name.size(), "area %u", static_cast<unsigned>(which));
        const auto found = in.area(name.data(), (which + 1) * 100);
        if (!found)
            return false;
        // Somebody else's area would show here, sooner or later.
        const auto mine = static_cast<std::byte>(which + 1);
        if ((*found)[0] != std::byte{0} && (*found)[0] != mine)
            return false;
        (*found)[0] = mine;
    }
    return true;
}

}  // namespace

TEST_CASE("an area that was found before its process became a worker is found again after that")
{
    // In a child, since a process settles for good.
    auto child = process::clone(kit::permit(), {}, []() noexcept {
        auto board = board::segment::create(1);
        board::common_area counts{"counts", 8};
        auto before = counts.find();
        board::commons::settle(board->commons());
        auto after = counts.find();
        const bool moved = before && after && before->data() != after->data() &&
                           after->data() == board->commons().area("counts", 8)->data() &&
                           counts.find()->data() == after->data() &&
                           board::commons::here() == board->commons();
        ::_exit(moved ? 0 : 1);
    });
    REQUIRE(child);
    while (!child->try_reap()) {
    }
    CHECK(child->ended() == exit_reason::exited(0));
}

TEST_CASE("who dies while it makes areas blocks nobody, and none of them is two")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    constexpr int rounds = 40;
    for (int round = 0; round < rounds; ++round) {
        auto board = board::segment::create(1);
        REQUIRE(board);
        const board::commons all = board->commons();
        std::vector<process::child> makers;
        for (unsigned i = 0; i < 3; ++i) {
            const std::uint64_t start = dice.next();
            auto made = process::clone(kit::permit(), {},
                                       [&]() noexcept { ::_exit(make_areas(all, start) ? 0 : 1); });
            REQUIRE(made);
            makers.push_back(std::move(*made));
        }
        const auto moment = now() + std::chrono::microseconds{dice.next() % 500};
        while (now() < moment) {
        }
        for (auto& each : makers)
            static_cast<void>(each.signal(SIGKILL));
        for (auto& each : makers) {
            while (!each.try_reap()) {
            }
            CHECK(each.ended() != exit_reason::exited(1));
        }
        CHECK(make_areas(all, 0));
        CHECK(make_areas(all, 77));
        std::size_t pages = 0;
        for (std::size_t i = 1; i <= areas; ++i)
            pages += (i * 100 + 4095) / 4096;
        CHECK(all.taken() == pages * 4096);
    }
}
