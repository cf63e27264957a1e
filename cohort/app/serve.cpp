#include <cohort/app/serve.hpp>

#include <cohort/app/cluster.hpp>
#include <cohort/app/or_throw.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/app/worker_metrics.hpp>
#include <cohort/board/layout.hpp>
#include <cohort/http/h2/service.hpp>
#include <cohort/http/peer.hpp>
#include <cohort/http/proxy_door.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/telemetry/request_metrics.hpp>
#include <cohort/http/tls/context.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/cpu_quota.hpp>
#include <cohort/worker/core.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cohort {

namespace {

constexpr int bad_configuration = 2;
constexpr const char* listen_default = "127.0.0.1:3000";

bool wants_tls(const std::vector<std::string>& listen)
{
    return std::ranges::any_of(listen, &net::endpoint::speaks_tls);
}

/// Workers may be in another folder when they read the files again.
std::string absolute(const std::string& path)
{
    std::error_code ignored;
    return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

http::tls::options options_of(const config::tls& said)
{
    http::tls::options how;
    for (std::size_t at = 0; at < said.certificate.size(); ++at)
        how.certificates.push_back({absolute(said.certificate[at]), absolute(said.key[at])});
    if (!said.client_ca.empty())
        how.client_ca = absolute(said.client_ca);
    static_assert(std::to_underlying(config::client_check::required) ==
                  std::to_underlying(http::tls::client_check::required));
    how.client = static_cast<http::tls::client_check>(said.client);
    return how;
}

/// The configuration's word counts before the program's.
result<std::shared_ptr<http::tls::context>> make_context(const config::settings& said,
                                                         const serve_options& more,
                                                         const std::vector<std::string>& listen)
{
    if (!wants_tls(listen))
        return nullptr;
    if (!said.tls.certificate.empty())
        return http::tls::context::load(options_of(said.tls));
    if (!more.tls)
        return failed(errc::bad_value, "speak TLS",
                      "(no certificate is known: set tls.certificate and tls.key, to PEM files)");
    return http::tls::context::load(*more.tls);
}

/// The configuration's word counts before the program's.
http::h2::options bounds_of(http::h2::options program, const config::settings& said)
{
    if (said.limit.streams != 0)
        program.streams_max = said.limit.streams;
    return program;
}

/// Its probes: plain, whatever the endpoint speaks.
bool comes_from_the_primary(const unique_fd& connection) noexcept
{
    return http::is_own_pair(connection.borrow());
}

void take(http::server& server, unique_fd connection)
{
    if (const auto taken = server.take(std::move(connection)); !taken)
        log::debug("connection not taken: {}", taken.error().text());
}

void take_tls(http::server& server, unique_fd connection)
{
    if (comes_from_the_primary(connection))
        return take(server, std::move(connection));
    if (const auto taken = server.take_tls(std::move(connection)); !taken)
        log::debug("connection not taken: {}", taken.error().text());
}

using way_in = void (http::proxy_door::*)(unique_fd);

void serve_through(http::proxy_door& door, http::server& server, listener& at, way_in through)
{
    at.serve([&door, &server, through](unique_fd connection) noexcept {
        if (comes_from_the_primary(connection))
            take(server, std::move(connection));
        else
            (door.*through)(std::move(connection));
    });
}

/// The word for who opens it; TLS is ours alone.
std::string as_opened(const std::string& where)
{
    constexpr std::string_view scheme = "tls://";
    return net::endpoint::speaks_tls(where) ? "tcp://" + where.substr(scheme.size()) : where;
}

/// How many workers there may come to be, about.
unsigned workers_of(const worker& self)
{
    const config::worker_count& said = self.settings().workers;
    const unsigned fit = process::read_cpu_quota().workers(board::slots_max);
    return std::max(said.resolve(fit), said.high());
}

/// The program may have a metric of its own by one of our names: no reason not to serve.
void tell_clash(const failure& why)
{
    log::error("what this worker counts by itself is not shown: {}; going on", why.what());
}

std::unique_ptr<http::request_metrics> count_requests(const worker& self)
{
    try {
        return std::make_unique<http::request_metrics>(route_series_max(workers_of(self)));
    } catch (const failure& why) {
        tell_clash(why);
        return nullptr;
    }
}

std::unique_ptr<worker_metrics> measure(worker& self, const http::server_metrics::sources& served)
{
    try {
        return std::make_unique<worker_metrics>(self.core(), served);
    } catch (const failure& why) {
        tell_clash(why);
        return nullptr;
    }
}

/// The life of a worker that serves HTTP.
task<> serve_http(worker& self, const http::router& api, const serve_options& more,
                  std::shared_ptr<http::tls::context> tls)
{
    if (more.on_worker)
        co_await more.on_worker(self);
    // The primary's word counts: a worker that is a program of its own may have read no file.
    const std::vector<std::string> wanted = self.core().terms().listen;
    if (!tls)
        tls = or_throw(make_context(self.settings(), more, wanted));
    http::server_options how = self.http_options();
    const std::unique_ptr<http::request_metrics> requests =
        more.metrics ? count_requests(self) : nullptr;
    how.metrics = requests.get();
    if (more.server)
        more.server(how);
    how.tls = std::move(tls);
    std::optional<http::h2::service> two;
    if (more.http2) {
        two.emplace(self.loop(), bounds_of(*more.http2, self.settings()));
        how.on_http2 = [&two](http::taken_connection of) noexcept { two->take(std::move(of)); };
    }
    http::server server{self.loop(), self.poller(), api, std::move(how)};
    self.look_after(server);
    std::unique_ptr<http::proxy_door> door;
    if (more.proxy_protocol)
        door = or_throw(
            http::proxy_door::make(self.loop(), self.poller(), server, *more.proxy_protocol));
    std::unique_ptr<worker_metrics> measured;
    if (requests)
        measured = measure(self, {.served = &server,
                                  .requests = requests.get(),
                                  .http2 = two ? &*two : nullptr,
                                  .proxies = door.get()});
    if (more.on_serving)
        more.on_serving(self, {server, two ? &*two : nullptr, door.get()});

    std::vector<listener> open;
    for (const std::string& where : wanted) {
        auto at = co_await self.listen(as_opened(where));
        const bool secure = net::endpoint::speaks_tls(where);
        const auto give = secure ? &take_tls : &take;
        if (door)
            serve_through(*door, server, at,
                          secure ? &http::proxy_door::take_tls : &http::proxy_door::take);
        else
            at.serve([&server, give](unique_fd connection) noexcept {
                give(server, std::move(connection));
            });
        open.push_back(std::move(at));
    }
    co_await self.until_stopping();
    // Not before the drain and all lanes have ended: they refer to the server.
    co_await self.until_drained();
}

}  // namespace

int serve(int argc, char** argv, http::router& api) { return serve(argc, argv, api, {}); }

int serve(int argc, char** argv, http::router& api, serve_options options)
{
    auto chosen = settings::from(argc, argv, options.defaults);
    if (chosen.listen.empty())
        chosen.listen.emplace_back(listen_default);
    std::shared_ptr<http::tls::context> tls;
    if (!chosen.instead) {
        if (const auto frozen = api.freeze(); !frozen) {
            fmt::print(stderr, "{}: {}\n", chosen.name, frozen.error().text());
            return bad_configuration;
        }
        auto context = make_context(chosen, options, chosen.listen);
        if (!context) {
            fmt::print(stderr, "{}: {}\n", chosen.name, context.error().text());
            return bad_configuration;
        }
        tls = std::move(*context);
        if (!chosen.tls.certificate.empty() && !tls)
            chosen.warnings.emplace_back("tls.certificate is set, but no endpoint speaks TLS: "
                                         "write listen = [\"tls://…\"]");
        if (tls)
            std::ranges::copy(tls->warnings(), std::back_inserter(chosen.warnings));
    }
    cluster group{std::move(chosen)};
    if (options.setup)
        options.setup(group);
    return group.run([&](worker& self) { return serve_http(self, api, options, tls); });
}

}  // namespace cohort
