// The primary dies, at any moment; its workers serve on, and the next one goes on where it stopped.

#include "family.hpp"
#include "kept_server.hpp"
#include "operator_of.hpp"

#include <cohort/base/clock.hpp>

#include <boost/json/object.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <poll.h>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

void wait_a_while(nanoseconds how_long)
{
    ::poll(nullptr, 0, static_cast<int>(std::chrono::ceil<milliseconds>(how_long).count()));
}

/// Clients that ask all the time, one request after the other. A resource.
class crowd {
public:
    enum class manner : std::uint8_t { keep_alive, new_connections };

    crowd(std::uint16_t port, unsigned clients, manner how)
    {
        for (unsigned i = 0; i < clients; ++i)
            threads_.emplace_back([this, port, how] { ask(port, how); });
    }
    ~crowd() { go_home(); }

    void go_home()
    {
        stop_ = true;
        for (std::thread& each : threads_)
            each.join();
        threads_.clear();
    }

    std::atomic<unsigned> answered{0};
    std::atomic<unsigned> failed{0};

private:
    void ask(std::uint16_t port, manner how)
    {
        std::optional<client> over;
        while (!stop_) {
            try {
                if (!over || how == manner::new_connections)
                    over.emplace(port);
                const std::string said = over->body_of("/who");
                ++(said.find("\"pid\"") != std::string::npos ? answered : failed);
            } catch (const failure& why) {
                ++failed;
                MESSAGE(std::string{why.what()});
                over.reset();
            }
            wait_a_while(1ms);
        }
    }

    std::vector<std::thread> threads_;
    std::atomic<bool> stop_{false};
};

bool none_alive(const std::vector<pid_t>& of) { return std::ranges::none_of(of, is_alive); }

/// Kills the primary, and waits until the next one has found everything.
void depose(kept_server& app)
{
    ::kill(primary_below(app.root()), SIGKILL);
    app.program().wait_for("recovered");
}

}  // namespace

TEST_CASE("a primary killed every second is not missed: same workers, no request fails")
{
    kept_server app{{.workers = 2}};
    const auto workers = app.workers();
    const auto known = app.described();
    REQUIRE(workers.size() == 2);
    crowd clients{app.port(), 8, crowd::manner::keep_alive};
    constexpr int deaths = 10;
    for (int i = 0; i < deaths; ++i) {
        wait_a_while(1s);
        depose(app);
    }
    wait_a_while(200ms);
    clients.go_home();
    CHECK(clients.failed == 0);
    CHECK(clients.answered > 1000);
    CHECK(app.workers() == workers);

    const auto now_known = app.described();
    CHECK(now_known.primary == primary_below(app.root()));
    CHECK(now_known.primary != known.primary);
    CHECK(now_known.workers == known.workers);
    const auto all = descendants_of(app.root());
    CHECK(app.program().stop().code() == 0);
    CHECK(eventually([&] { return none_alive(all); }, 10s));
}

TEST_CASE("connections that a primary deals are not lost with it")
{
    kept_server app{{.workers = 3, .balance = "round_robin"}};
    crowd clients{app.port(), 6, crowd::manner::new_connections};
    for (int i = 0; i < 15; ++i) {
        wait_a_while(200ms);
        depose(app);
    }
    wait_a_while(200ms);
    clients.go_home();
    CHECK(clients.failed == 0);
    CHECK(clients.answered > 200);
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("a hundred deaths leave no descriptor and no process behind")
{
    kept_server app{{.workers = 2}};
    const auto workers = app.workers();
    const auto settled = [&] {
        wait_a_while(1500ms);  // the channels of the dead are closed a second later
        return std::pair{descriptors_of(app.root()), descendants_of(app.root()).size()};
    };
    for (int i = 0; i < 5; ++i)
        depose(app);
    const auto before = settled();
    for (int i = 0; i < 100; ++i)
        depose(app);
    const auto after = settled();
    CHECK(before == after);
    CHECK(app.workers() == workers);
    CHECK(app.described().workers.size() == 2);
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("a worker that dies while there is no primary is replaced, and known afterwards")
{
    kept_server app{{.workers = 2}};
    for (int i = 0; i < 6; ++i) {
        REQUIRE(eventually([&] { return app.workers().size() == 2; }));
        const auto before = app.workers();
        crowd clients{app.port(), 4, crowd::manner::keep_alive};
        wait_a_while(1100ms);
        ::kill(before.at(0), SIGKILL);
        if (i % 2 == 0)
            wait_a_while(milliseconds{i});
        depose(app);
        REQUIRE(eventually([&] {
            const auto now_there = app.described();
            return now_there.workers.size() == 2 && !now_there.has_pid(before.at(0)) &&
                   now_there.has_pid(before.at(1)) && now_there.all_connected;
        }));
        clients.go_home();
        CHECK(clients.failed == 0);
    }
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("a primary that dies while it starts its workers is followed by one that has them all")
{
    std::minstd_rand dice{7};
    for (int round = 0; round < 12; ++round) {
        CAPTURE(round);
        kept_server app{{.workers = 3, .listening = 1, .wait_for_start = false}};
        for (int i = 0; i < 2; ++i) {
            const pid_t first = primary_below(app.root());
            wait_a_while(std::chrono::microseconds{dice() % 30'000});
            ::kill(first, SIGKILL);
        }
        app.find_port();
        REQUIRE(eventually([&] { return app.workers().size() == 3; }));
        const bool known = eventually([&] {
            const auto seen = app.described();
            return seen.workers.size() == 3 && seen.all_connected;
        });
        if (!known) {
            for (const std::string& line : app.program().lines())
                MESSAGE(line);
            for (const pid_t each : descendants_of(app.root()))
                MESSAGE(each, " ", title_of(each));
        }
        REQUIRE(known);
        CHECK(eventually([&] { return keepers_below(app.root()).size() == 3; }));
        const auto all = descendants_of(app.root());
        CHECK(app.program().stop().code() == 0);
        CHECK(eventually([&] { return none_alive(all); }, 10s));
    }
}

TEST_CASE("a stop that was begun goes on in the next primary")
{
    kept_server app{{.workers = 2}};
    client slow{app.port()};
    ask_for(slow, "/slow/1500");
    wait_a_while(100ms);
    app.program().signal(SIGTERM);
    wait_a_while(200ms);
    ::kill(primary_below(app.root()), SIGKILL);
    CHECK(read_answer(slow).find("\"pid\"") != std::string::npos);
    const auto all = descendants_of(app.root());
    CHECK(app.program().wait().code() == 0);
    CHECK(eventually([&] { return none_alive(all); }, 10s));
}

TEST_CASE("the number of workers that was asked for survives")
{
    kept_server app{{.workers = 1}};
    app.program().signal(SIGTTIN);
    REQUIRE(eventually([&] { return app.described().workers.size() == 2; }));
    depose(app);
    CHECK(app.described().workers.size() == 2);
    app.program().signal(SIGTTOU);
    CHECK(eventually([&] { return app.described().workers.size() == 1; }));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("a killed keeper is replaced by a primary that never knew it")
{
    kept_server app{{.workers = 2}};
    depose(app);
    const auto keepers = keepers_below(app.root());
    REQUIRE(keepers.size() == 2);
    ::kill(keepers[0], SIGKILL);
    REQUIRE(eventually([&] {
        const auto there = keepers_below(app.root());
        return there.size() == 2 && there != keepers && app.workers().size() == 2;
    }));
    CHECK(eventually([&] { return app.described().workers.size() == 2; }));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("the story of a death is told by the next primary, too")
{
    kept_server app{{.workers = 1}};
    operator_of ops{app.program(), "regent"};
    const pid_t first = app.workers().front();
    boost::json::object end;
    const auto story_is_told = [&] {
        const auto said = ops.ask("why", {}, 0);
        const auto& slots = said.data.at("slots").as_array();
        if (slots.empty())
            return false;
        end = slots.at(0).at("ends").as_array().front().as_object();
        return end.contains("story") && end.contains("file");
    };
    ::kill(first, SIGSEGV);
    REQUIRE(eventually(story_is_told));
    const auto file = end.at("file");
    depose(app);
    REQUIRE(eventually(story_is_told));
    CHECK(end.at("pid") == first);
    CHECK(end.at("file") == file);
    CHECK(std::string_view{end.at("story").as_string()}.contains("killed by SIGSEGV"));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("a new primary that dies before the verdict on its upgrade is one that died")
{
    kept_server app{{.workers = 2}};
    operator_of ops{app.program(), "regent"};
    const pid_t old = primary_below(app.root());
    // The verdict waits for what this one says to the new primary.
    const pid_t silent = app.workers().front();
    ::kill(silent, SIGSTOP);
    app.program().signal(SIGUSR2);
    REQUIRE(eventually([&] { return primary_below(app.root()) != old; }));
    REQUIRE(ops.event("succession").at("reason") == "upgraded");
    const pid_t dead = primary_below(app.root());
    ::kill(dead, SIGKILL);
    REQUIRE(eventually([&] { return primary_below(app.root()) != dead; }));
    ::kill(silent, SIGCONT);
    const auto event = ops.event("succession");
    CHECK(event.at("reason") == "died");
    CHECK(event.at("last_pid") == dead);
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("the list of events begins with what became of the last primary")
{
    kept_server app{{.workers = 2}};
    operator_of ops{app.program(), "regent"};
    CHECK(ops.event("succession").empty());
    const pid_t last = primary_below(app.root());
    depose(app);
    const auto event = ops.event("succession");
    REQUIRE_FALSE(event.empty());
    CHECK(event.at("sequence") == 1);
    CHECK(event.at("reason") == "died");
    CHECK(event.at("last_pid") == last);
    CHECK(event.at("pid") == primary_below(app.root()));
    CHECK(event.at("workers") == 2);
    CHECK(std::string_view{event.at("words").as_string()}.contains("ended by signal 9 (SIGKILL)"));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("a killed root takes everybody along, whoever was killed before")
{
    for (const bool primary_first : {false, true}) {
        CAPTURE(primary_first);
        kept_server app{{.workers = 2}};
        depose(app);
        const auto all = descendants_of(app.root());
        if (primary_first)
            ::kill(primary_below(app.root()), SIGKILL);
        app.program().signal(SIGKILL);
        app.program().wait();
        CHECK(eventually([&] { return none_alive(all); }, 20s));
    }
}
