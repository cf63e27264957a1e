#include <cohort/http/handler.hpp>

#include <cohort/async/scope.hpp>
#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/router.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using cohort::http::detail::parsed;

namespace {

/// A router with one route that throws what `throws` throws, and what its observer heard.
struct thrower {
    explicit thrower(std::function<void()> throws)
    {
        api.on_handler_error([this](const request& of, std::string_view what) noexcept {
            heard.push_back(std::string{of.pattern()} + ": " + std::string{what});
        });
        api.get("/", [throws](const request&) -> response {
            throws();
            return {};
        });
        REQUIRE(api.freeze());
    }
    thrower(const thrower&) = delete;
    thrower& operator=(const thrower&) = delete;

    response run()
    {
        parsed it{"GET /"};
        return api.plan_for(it.of).to->run(it.of);
    }

    router api;
    std::vector<std::string> heard;
};

class collector final : public body_writer {
public:
    awaitable<result<>> write(std::string_view piece) override
    {
        if (all.size() + piece.size() > room)
            co_return failed(errc::channel_closed, "write");
        all += piece;
        co_return result<>{};
    }
    std::string all;
    std::size_t room = 100;
};

awaitable<> run_producer(response& answer, collector& out, const request& of,
                         const error_observer& observer, bool& whole)
{
    awaitable<result<>> work = produce(answer, out, of, observer);
    auto outcome = co_await std::move(work);
    whole = outcome.has_value();
}

bool produces(response answer, collector& out, const error_observer& observer)
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    const parsed it{"GET /"};
    bool whole = false;
    tasks.spawn(run_producer(answer, out, it.of, observer, whole));
    loop.run();
    return whole;
}

}  // namespace

TEST_CASE("a thrown refusal is an answer and no error")
{
    thrower it{[] { throw refusal{409, "Already paid"}.member("payment", 7); }};
    const response answer = it.run();
    CHECK(answer.status() == 409);
    CHECK(answer.body() == R"({"title":"Already paid","status":409,"payment":7})");
    CHECK(it.heard.empty());
}

TEST_CASE("a full queue is answered with 503 and when to come back")
{
    thrower it{[] { throw failure{fault(errc::queue_full, "offload")}; }};
    CHECK(it.run().status() == 503);
    CHECK(it.run().header("Retry-After") == "1");
    CHECK(it.heard.empty());

    thrower leaving{[] { throw failure{fault(errc::stopping, "offload")}; }};
    CHECK(leaving.run().status() == 503);

    thrower asking{[] { throw failure{fault(errc::circuit_open, "call")}; }};
    CHECK(asking.run().status() == 503);
    CHECK(asking.heard.empty());
}

TEST_CASE("an unexpected exception is a 500 that tells the log everything and the client nothing")
{
    thrower it{[] { throw std::runtime_error{"password is 1234"}; }};
    const response answer = it.run();
    CHECK(answer.status() == 500);
    CHECK(answer.body() == R"({"title":"Internal Server Error","status":500})");
    CHECK(it.heard == std::vector<std::string>{"/: password is 1234"});

    thrower odd{[] { throw 42; }};
    CHECK(odd.run().status() == 500);
    CHECK(odd.heard.size() == 1);

    thrower fails{[] { throw failure{fault(errc::worker_gone, "ask")}; }};
    CHECK(fails.run().status() == 500);
    CHECK(fails.heard.size() == 1);
}

TEST_CASE("a handler that builds a bad header is answered with 500, and nothing is injected")
{
    thrower it{[] { static_cast<void>(text("x").header("X-Name", "a\r\nSet-Cookie: b=c")); }};
    const response answer = it.run();
    CHECK(answer.status() == 500);
    CHECK(answer.fields().empty());
    CHECK(it.heard.size() == 1);
}

TEST_CASE("a producer writes its pieces and says whether the body is whole")
{
    std::vector<std::string> heard;
    const error_observer observer = [&](const request&, std::string_view what) noexcept {
        heard.emplace_back(what);
    };
    const std::string captured = "captured by a coroutine lambda that the response keeps alive";
    collector out;
    CHECK(produces(stream("text/plain",
                          [captured](body_writer& to) -> task<> {
                              auto first = co_await to.write("1 ");
                              CHECK(first);
                              auto second = co_await to.write(captured);
                              CHECK(second);
                          }),
                   out, observer));
    CHECK(out.all == "1 " + captured);
    CHECK(heard.empty());

    collector cut;
    CHECK_FALSE(produces(stream("text/plain",
                                [](body_writer& to) -> task<> {
                                    static_cast<void>(co_await to.write("half"));
                                    throw std::runtime_error{"the disk is gone"};
                                }),
                         cut, observer));
    CHECK(cut.all == "half");
    CHECK(heard == std::vector<std::string>{"the disk is gone"});
}

TEST_CASE("a producer learns that its client left and may simply return")
{
    const error_observer observer = [](const request&, std::string_view) noexcept {};
    collector out;
    out.room = 4;
    int writes = 0;
    CHECK(produces(stream("text/plain",
                          [&writes](body_writer& to) -> task<> {
                              for (;;) {
                                  auto sent = co_await to.write("ab");
                                  if (!sent)
                                      co_return;
                                  ++writes;
                              }
                          }),
                   out, observer));
    CHECK(writes == 2);
}
