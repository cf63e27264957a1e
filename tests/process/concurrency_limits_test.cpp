// Places of one client in all workers, whoever dies: programs/regent.cpp, really killed, and a
// table that many processes hammer.

#include "family.hpp"
#include "kept_server.hpp"

#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/http/limiting/concurrency_table.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/permit.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;
using http::concurrency_table;
using entry = concurrency_table::entry;

namespace {

/// What the processes of a round tell each other.
struct totals {
    std::atomic<std::uint64_t> inside;
    std::atomic<std::uint64_t> most;
    std::atomic<std::uint64_t> admitted;
    std::atomic<std::uint64_t> parked;
    std::atomic<std::uint64_t> stop;
};

/// A board, and processes that sit in its slots.
struct crowd {
    crowd()
        : board{board::segment::create(5).value()},
          table{board.commons().area("table", concurrency_table::bytes_for(64)).value(),
                board.commons().rows()},
          counted{board::area_as<totals>(board.commons().area("totals", sizeof(totals)).value())},
          key{table.hash("wanted")}
    {}

    template <class F>
    process::child sit(unsigned slot, F work)
    {
        auto permit = process::fork_permit::ask();
        REQUIRE(permit);
        auto made = process::clone(std::move(*permit), {}, [this, slot, work]() noexcept {
            board::move_in(board.row(slot), {.tenant = board::tenant_of(1, ::getpid()),
                                             .worker_id = board.ids().draw()});
            work();
            ::_exit(0);
        });
        REQUIRE(made);
        return std::move(*made);
    }
    /// In such a process: takes places and leaves them until it is told to stop.
    void hammer(unsigned slot, std::uint64_t limit) noexcept
    {
        while (counted.stop == 0) {
            if (table.enter(key, limit, slot).what != entry::counted)
                continue;
            ++counted.admitted;
            const std::uint64_t now = ++counted.inside;
            std::uint64_t seen = counted.most;
            while (seen < now && !counted.most.compare_exchange_weak(seen, now)) {
            }
            --counted.inside;
            table.leave(key, slot);
        }
    }
    static void kill(process::child& who)
    {
        static_cast<void>(who.signal(SIGKILL));
        reap(who);
    }
    static void reap(process::child& who)
    {
        while (!who.ended() && !who.try_reap()) {
        }
    }

    board::segment board;
    concurrency_table table;
    totals& counted;
    std::uint64_t key;
};

/// A request that holds a place until it is released.
std::unique_ptr<client> ask(const kept_server& app, std::string_view verb = "GET")
{
    auto over = std::make_unique<client>(app.port());
    over->send(fmt::format("{} /few/ HTTP/1.1\r\nHost: test\r\n{}\r\n", verb,
                           verb == "POST" ? "Content-Length: 0\r\n" : ""));
    return over;
}

std::int64_t begun(const kept_server& app)
{
    client over{app.port()};
    return boost::json::parse(over.body_of("/begun")).at("begun").as_int64();
}

/// What the next one of that client hears at once; nothing: it has a place, and waits.
bool is_refused(const kept_server& app)
{
    const auto before = begun(app);
    const auto one = ask(app);
    pollfd heard{.fd = one->descriptor(), .events = POLLIN, .revents = 0};
    REQUIRE(eventually([&] { return ::poll(&heard, 1, 0) == 1 || begun(app) > before; }));
    return heard.revents != 0 && one->receive_until("}").starts_with("HTTP/1.1 429");
}

}  // namespace

TEST_CASE("processes that want the places of one key never have more, and a corpse keeps none")
{
    constexpr std::uint64_t limit = 3;
    for (int round = 0; round < 5; ++round) {
        crowd all;
        // It dies in its handlers, with two of the three.
        process::child holder = all.sit(0, [&all]() noexcept {
            while (all.counted.parked < 2) {
                if (all.table.enter(all.key, limit, 0).what != entry::counted)
                    continue;
                ++all.counted.inside;
                ++all.counted.parked;
            }
            while (all.counted.stop == 0) {
            }
        });
        std::vector<process::child> others;
        for (unsigned slot = 1; slot < 4; ++slot)
            others.push_back(all.sit(slot, [&all, slot]() noexcept { all.hammer(slot, limit); }));
        while (all.counted.parked < 2 || all.counted.admitted < 1'000) {
        }
        crowd::kill(holder);
        // Not buried yet: its places are taken, as far as anybody knows.
        REQUIRE(all.table.under_way(all.key) >= 2);
        all.counted.inside -= 2;
        board::vacate(all.board.row(0));
        const std::uint64_t so_far = all.counted.admitted;
        while (all.counted.admitted < so_far + 1'000) {
        }
        REQUIRE(all.counted.most.load() <= limit);
        all.counted.stop = 1;
        for (process::child& each : others)
            crowd::reap(each);
        REQUIRE(all.counted.most.load() <= limit);
        REQUIRE(all.table.under_way(all.key) == 0);
        REQUIRE(all.table.uncounted() == 0);
    }
}

TEST_CASE("who is killed at any instruction keeps no place once somebody sits in its slot")
{
    crowd all;
    for (int round = 0; round < 40; ++round) {
        const std::uint64_t so_far = all.counted.admitted;
        process::child one = all.sit(0, [&all]() noexcept { all.hammer(0, 1); });
        process::child other = all.sit(1, [&all]() noexcept { all.hammer(1, 1); });
        while (all.counted.admitted < so_far + 50) {
        }
        crowd::kill(one);
        crowd::kill(other);
        process::child next = all.sit(0, [&all]() noexcept {
            static_cast<void>(all.table.enter(all.key, 5, 0));
            static_cast<void>(all.table.enter(all.key, 5, 0));
        });
        crowd::reap(next);
        board::vacate(all.board.row(1));
        REQUIRE(all.table.under_way(all.key) == 2);
    }
}

TEST_CASE("places of a killed worker pass to its successor with the requests that run again")
{
    kept_server app{{.workers = 2, .balance = "round_robin"}};
    auto one = ask(app);
    auto other = ask(app);
    REQUIRE(eventually([&] { return begun(app) == 2; }));
    CHECK(is_refused(app));

    for (const pid_t each : app.workers())
        ::kill(each, SIGKILL);
    REQUIRE(eventually([&] { return begun(app) == 4; }));
    CHECK(is_refused(app));

    client{app.port()}.send("GET /release HTTP/1.1\r\nHost: test\r\n\r\n");
    for (auto* each : {&one, &other}) {
        const std::string said = (*each)->receive_until("}");
        CHECK(said.starts_with("HTTP/1.1 200"));
        CHECK(said.find("\"attempt\":2") != std::string::npos);
    }
    for (int i = 0; i < 5; ++i)
        CHECK(ask(app)->receive_until("}").starts_with("HTTP/1.1 200"));
}

TEST_CASE("places of requests that cannot run again are free when their worker is dead")
{
    kept_server app{{.workers = 2, .balance = "round_robin"}};
    auto one = ask(app, "POST");
    auto other = ask(app, "POST");
    REQUIRE(eventually([&] { return begun(app) == 2; }));
    CHECK(is_refused(app));
    for (const pid_t each : app.workers())
        ::kill(each, SIGKILL);
    CHECK(one->receive_until("}").starts_with("HTTP/1.1 500"));
    CHECK(other->receive_until("}").starts_with("HTTP/1.1 500"));
    auto third = ask(app);
    auto fourth = ask(app);
    REQUIRE(eventually([&] { return begun(app) == 4; }));
    CHECK(is_refused(app));
    client{app.port()}.send("GET /release HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(third->receive_until("}").starts_with("HTTP/1.1 200"));
    CHECK(fourth->receive_until("}").starts_with("HTTP/1.1 200"));
}
