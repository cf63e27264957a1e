#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/dashboard/inquiry.hpp>
#include <cohort/dashboard/metrics_page.hpp>
#include <cohort/dashboard/shared_answer.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>

#include <boost/asio/any_io_executor.hpp>

namespace cohort::dashboard {

/// What others ask to learn how the cohort is: load balancers, kubelets, Prometheus. A resource.
/// Anybody may ask, so the primary is asked once a second for all of them, at most.
///
///     /livez     200 if this process and the primary answer
///     /readyz    200 if a worker serves, and the cohort is not on its way out; else 503, with the
///                reason in words
///     /metrics   Prometheus' text or OpenMetrics
///     /version
class health {
public:
    health(const asio::any_io_executor& executor, const inquiry& primary, metrics_page& metrics,
           const config::settings& settings);

    /// Lifetime: this outlives the routes.
    void add_to(http::routes& to);

private:
    [[nodiscard]] awaitable<http::response> live();
    [[nodiscard]] awaitable<http::response> ready();
    [[nodiscard]] awaitable<http::response> metrics(const http::request& of) const;
    [[nodiscard]] http::response version_words() const;

    shared_answer<control::answer> survey_;
    metrics_page& metrics_;
    const config::settings& settings_;
};

}  // namespace cohort::dashboard
