// The scoreboard under writers that are killed at any moment. It stands in this room because only
// this room knows how to give birth.

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
#include <cohort/board/reading.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <csignal>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

/// Writes until it is killed. Totals only grow, and each word holds a pattern of its own: the id
/// in the upper half, so that a reading which mixes two tenants would show.
void write_for_ever(board::slot& row, std::uint64_t id) noexcept
{
    board::set(row.stage, static_cast<std::uint32_t>(board::stage::serving));
    for (std::uint32_t turn = 1;; ++turn) {
        const std::uint64_t value = id << 32 | turn;
        board::set(row.beat_ns, value);
        board::set(row.connections_total, value);
        board::set(row.inbox_taken_total, value);
        board::set(row.requests_total, value);
        board::set(row.connections_open, turn);
        board::set(row.requests_running, turn & 1U);
    }
}

/// Every half that must carry the id does, or is still empty.
bool belongs_to(const board::slot_reading& seen, std::uint64_t id)
{
    for (const std::uint64_t word :
         {seen.beat_ns, seen.connections_total, seen.inbox_taken_total, seen.requests_total})
    {
        if (word != 0 && word >> 32 != id)
            return false;
    }
    return seen.worker_id == id && seen.requests_running <= 1;
}

}  // namespace

TEST_CASE("a writer that is killed at any moment leaves nothing that a reader would misread")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    auto board = board::segment::create(2);
    REQUIRE(board);
    board::slot& row = board->row(1);

    std::uint64_t readings = 0;
    std::uint64_t nonsense = 0;
    constexpr std::uint64_t rounds = 150;
    for (std::uint64_t id = 1; id <= rounds; ++id) {
        auto ready = kit::make_pipe();
        birth how;
        how.keep = {ready.read.borrow()};
        auto writer = process::clone(kit::permit(), how, [&]() noexcept {
            char byte = 0;
            if (::read(ready.read.borrow(), &byte, 1) == 1)
                write_for_ever(row, id);
        });
        REQUIRE(writer);
        const std::uint64_t tenant = board::tenant_of(1, writer->pid());
        board::move_in(row, {tenant, id});
        REQUIRE(::write(ready.write.borrow(), "x", 1) == 1);

        // Read at full speed until a random moment, then kill, and go on reading: the row must
        // make sense before the death, during it, and after it.
        const auto moment = now() + std::chrono::microseconds{dice.next() % 2000};
        std::uint64_t last = 0;
        const auto look = [&] {
            if (const auto seen = board::read(row, tenant)) {
                ++readings;
                nonsense += belongs_to(*seen, id) && seen->requests_total >= last ? 0U : 1U;
                last = seen->requests_total;
            }
        };
        while (now() < moment)
            look();
        REQUIRE(writer->signal(SIGKILL));
        while (!writer->try_reap())
            look();
        board::vacate(row);
        CHECK_FALSE(board::read(row, tenant));
    }
    CHECK(nonsense == 0);
    CHECK(readings > rounds);
}

TEST_CASE("a reader in another process never sees two tenants in one reading")
{
    auto board = board::segment::create(1);
    REQUIRE(board);
    board::slot& row = board->row(0);
    // The reader asks for whoever is there while this process moves tenants in and out.
    auto reader = process::clone(kit::permit(), {}, [&]() noexcept {
        const auto end = now() + 300ms;
        while (now() < end) {
            for (int i = 0; i < 100; ++i) {
                const auto seen = board::read(row);
                if (seen && !(belongs_to(*seen, seen->worker_id) &&
                              board::pid_of(seen->tenant) == static_cast<pid_t>(seen->worker_id)))
                    ::_exit(1);
            }
        }
        ::_exit(0);
    });
    REQUIRE(reader);
    std::uint64_t id = 0;
    while (!reader->try_reap()) {
        ++id;
        board::move_in(row, {board::tenant_of(1, static_cast<pid_t>(id)), id});
        board::set(row.requests_total, id << 32 | 1);
        board::set(row.connections_total, id << 32 | 1);
        board::vacate(row);
    }
    CHECK(reader->ended() == exit_reason::exited(0));
    CHECK(id > 1000);
}
