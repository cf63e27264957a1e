#include <cohort/app/cluster.hpp>
#include <cohort/app/serve.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/http/server.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/worker/core.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <utility>
#include <vector>

namespace cohort {

namespace {

constexpr const char* listen_default = "127.0.0.1:3000";
constexpr int configuration_wrong = 2;

http::server_options options_of(worker& self)
{
    const config::limit& limit = self.settings().limit;
    board::slot& row = self.core().doors().lend_row();
    http::server_options options;
    options.limits.body_bytes_max = limit.body_bytes;
    options.limits.head_bytes_max = static_cast<std::uint32_t>(limit.head_bytes);
    options.patience.head = std::chrono::ceil<seconds>(limit.request);
    options.patience.keep_alive = std::chrono::ceil<seconds>(limit.idle);
    options.connections_max = limit.connections;
    options.counters = {.connections_open = &row.connections_open,
                        .connections_total = &row.connections_total,
                        .requests_total = &row.requests_total,
                        .requests_running = &row.requests_running};
    options.slot = self.slot();
    options.on_refused = [](const http::refusal_entry& entry) noexcept {
        log::debug({{"rule", entry.why->rule}, {"peer", entry.from->text()}}, "request refused: {}",
                   entry.why->words);
    };
    return options;
}

/// One worker's HTTP server with its doors. A resource.
class http_worker {
public:
    http_worker(worker& self, const http::router& api) :
        self_{self}, server_{self.loop(), self.poller(), api, options_of(self)},
        drained_{self.executor()}
    {}

    /// Listens everywhere, then serves until the worker leaves and its connections are done.
    task<> live()
    {
        for (const std::string& where : self_.settings().listen) {
            listener door = co_await self_.listen(where);
            log_listening(door);
            doors_.push_back(std::move(door));
        }
        self_.on_drain([this](nanoseconds budget) { return drain(budget); });
        for (listener& door : doors_)
            door.serve([this](unique_fd connection) noexcept { take(std::move(connection)); });
        // No deadline: this is what a worker lives for. The drain hook ends the wait.
        while (!done_)
            co_await drained_.wait();
    }

private:
    void take(unique_fd connection) noexcept
    {
        if (const auto taken = server_.take(std::move(connection)); !taken)
            log::warn("connection closed, {}; going on", taken.error().text());
    }

    task<> drain(nanoseconds budget)
    {
        const std::size_t cut = co_await server_.drain(budget);
        if (cut != 0)
            log::warn("{} connections were cut: not finished in time", cut);
        done_ = true;
        drained_.notify_all();
    }

    void log_listening(const listener& door) const
    {
        const net::endpoint& at = door.local_endpoint();
        if (at.port() != 0)
            log::info({{"endpoint", at.text()}, {"port", at.port()}},
                      "Worker {} listening on port {}", self_.id(), at.port());
        else
            log::info({{"endpoint", at.text()}}, "Worker {} listening on {}", self_.id(),
                      at.text());
    }

    worker& self_;
    http::server server_;
    std::vector<listener> doors_;
    wakeup drained_;
    bool done_ = false;
};

task<> serve_http(worker& self, const http::router& api, const serve_options& options)
{
    if (options.on_worker)
        co_await options.on_worker(self);
    http_worker here{self, api};
    co_await here.live();
}

}  // namespace

int serve(int argc, char** argv, http::router& api) { return serve(argc, argv, api, {}); }

int serve(int argc, char** argv, http::router& api, serve_options options)
{
    settings chosen = settings::from(argc, argv, options.defaults);
    if (chosen.listen.empty())
        chosen.listen.emplace_back(listen_default);
    if (!chosen.instead) {
        if (const auto frozen = api.freeze(); !frozen) {
            fmt::print(stderr, "{}: {}\n", chosen.name, frozen.error().text());
            return configuration_wrong;
        }
    }
    cluster group{std::move(chosen)};
    if (options.setup)
        options.setup(group);
    return group.run([&api, &options](worker& self) { return serve_http(self, api, options); });
}

}  // namespace cohort
