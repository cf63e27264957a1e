#pragma once

#include <cohort/http/telemetry/request_metrics.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/observe/sampled_count.hpp>

#include <cstdint>
#include <vector>

namespace cohort::http {

class proxy_door;
class server;
namespace h2 {
class service;
}

/// Shows as metrics what a server counts anyway, and what else of this room is counted in this
/// process: WebSockets, topics, what was shed. A resource, of the server's loop.
///
/// Somebody looks once a second or so. What was counted since the last look is lost when the
/// process dies; unlike requests, which request_metrics counts where they end.
class server_metrics {
public:
    /// Null: there is none. All outlive this.
    struct sources {
        const server* served;
        const request_metrics* requests = nullptr;
        const h2::service* http2 = nullptr;
        const proxy_door* proxies = nullptr;
    };

    explicit server_metrics(const sources& from);
    server_metrics(const server_metrics&) = delete;
    server_metrics& operator=(const server_metrics&) = delete;

    void look();

private:
    /// A counter of somebody's, and where it is shown.
    struct counted {
        std::uint64_t (*read)(const sources&);
        metrics::sampled_count shown;
    };
    struct measured {
        double (*read)(const sources&);
        metrics::gauge_series* shown;
    };

    void count(std::uint64_t (*read)(const sources&), metrics::counter_series& shown);
    void measure(double (*read)(const sources&), metrics::gauge_series& shown);
    void add_server();
    void add_kit();
    void add_bodies();
    void add_http2();
    void add_proxies();
    void add_websockets();
    void add_topics();
    void look_at_refusals();
    void look_at_certificates();

    sources from_;
    std::vector<counted> counted_;
    std::vector<measured> measured_;
    metrics::family<metrics::counter_series>& refusals_;
    std::vector<metrics::sampled_count> refused_;  // as server::refusals() has them
    metrics::family<metrics::gauge_series>& certificates_;
};

}  // namespace cohort::http
