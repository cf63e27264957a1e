#pragma once

#include <cohort/app/settings.hpp>
#include <cohort/http/h2/options.hpp>
#include <cohort/http/proxy_door.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server_options.hpp>
#include <cohort/http/tls/options.hpp>

#include <functional>
#include <optional>

namespace cohort {

class cluster;
class worker;

namespace http {
class server;
namespace h2 {
class service;
}
}  // namespace http

/// What serves in one worker, for those who show its counters. A value.
///
/// Lifetime: what it refers to is the process's. Loop: the worker's.
struct serving {
    const http::server& server;       ///< connections(), refusals(), handshakes(), clients()
    const http::h2::service* http2;   ///< counts(). Null: it is not spoken.
    const http::proxy_door* proxies;  ///< counts(). Null: none has been named.
};

/// More about a served application. A value.
struct serve_options {
    cohort::settings defaults;  ///< what the file, the environment and the command line start from
    /// Sets hooks on the cluster before it runs.
    std::function<void(cluster&)> setup = {};
    /// Runs in every worker before it listens: connect to a database, start timers.
    std::function<task<void>(worker&)> on_worker = {};
    /// Runs in every worker when its server is there, and before it listens.
    std::function<void(worker&, const serving&)> on_serving = {};
    /// More about the HTTP server of each worker, before it is made: limits and time-outs that have
    /// no key in the file, on_answered, on_refused. It gets what file and command line said;
    /// counters, slot, survival and clock are the worker's own.
    std::function<void(http::server_options&)> server = {};
    /// How TLS is spoken on endpoints "tls://…". Its files are read before any worker is born, and
    /// by the workers when they change.
    std::optional<http::tls::options> tls = {};
    /// How HTTP/2 is spoken, with those who know that we do (`curl --http2-prior-knowledge`) and
    /// over TLS with those who offer "h2". std::nullopt: nobody, HTTP/1.1 is all there is.
    std::optional<http::h2::options> http2 = http::h2::options{};
    /// Every request is counted by its route, and how each worker fares is shown (docs/manual/
    /// metrics.md). false: only what the primary knows, and what the program counts itself.
    bool metrics = true;
    /// All clients come through load balancers that speak the PROXY protocol, before TLS and HTTP:
    /// whom they name is the peer. Connections from elsewhere, or without the header, are closed.
    std::optional<http::proxy_door_options> proxy_protocol = {};
};

/// Serves `api` over HTTP with all cores: parses the command line (settings::from), freezes the
/// router, forks the workers, and each answers on all endpoints (127.0.0.1:3000 if none is set).
///
/// @return  The exit code for main, as cluster::run; 2 also for routes in conflict, naming both,
///          and for certificates that cannot be used.
/// Order:   call it from main, before any thread is started.
[[nodiscard]] int serve(int argc, char** argv, http::router& api);
[[nodiscard]] int serve(int argc, char** argv, http::router& api, serve_options options);

}  // namespace cohort
