#include <cohort/app/serve.hpp>

#include <cohort/app/cluster.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/http/server.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/worker/core.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohort {

namespace {

constexpr int bad_configuration = 2;
constexpr const char* listen_default = "127.0.0.1:3000";

/// The life of a worker that serves HTTP. Frames of a worker are never destroyed: the server and
/// its listeners live as long as the process.
task<> serve_http(worker& self, const http::router& api, const serve_options& more)
{
    if (more.on_worker)
        co_await more.on_worker(self);
    http::server server{self.loop(), self.poller(), api, self.http_options()};
    self.look_after(server);

    std::vector<listener> open;
    // The primary's word counts: a worker that is a program of its own may have read no file.
    const std::vector<std::string> wanted = self.core().terms().listen;
    for (const std::string& where : wanted) {
        auto at = co_await self.listen(where);
        at.serve([&server](unique_fd connection) noexcept {
            if (const auto taken = server.take(std::move(connection)); !taken)
                log::debug("connection not taken: {}", taken.error().text());
        });
        open.push_back(std::move(at));
    }
    co_await self.until_stopping();
    // Not before the drain has ended: it refers to the server.
    co_await self.until_drained();
}

}  // namespace

int serve(int argc, char** argv, http::router& api) { return serve(argc, argv, api, {}); }

int serve(int argc, char** argv, http::router& api, serve_options options)
{
    auto chosen = settings::from(argc, argv, options.defaults);
    if (chosen.listen.empty())
        chosen.listen.emplace_back(listen_default);
    if (!chosen.instead) {
        if (const auto frozen = api.freeze(); !frozen) {
            fmt::print(stderr, "{}: {}\n", chosen.name, frozen.error().text());
            return bad_configuration;
        }
    }
    cluster group{std::move(chosen)};
    if (options.setup)
        options.setup(group);
    return group.run([&](worker& self) { return serve_http(self, api, options); });
}

}  // namespace cohort
