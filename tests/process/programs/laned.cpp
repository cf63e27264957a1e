// Handlers that compute on a lane for longer than their clients stay, with what main owns:
//
//     GET /compute    says that it computes, waits until somebody opens the pipe LANED_GATE, and
//                     says what it has seen then
#include <cohort/async/deadline.hpp>
#include <cohort/cohort.hpp>
#include <cohort/http/server.hpp>
#include <cohort/observe/log.hpp>

#include <cstdlib>
#include <string>
#include <utility>

#include <fcntl.h>

using namespace cohort;

namespace {

/// What ends with main, and shows it.
class belongings {
public:
    belongings() = default;
    belongings(const belongings&) = delete;
    belongings& operator=(const belongings&) = delete;
    ~belongings()
    {
        state_ = "poison";
        log::info("main gave its belongings up");
    }
    [[nodiscard]] const std::string& state() const noexcept { return state_; }

private:
    std::string state_ = "there";
};

http::response compute(const belongings& of)
{
    log::info("a lane computes");
    const char* const gate = std::getenv("LANED_GATE");
    const unique_fd opened{::open(gate, O_RDONLY | O_CLOEXEC)};  // until it has a writer
    log::info("a lane has ended, and main's belongings are {}", of.state());
    return http::text(of.state());
}

/// Says when the drain has nobody left to wait for.
task<> watch_the_last_leave(const http::server& server)
{
    while (server.connections() != 0)
        co_await sleep_for(milliseconds{1});
    log::info("no client is left");
}

task<> serve_on_lanes(worker& self)
{
    belongings mine;
    http::router api;
    api.get("/compute", [&mine](const http::request&) { return compute(mine); },
            {.cpu_bound = true});
    if (!api.freeze())
        co_return;
    http::server server{self.loop(), self.poller(), api, self.http_options()};
    self.look_after(server);
    self.on_drain([&server](nanoseconds) { return watch_the_last_leave(server); });
    listener at = co_await self.listen(self.settings().listen.front());
    at.serve([&server](unique_fd connection) noexcept {
        static_cast<void>(server.take(std::move(connection)));
    });
    co_await self.until_drained();
    log::info("main ends");
}

}  // namespace

int main(int argc, char** argv)
{
    cluster group{settings::from(argc, argv)};
    return group.run(serve_on_lanes);
}
