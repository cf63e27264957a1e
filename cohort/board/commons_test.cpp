#include <cohort/board/commons.hpp>

#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::board;

namespace {

/// Commons of nobody else.
struct own_commons {
    std::unique_ptr<commons_head> head = std::make_unique<commons_head>();
    std::byte areas[1]{};  // never touched: the table is all that is looked at
    commons view{*head, areas};
};

}  // namespace

TEST_CASE("an area is the same memory for everybody who says its name and size")
{
    auto mine = segment::create(2);
    REQUIRE(mine);
    auto copy = duplicate(mine->fd());
    REQUIRE(copy);
    auto yours = segment::attach(std::move(*copy));
    REQUIRE(yours);

    const auto limits = mine->commons().area("limits/1", 5000);
    const auto topics = mine->commons().area("topics/1", 100);
    REQUIRE(limits);
    REQUIRE(topics);
    CHECK(limits->size() == 5000);
    CHECK(topics->data() - limits->data() == 8192);
    (*limits)[4999] = std::byte{7};
    (*topics)[0] = std::byte{8};

    const auto again = yours->commons().area("topics/1", 100);
    REQUIRE(again);
    CHECK((*again)[0] == std::byte{8});
    CHECK((*yours->commons().area("limits/1", 5000))[4999] == std::byte{7});
    CHECK(mine->commons().taken() == std::size_t{3} * 4096);
}

TEST_CASE("an area begins at a page and is all zeros")
{
    auto board = segment::create(3);
    REQUIRE(board);
    const auto area = board->commons().area("x", 10'000);
    REQUIRE(area);
    CHECK(reinterpret_cast<std::uintptr_t>(area->data()) % commons_page == 0);
    for (const std::byte each : *area)
        REQUIRE(each == std::byte{0});
}

TEST_CASE("another size is another area")
{
    own_commons all;
    const auto small = all.view.area("x", 10);
    const auto large = all.view.area("x", 11);
    REQUIRE(small);
    REQUIRE(large);
    CHECK(small->data() != large->data());
    CHECK(all.view.area("x", 10)->data() == small->data());
}

TEST_CASE("commons that are full refuse, and what there is stays")
{
    own_commons all;
    REQUIRE(all.view.area("first", commons::room - commons_page));
    CHECK(all.view.area("second", commons_page + 1).error().why() == errc::too_large);
    CHECK(all.view.area("second", commons_page));
    CHECK(all.view.area("third", 1).error().why() == errc::too_large);
    CHECK(all.view.area("first", commons::room - commons_page));
    CHECK(all.view.taken() == commons::room);
}

TEST_CASE("there are as many areas as the table has words")
{
    own_commons all;
    for (std::size_t i = 0; i < commons::areas_max; ++i)
        REQUIRE(all.view.area(std::to_string(i), 1));
    CHECK(all.view.area("more", 1).error().why() == errc::too_large);
    CHECK(all.view.area("17", 1));
}

TEST_CASE("an area has a name and a size that fits")
{
    own_commons all;
    CHECK(all.view.area("", 1).error().why() == errc::bad_value);
    CHECK(all.view.area("x", 0).error().why() == errc::bad_value);
    CHECK(all.view.area("x", commons::room + 1).error().why() == errc::too_large);
    CHECK(all.view.area("x", ~std::size_t{0}).error().why() == errc::too_large);
    CHECK(all.view.taken() == 0);
}

TEST_CASE("a table that somebody scribbled over is not believed")
{
    own_commons all;
    all.head->areas[0] = ~std::uint64_t{0};
    CHECK(all.view.area("x", 1).error().why() == errc::malformed);
    all.head->areas[0] = std::uint64_t{1} << 20;  // no pages
    CHECK(all.view.area("x", 1).error().why() == errc::malformed);
}

TEST_CASE("many that make the same areas at once get the same ones")
{
    own_commons all;
    constexpr int names = 100;
    std::vector<std::vector<std::byte*>> got(4, std::vector<std::byte*>(names));
    {
        std::vector<std::jthread> makers;
        for (auto& mine : got) {
            makers.emplace_back([&] {
                for (int i = 0; i < names; ++i)
                    mine[i] = all.view.area(std::to_string(i), std::size_t(i) * 100 + 1)->data();
            });
        }
    }
    for (const auto& each : got)
        CHECK(each == got[0]);
}

TEST_CASE("all processes of a cohort agree on its identity")
{
    auto board = segment::create(1);
    auto other = segment::create(1);
    REQUIRE(board);
    REQUIRE(other);
    const std::uint64_t known = board->commons().identity();
    CHECK(known != 0);
    CHECK(board->commons().identity() == known);
    CHECK(other->commons().identity() != known);
}

TEST_CASE("without a cohort the commons are this process's own")
{
    const auto area = commons::here().area("commons_test", 64);
    REQUIRE(area);
    CHECK(commons::here().area("commons_test", 64)->data() == area->data());
}

TEST_CASE("for as long as a process stays with a cohort, its commons are that one's")
{
    const auto board = segment::create(1);
    REQUIRE(board);
    const commons alone = commons::here();
    common_area area{"commons_stay_test", 64};
    const std::byte* const own = area.find()->data();
    {
        const commons_stay stay{board->commons()};
        CHECK(commons::here() == board->commons());
        CHECK(area.find()->data() != own);
    }
    CHECK(commons::here() == alone);
    CHECK(area.find()->data() == own);
}

TEST_CASE("an application has a counter of its own there, as the manual shows")
{
    static cohort::board::common_area area{"shop/orders/1", sizeof(std::atomic<std::uint64_t>)};
    if (auto found = area.find())
        ++cohort::board::area_as<std::atomic<std::uint64_t>>(*found);
    const auto again = commons::here().area("shop/orders/1", sizeof(std::uint64_t));
    REQUIRE(again);
    CHECK(area_as<std::atomic<std::uint64_t>>(*again) == 1);
}

TEST_CASE("who sits in which slot is known to whoever shares the memory")
{
    auto board = segment::create(2);
    REQUIRE(board);
    const commons all = board->commons();
    REQUIRE(all.rows().size() == 2);
    CHECK(all.rows()[1].tenant == 0);
    move_in(board->row(1), {.tenant = tenant_of(7, 42), .worker_id = 1});
    CHECK(all.rows()[1].tenant == tenant_of(7, 42));

    const own_commons nobody;
    CHECK(nobody.view.rows().empty());
}
