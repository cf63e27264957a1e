#include <cohort/board/bells.hpp>

#include <doctest/doctest.h>

#include <poll.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

using namespace cohort;
using namespace cohort::board;

namespace {

struct tower {
    std::unique_ptr<bell_table> table = std::make_unique<bell_table>();
    std::uint64_t identity = 0xc0'407;
    [[nodiscard]] std::span<std::byte> area() const
    {
        return std::as_writable_bytes(std::span{table.get(), 1});
    }
    bells mine{area(), identity};
    bells yours{area(), identity};
};

bool is_rung(const bells::bell& which)
{
    pollfd look{which.descriptor(), POLLIN, 0};
    return ::poll(&look, 1, 0) == 1;
}

}  // namespace

TEST_CASE("who sleeps is woken up, once, by whoever rings")
{
    tower t;
    auto first = t.mine.hang();
    auto second = t.mine.hang();
    REQUIRE(first);
    REQUIRE(second);
    t.yours.ring();
    CHECK_FALSE(is_rung(*first));  // nobody sleeps

    first->sleep();
    t.yours.ring();
    t.yours.ring();
    CHECK(is_rung(*first));
    CHECK_FALSE(is_rung(*second));
    CHECK(t.table->rung == 1);

    first->wake();
    CHECK_FALSE(is_rung(*first));
    t.yours.ring();
    CHECK_FALSE(is_rung(*first));

    first->sleep();
    second->sleep();
    t.mine.ring();
    CHECK(is_rung(*first));
    CHECK(is_rung(*second));
}

TEST_CASE("a bell that is taken down leaves its row to others")
{
    tower t;
    for (int i = 0; i < 10; ++i) {
        auto one = t.mine.hang();
        REQUIRE(one);
        CHECK(t.table->who[0] != 0);
        one->sleep();
    }
    CHECK(t.table->who[0] == 0);
    CHECK(t.table->sleeping[0] == 0);
}

TEST_CASE("bells of the dead are taken down by who rings them, or needs their place")
{
    tower t;
    t.table->who[0] = 17;  // a name that no socket has
    t.table->sleeping[0] = 1;
    t.mine.ring();
    CHECK(t.table->who[0] == 0);

    for (auto& each : t.table->who)
        each = 19;
    auto one = t.mine.hang();
    REQUIRE(one);
    one->sleep();
    t.yours.ring();
    CHECK(is_rung(*one));
}

TEST_CASE("there are 512 bells at most")
{
    tower t;
    std::vector<bells::bell> all;
    for (std::size_t i = 0; i < bell_table::bells_max; ++i)
        all.push_back(t.mine.hang().value());
    CHECK(t.mine.hang().error().why() == errc::queue_full);
    all.back().sleep();
    t.yours.ring();
    CHECK(is_rung(all.back()));
    all.pop_back();
    CHECK(t.mine.hang());
}

TEST_CASE("a bell can be moved")
{
    tower t;
    auto one = t.mine.hang();
    REQUIRE(one);
    bells::bell moved = std::move(*one);
    auto other = t.mine.hang();
    REQUIRE(other);
    *other = std::move(moved);
    other->sleep();
    t.yours.ring();
    CHECK(is_rung(*other));
}

TEST_CASE("who has no socket to ring with takes nobody for dead")
{
    tower t;
    auto one = t.mine.hang();
    REQUIRE(one);
    one->sleep();
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{0, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const bells mute{t.area(), t.identity};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    mute.ring();
    CHECK_FALSE(is_rung(*one));
    CHECK(t.table->who[0] != 0);
}
