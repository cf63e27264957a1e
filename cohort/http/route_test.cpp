#include <cohort/http/route.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/async/offload.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/router.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;
using cohort::http::detail::parsed;

namespace {

awaitable<> keep_answer(const route& of, request& it, response& into)
{
    awaitable<response> work = of.run_async(it);
    into = co_await std::move(work);
}

/// Runs whatever route answers `line`, as a coroutine.
response run(const router& api, std::string_view line, std::string_view fields = {})
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    parsed it{line, fields};
    const plan found = api.plan_for(it.of);
    response answer{599};
    tasks.spawn(keep_answer(*found.to, it.of, answer));
    loop.run();
    return answer;
}

response run_inline(const router& api, std::string_view line, std::string_view fields = {})
{
    parsed it{line, fields};
    const plan found = api.plan_for(it.of);
    CHECK(found.to->mode() == run_mode::in_line);
    return found.to->run(it.of);
}

hooks noting(std::string name, std::vector<std::string>& notes)
{
    return {.name = name,
            .before = [name, &notes](request&) -> std::optional<response> {
                notes.push_back("before " + name);
                return std::nullopt;
            },
            .after =
                [name, &notes](const request&, response& answer) {
                    notes.push_back("after " + name + " " + std::to_string(answer.status()));
                }};
}

task<response> wait_long(const request&)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    co_await sleep_for(1h);
    if (stopped(stop))
        co_return text("stopped");
    co_return text("waited");
}

}  // namespace

TEST_CASE("a coroutine handler may capture, wait, offload and throw")
{
    router api;
    const std::string greeting = "hello from a capture that is longer than any small string";
    api.get("/{id}", [greeting](const request& of) -> task<response> {
        co_await sleep_for(1ms);
        auto compute = [&of] { return of.path<int>("id") * 2; };
        const int twice = co_await offload(compute);
        co_return text(greeting + " " + std::to_string(twice));
    });
    REQUIRE(api.freeze());
    CHECK(run(api, "GET /21").body() == greeting + " 42");
    CHECK(run(api, "GET /x").status() == 400);
}

TEST_CASE("a cpu_bound handler runs on a lane")
{
    router api;
    std::thread::id ran_on;
    api.get("/",
            [&](const request&) {
                ran_on = std::this_thread::get_id();
                return text("computed");
            },
            {.cpu_bound = true});
    REQUIRE(api.freeze());
    CHECK(run(api, "GET /").body() == "computed");
    CHECK(ran_on != std::thread::id{});
    CHECK(ran_on != std::this_thread::get_id());
}

TEST_CASE("a handler past its deadline is stopped and answered with 503")
{
    router api;
    api.get("/", wait_long, {.deadline = 1ms});
    REQUIRE(api.freeze());
    const response answer = run(api, "GET /");
    CHECK(answer.status() == 503);
    CHECK(answer.header("Retry-After") == "1");
}

TEST_CASE("a handler that throws because it was told to stop is not reported")
{
    router api;
    int heard = 0;
    api.on_handler_error([&](const request&, std::string_view) noexcept { ++heard; });
    api.get("/",
            [](const request& of) -> task<response> {
                response waited = co_await wait_long(of);
                if (waited.body() == "stopped")
                    throw std::runtime_error{"operation aborted"};
                co_return waited;
            },
            {.deadline = 1ms});
    REQUIRE(api.freeze());
    CHECK(run(api, "GET /").status() == 503);
    CHECK(heard == 0);
}

TEST_CASE("a handler within its deadline is answered as if there were none")
{
    router api;
    api.get("/", [](const request&) -> task<response> { co_return text("quick"); },
            {.deadline = 1h});
    api.get("/bad",
            [](const request&) -> task<response> {
                throw refusal{404};
                co_return text("never");
            },
            {.deadline = 1h});
    REQUIRE(api.freeze());
    CHECK(run(api, "GET /").body() == "quick");
    CHECK(run(api, "GET /bad").status() == 404);
}

TEST_CASE("hooks run around a plain handler without making it a coroutine, outer group first")
{
    router api;
    std::vector<std::string> notes;
    routes inner = api.group("/in");
    inner.get("/", [&](const request&) {
        notes.push_back("handler");
        return text("x");
    });
    // Used after the routes were registered: scope counts, not the place in the file.
    inner.use(noting("c", notes));
    api.use(noting("a", notes)).use(noting("b", notes));
    REQUIRE(api.freeze());
    CHECK(run_inline(api, "GET /in/").body() == "x");
    CHECK(notes == std::vector<std::string>{"before a", "before b", "before c", "handler",
                                            "after c 200", "after b 200", "after a 200"});
    CHECK(api.all().front()->middleware_names() == std::vector<std::string>{"a", "b", "c"});

    notes.clear();
    CHECK(run_inline(api, "GET /nothing").status() == 404);
    CHECK(notes == std::vector<std::string>{"before a", "before b", "after b 404", "after a 404"});
    notes.clear();
    CHECK(run_inline(api, "OPTIONS /in/").status() == 204);
    CHECK(notes.size() == 6);
}

TEST_CASE("a hook may answer for the handler, and only those it had passed see the answer")
{
    for (const bool as_coroutine : {false, true}) {
        router api;
        std::vector<std::string> notes;
        api.use(noting("outer", notes));
        api.use(hooks{.name = "guard",
                      .before = [](request& of) -> std::optional<response> {
                          if (of.header("Authorization"))
                              return std::nullopt;
                          return problem(401);
                      },
                      .after = [&](const request&, response&) { notes.push_back("after guard"); }});
        api.use(noting("inner", notes));
        api.get("/", [](const request&) { return text("in"); });
        REQUIRE(api.freeze());
        const auto ask = [&](std::string_view fields) {
            return as_coroutine ? run(api, "GET /", fields) : run_inline(api, "GET /", fields);
        };
        CHECK(ask({}).status() == 401);
        CHECK(notes == std::vector<std::string>{"before outer", "after outer 401"});
        CHECK(ask("Authorization: x\r\n").body() == "in");
        CHECK(notes.size() == 7);
    }
}

TEST_CASE("errors of handlers and hooks pass through the hooks outside of them")
{
    for (const bool as_coroutine : {false, true}) {
        router api;
        std::vector<std::string> notes;
        api.on_handler_error(
            [&](const request&, std::string_view what) noexcept { notes.emplace_back(what); });
        api.use(noting("outer", notes));
        routes broken = api.group("/broken");
        broken.use(hooks{.before = [](request&) -> std::optional<response> {
            throw std::runtime_error{"broken hook"};
        }});
        broken.get("/", [](const request&) { return text("never"); });
        routes late = api.group("/late");
        late.use(hooks{.after = [](const request&, response&) { throw refusal{418}; }});
        late.get("/", [](const request&) { return text("replaced"); });
        api.get("/", [](const request&) -> response { throw refusal{410}; });
        REQUIRE(api.freeze());
        const auto status = [&](std::string_view line) {
            return (as_coroutine ? run(api, line) : run_inline(api, line)).status();
        };
        CHECK(status("GET /") == 410);
        CHECK(notes == std::vector<std::string>{"before outer", "after outer 410"});
        CHECK(status("GET /broken/") == 500);
        CHECK(notes[3] == "broken hook");
        CHECK(notes.back() == "after outer 500");
        CHECK(status("GET /late/") == 418);
    }
}

TEST_CASE("an onion is a coroutine around everything further in")
{
    router api;
    std::vector<std::string> notes;
    api.use(noting("hook", notes));
    api.use([&notes](request& of, next go) -> task<response> {
        notes.emplace_back("in");
        of.attach(std::string{"left by the onion"});
        co_await sleep_for(1ms);
        response answer = co_await go(of);
        answer.header("X-Onion", "yes");
        notes.emplace_back("out");
        co_return answer;
    });
    api.get("/plain", [](const request& of) { return text(*of.attached<std::string>()); });
    api.get("/heavy", [](const request&) { return text("heavy"); }, {.cpu_bound = true});
    api.get("/throws", [](const request&) -> response { throw refusal{403}; });
    REQUIRE(api.freeze());

    const response plain = run(api, "GET /plain");
    CHECK(plain.body() == "left by the onion");
    CHECK(plain.header("X-Onion") == "yes");
    CHECK(notes == std::vector<std::string>{"before hook", "in", "out", "after hook 200"});
    CHECK(run(api, "GET /heavy").body() == "heavy");
    CHECK(run(api, "GET /throws").status() == 403);
    CHECK(run(api, "GET /throws").header("X-Onion") == "yes");
    CHECK(run(api, "GET /nothing").status() == 404);
}

TEST_CASE("an onion may answer alone, and what it throws is answered too")
{
    router api;
    api.use(onion{.name = "gate", .around = [](request& of, next go) -> task<response> {
                      if (of.query("boom"))
                          throw refusal{422};
                      if (of.query("closed"))
                          co_return problem(451);
                      response answer = co_await go(of);
                      co_return answer;
                  }});
    api.get("/", [](const request&) { return text("open"); });
    REQUIRE(api.freeze());
    CHECK(run(api, "GET /").body() == "open");
    CHECK(run(api, "GET /?closed").status() == 451);
    CHECK(run(api, "GET /?boom").status() == 422);
}

TEST_CASE("a lane whose queue is full makes a cpu_bound route answer 503")
{
    router api;
    api.use([](request& of, next go) -> task<response> {
        response answer = co_await go(of);
        co_return answer;
    });
    api.get("/", [](const request&) { return text("computed"); }, {.cpu_bound = true});
    REQUIRE(api.freeze());
    asio::io_context loop;
    lanes::of(loop).stop();  // as full as it gets
    scope tasks{loop.get_executor()};
    parsed it{"GET /"};
    response answer;
    tasks.spawn(keep_answer(*api.plan_for(it.of).to, it.of, answer));
    loop.run();
    CHECK(answer.status() == 503);
}

TEST_CASE("every request has an id of its own, or that of a proxy we trust")
{
    router ours;
    ours.use(request_ids());
    ours.get("/", [](const request& of) { return text(of.attached<request_id>()->text); });
    REQUIRE(ours.freeze());
    const response first = run_inline(ours, "GET /", "X-Request-Id: theirs\r\n");
    const response second = run_inline(ours, "GET /");
    CHECK(first.header("X-Request-Id") == first.body());
    CHECK(first.body().size() == 32);
    CHECK(first.body() != second.body());
    CHECK(run_inline(ours, "GET /nothing").header("X-Request-Id"));

    router theirs;
    theirs.use(request_ids(request_id_source::theirs));
    theirs.get("/", [](const request&) { return no_content(); });
    REQUIRE(theirs.freeze());
    CHECK(run_inline(theirs, "GET /", "X-Request-Id: a-1_2.b\r\n").header("X-Request-Id") ==
          "a-1_2.b");
    CHECK(run_inline(theirs, "GET /", "X-Request-Id: <script>\r\n").header("X-Request-Id") !=
          "<script>");
}
