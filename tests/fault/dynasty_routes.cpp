// What the servers of a dynasty answer, and die of.
#include "dynasty.hpp"

#include <cohort/async/deadline.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/request.hpp>

#include <boost/asio/post.hpp>

#include <poll.h>
#include <unistd.h>

#include <csignal>

namespace cohort::test {

using namespace std::chrono_literals;

void dynasty::routes(http::router& api)
{
    using namespace cohort::http;
    shared_words* const at = &words;
    api.get("/", [](const request&) { return text("Hello, world"); });
    api.get("/large", [](const request&) { return text(pattern(100 * 1024)); });
    api.get("/lane", [](const request&) { return text("from a lane"); }, {.cpu_bound = true});
    api.get("/coroutine", [](const request&) -> task<response> {
        co_await sleep_for(2ms);
        co_return text("from a coroutine");
    });
    api.get("/once", [at](const request& r) {
        at->attempt = r.attempt();
        if (r.attempt() == 1)
            ::kill(::getpid(), SIGKILL);
        return text("at last");
    });
    api.get("/crash", [](const request&) -> response {
        ::raise(SIGSEGV);
        return text("never");
    });
    api.get("/crash/lane",
            [](const request&) -> response {
                ::raise(SIGABRT);
                return text("never");
            },
            {.cpu_bound = true});
    api.get("/kill", [](const request&) -> response {
        ::kill(::getpid(), SIGKILL);
        return text("never");
    });
    bodies(api);
    streams(api);
    crashes(api);
}

void dynasty::crashes(http::router& api)
{
    using namespace cohort::http;
    shared_words* const at = &words;
    // The first waits until it is told to; those who come later need not.
    api.get("/crash/told",
            [at](const request&) -> response {
                ++at->waiting;
                const auto patience = now() + 10s;
                while (at->go == 0 && now() < patience)
                    ::poll(nullptr, 0, 1);
                ::raise(SIGABRT);
                return text("never");
            },
            {.cpu_bound = true});
    // Survives one server, and then waits until it is told twice.
    api.get("/patient", [at](const request& r) -> task<response> {
        const auto patience = now() + 10s;
        while ((r.attempt() == 1 || at->go != 2) && now() < patience)
            co_await sleep_for(1ms);
        co_return text("patient");
    });
    api.get("/crash/turns", [at](const request&) -> task<response> {
        const auto executor = co_await asio::this_coro::executor;
        const auto patience = now() + 10s;
        while (at->go == 0 && now() < patience)
            co_await asio::post(executor, asio::use_awaitable);
        ::raise(SIGSEGV);
        co_return text("never");
    });
    api.get("/tell", [at](const request&) -> task<response> {
        at->go = 1;
        co_await sleep_for(20ms);
        co_return text("told");
    });
}

void dynasty::bodies(http::router& api)
{
    using namespace cohort::http;
    shared_words* const at = &words;
    api.put("/echo", [](const request& r) { return text(std::string{r.body()}); });
    api.post("/count", [at](const request& r) {
        ++at->runs;
        return text("counted " + std::string{r.body()});
    });
    api.post("/keyed",
             [at](const request& r) {
                 at->attempt = r.attempt();
                 if (r.attempt() == 1)
                     ::kill(::getpid(), SIGKILL);
                 return text("keyed");
             },
             {.idempotency_keys = true});
    api.post("/dies", [](const request&) -> response {
        ::kill(::getpid(), SIGKILL);
        return text("never");
    });
    api.put("/sink",
            [](const request& r) -> task<response> {
                std::size_t bytes = 0;
                for (;;) {
                    const auto piece = co_await r.stream().read();
                    if (!piece)
                        co_return problem(400);
                    if (piece->empty())
                        break;
                    bytes += piece->size();
                }
                co_return text("sank " + std::to_string(bytes));
            },
            {.body = body_use::streamed, .body_max = 1U << 20});
    api.get("/stream", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            for (int i = 0; i < 5; ++i) {
                const std::string piece = "piece " + std::to_string(i);
                if (const auto sent = co_await out.write(piece); !sent)
                    co_return;
                co_await sleep_for(1ms);
            }
        });
    });
}

}  // namespace cohort::test
