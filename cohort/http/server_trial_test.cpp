// Requests like one that has crashed a worker: who runs them, who waits, who is refused.
#include <cohort/async/deadline.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/fingerprint.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <optional>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;
using board::quarantine;

namespace {

constexpr quarantine::runner other{.slot = 1, .pid = 77};
constexpr const char* ask = "GET /suspect HTTP/1.1\r\nHost: t\r\n\r\n";
constexpr const char* ask_slowly = "GET /slow HTTP/1.1\r\nHost: t\r\n\r\n";

/// A server that is slot 0 of two, and what its requests look like.
struct scene {
    explicit scene(milliseconds patience = 10s)
    {
        board::move_in(memory.row(0), {.tenant = board::tenant_of(1, 1), .worker_id = 1});
        h.options.survival.quarantine = &table;
        h.options.survival.trial_patience = patience;
        h.options.survival.on_poison = [this](const poison_entry& e) noexcept { last = e.why; };
        h.options.counters.requests_running = &memory.row(0).requests_running;
        h.api.get("/suspect", [this](const request& r) {
            ++runs;
            looks = fingerprint(r);
            return text("done");
        });
        h.api.get("/slow", [this](const request& r) -> task<response> {
            looks = fingerprint(r);
            while (!over)
                co_await sleep_for(1ms);
            co_return text("slow");
        });
    }

    /// Becomes a suspect.
    void strike() const { table.strike(looks, now(), 60s); }

    void until(client& from, const std::function<bool()>& come)
    {
        h.until([&] {
            from.listen();
            return come();
        });
    }

    board::segment memory = board::segment::create(2).value();
    quarantine table = memory.quarantine();
    house h;
    std::uint64_t looks = 0;
    int runs = 0;
    bool over = false;
    std::optional<poison_entry::reason> last;
};

}  // namespace

TEST_CASE("a suspect waits until the one who runs such a request has answered it")
{
    scene s;
    client c = s.h.connect();
    c.say(ask);
    s.until(c, [&] { return c.has("done"); });
    s.strike();
    REQUIRE(s.table.ask(s.looks, now(), other) == quarantine::leave::alone);
    c.say(ask);
    s.until(c, [&] { return s.h.serving->running() == 1; });
    CHECK(s.runs == 1);
    s.table.release(s.looks, other, quarantine::ending::well);
    s.until(c, [&] { return c.count("done") == 2; });
    c.say(ask);
    s.until(c, [&] { return c.count("done") == 3; });
    CHECK_FALSE(s.last);
}

TEST_CASE("a suspect that crashes elsewhere is refused here, and who waited with it")
{
    scene s;
    client c = s.h.connect();
    c.say(ask);
    s.until(c, [&] { return c.has("done"); });
    s.strike();
    REQUIRE(s.table.ask(s.looks, now(), other) == quarantine::leave::alone);
    c.say(ask);
    s.until(c, [&] { return s.h.serving->running() == 1; });
    s.strike();
    s.until(c, [&] { return c.has("in quarantine"); });
    CHECK(c.has("HTTP/1.1 500 "));
    CHECK(s.last == poison_entry::reason::quarantined);
    CHECK(s.runs == 1);
}

TEST_CASE("patience ends: a suspect that somebody runs for too long is answered 503")
{
    scene s{20ms};
    client c = s.h.connect();
    c.say(ask);
    s.until(c, [&] { return c.has("done"); });
    s.strike();
    REQUIRE(s.table.ask(s.looks, now(), other) == quarantine::leave::alone);
    c.say(ask);
    s.until(c, [&] { return c.has("HTTP/1.1 503 "); });
    CHECK(c.has("Retry-After: 1\r\n"));
    CHECK(s.last == poison_entry::reason::on_trial);
    CHECK(s.runs == 1);
}

TEST_CASE("a suspect whose client leaves while it waits is not run")
{
    scene s;
    client c = s.h.connect();
    client leaves = s.h.connect();
    c.say(ask);
    s.until(c, [&] { return c.has("done"); });
    s.strike();
    REQUIRE(s.table.ask(s.looks, now(), other) == quarantine::leave::alone);
    leaves.say(ask);
    s.until(c, [&] { return s.h.serving->running() == 1; });
    leaves.socket.reset();
    s.until(c, [&] { return s.h.serving->running() == 0; });
    s.table.release(s.looks, other, quarantine::ending::unknown);
    c.say(ask);
    s.until(c, [&] { return c.count("done") == 2; });
    CHECK(s.runs == 2);
}

TEST_CASE(
    "a server that has such a request at hand since before says that it has none, once it has")
{
    scene s;
    client c = s.h.connect();
    client slow = s.h.connect();
    slow.say(ask_slowly);
    s.until(c, [&] { return s.looks != 0; });
    const std::uint64_t slow_one = s.looks;
    c.say(ask);
    s.until(c, [&] { return c.has("done"); });
    s.table.strike(slow_one, now(), 60s);
    s.h.serving->vouch();
    CHECK(s.table.passed(0) != s.table.cases());
    CHECK(s.table.ask(slow_one, now(), other) == quarantine::leave::later);
    s.over = true;
    s.until(slow, [&] { return slow.has("slow"); });
    s.until(c, [&] {
        s.h.serving->vouch();
        return s.table.passed(0) == s.table.cases();
    });
    CHECK(s.table.ask(slow_one, now(), other) == quarantine::leave::alone);
}

TEST_CASE("while another request runs here, nobody waits for us longer than until we are asked")
{
    scene s;
    client c = s.h.connect();
    client slow = s.h.connect();
    c.say(ask);
    s.until(c, [&] { return c.has("done"); });
    const std::uint64_t quick_one = s.looks;
    slow.say(ask_slowly);
    s.until(c, [&] { return s.h.serving->running() == 1; });
    s.table.strike(quick_one, now(), 60s);
    CHECK(s.table.ask(quick_one, now(), other) == quarantine::leave::later);
    s.h.serving->vouch();
    CHECK(s.table.ask(quick_one, now(), other) == quarantine::leave::alone);
    s.over = true;
    s.until(slow, [&] { return slow.has("slow"); });
}
