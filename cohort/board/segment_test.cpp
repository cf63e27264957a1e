#include <cohort/board/segment.hpp>

#include <cohort/board/reading.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <utility>

using namespace cohort;
using namespace cohort::board;

namespace {

constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

unique_fd copy_of(const segment& board)
{
    auto copy = duplicate(board.fd());
    REQUIRE(copy);
    return std::move(*copy);
}

/// A sealed memfd with these bytes at its front.
unique_fd stranger(const header& head, std::size_t size, int seals = all_seals)
{
    unique_fd fd{::memfd_create("stranger", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    REQUIRE(fd.valid());
    REQUIRE(::ftruncate(fd.borrow(), static_cast<off_t>(size)) == 0);
    REQUIRE(::pwrite(fd.borrow(), &head, sizeof head, 0) == sizeof head);
    REQUIRE(::fcntl(fd.borrow(), F_ADD_SEALS, seals) == 0);
    return fd;
}

header good_header(unsigned slots)
{
    header head{};
    head.magic = magic;
    head.size = parts_for(slots).end;
    head.layout = layout_number;
    head.slots = slots;
    head.slot_size = sizeof(slot);
    head.generation = 7;
    return head;
}

void check_refused(unique_fd fd)
{
    const auto board = segment::attach(std::move(fd));
    REQUIRE_FALSE(board);
    CHECK(board.error().why() == errc::board_layout_mismatch);
}

}  // namespace

TEST_CASE("what one mapping writes, another reads")
{
    auto mine = segment::create({.slots = 4, .generation = 9});
    REQUIRE(mine);
    auto yours = segment::attach(copy_of(*mine));
    REQUIRE(yours);
    CHECK(yours->slots() == 4);
    CHECK(yours->generation() == 9);

    const std::uint64_t tenant = tenant_of(9, 1234);
    move_in(mine->row(3), {tenant, 17});
    add(mine->row(3).requests_total, std::uint64_t{5});
    const auto seen = read(yours->row(3), tenant);
    REQUIRE(seen);
    CHECK(seen->requests_total == 5);
    CHECK(seen->worker_id == 17);
    CHECK(seen->stage == stage::booting);
    CHECK_FALSE(read(yours->row(2)));
}

TEST_CASE("a board has 1 to 256 slots")
{
    CHECK(segment::create(1));
    CHECK(segment::create(slots_max));
    CHECK(segment::create(0).error().why() == errc::bad_value);
    CHECK(segment::create(slots_max + 1).error().why() == errc::bad_value);
}

TEST_CASE("every row of a new board is vacant, and each has its own cache lines")
{
    auto board = segment::create(slots_max);
    REQUIRE(board);
    for (unsigned i = 0; i < board->slots(); ++i) {
        CHECK_FALSE(read(board->row(i)));
        CHECK(reinterpret_cast<std::uintptr_t>(&board->row(i)) % 128 == 0);
    }
}

TEST_CASE("a board can neither shrink nor grow, not even by who made it")
{
    auto board = segment::create(2);
    REQUIRE(board);
    CHECK(::ftruncate(board->fd().borrow(), 0) == -1);
    CHECK(::ftruncate(board->fd().borrow(), 1 << 20) == -1);
    CHECK(::fcntl(board->fd().borrow(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
    CHECK((::fcntl(board->fd().borrow(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("strangers are refused, not cast")
{
    const std::size_t size = good_header(2).size;
    REQUIRE(segment::attach(stranger(good_header(2), size)));

    check_refused(unique_fd{});
    check_refused(unique_fd{::open("/dev/zero", O_RDWR | O_CLOEXEC)});
    check_refused(stranger(good_header(2), size, F_SEAL_SHRINK | F_SEAL_SEAL));
    check_refused(stranger(good_header(2), size - 1));
    check_refused(stranger(good_header(2), size + sizeof(slot)));
    check_refused(stranger(good_header(2), parts_for(1).end - 1));
    for (const auto spoil :
         {+[](header& h) { h.magic ^= 1; }, +[](header& h) { h.layout += 1; },
          +[](header& h) { h.slot_size = 64; }, +[](header& h) { h.slots = 0; },
          +[](header& h) { h.slots = 3; }, +[](header& h) { h.slots = 1u << 31; },
          +[](header& h) { h.size += 1; }})
    {
        header head = good_header(2);
        spoil(head);
        check_refused(stranger(head, size));
    }
}

TEST_CASE("a board can be moved, and its rows stay where they are")
{
    auto board = segment::create(2);
    REQUIRE(board);
    const slot* row = &board->row(1);
    segment moved = std::move(*board);
    CHECK(&moved.row(1) == row);
    auto other = segment::create(3);
    REQUIRE(other);
    *other = std::move(moved);
    CHECK(&other->row(1) == row);
    CHECK(other->slots() == 2);
}

TEST_CASE("worker ids only grow, whoever draws them")
{
    auto mine = segment::create(1);
    REQUIRE(mine);
    auto yours = segment::attach(copy_of(*mine));
    REQUIRE(yours);
    CHECK(mine->ids().last() == 0);
    CHECK(mine->ids().draw() == 1);
    CHECK(yours->ids().draw() == 2);
    CHECK(mine->ids().draw() == 3);
    CHECK(yours->ids().last() == 3);
}

TEST_CASE("quarantine and tickets are shared by all mappings")
{
    auto mine = segment::create(2);
    REQUIRE(mine);
    auto yours = segment::attach(copy_of(*mine));
    REQUIRE(yours);
    const steady_time when{std::chrono::hours{1}};
    mine->quarantine().add(5, when, seconds{1});
    CHECK(yours->quarantine().contains(5, when));
    const auto given = mine->tickets().offer({.from = 0, .to = 1, .cookie = 4}, when);
    REQUIRE(given);
    CHECK(yours->tickets().find_offered({.cookie = 4, .to = 1}) == given);
    CHECK(yours->tickets().take(*given));
    CHECK_FALSE(mine->tickets().revoke(*given));
}
