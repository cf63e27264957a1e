#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/control/hatch.hpp>
#include <cohort/dashboard/access.hpp>
#include <cohort/dashboard/api.hpp>
#include <cohort/dashboard/dashboard.hpp>
#include <cohort/dashboard/door.hpp>
#include <cohort/dashboard/health.hpp>
#include <cohort/dashboard/host_files.hpp>
#include <cohort/dashboard/inquiry.hpp>
#include <cohort/dashboard/metrics_page.hpp>
#include <cohort/dashboard/watchman.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/telemetry/telemetry_exporter.hpp>
#include <cohort/net/poller.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace cohort::dashboard::detail {

/// The process of the dashboard: its loop, its doors, and what is behind them. A resource.
class house {
public:
    explicit house(const premises& with);
    house(const house&) = delete;
    house& operator=(const house&) = delete;

    /// Until nobody has come for a while, or it is told to end. The exit code.
    [[nodiscard]] int run();

private:
    enum class side : std::uint8_t { local, remote };

    [[nodiscard]] result<> open();
    [[nodiscard]] result<> open(side which, int socket);
    void furnish(http::router& routes, side which);
    [[nodiscard]] http::server_options terms() const;
    [[nodiscard]] std::size_t connections() const noexcept;
    [[nodiscard]] int run_loop();
    [[nodiscard]] awaitable<> live();
    [[nodiscard]] awaitable<> hear_signals();
    [[nodiscard]] awaitable<> follow_log();
    [[nodiscard]] bool has_outlived(steady_time empty_since) const;
    [[nodiscard]] awaitable<> watch_over();
    [[nodiscard]] awaitable<> leave();

    /// What one side of the house has: other rules hold over TCP.
    struct wing {
        http::router routes;
        std::unique_ptr<http::server> server;
        std::unique_ptr<door> entrance;
    };

    premises with_;
    boost::asio::io_context loop_{1};
    net::poller poller_{loop_};
    scope tasks_{loop_.get_executor()};
    scope doors_{loop_.get_executor()};
    wakeup leaving_{loop_.get_executor()};
    bool leaves_ = false;

    control::guest hatch_;
    inquiry primary_;
    std::optional<http::telemetry_exporter> exporter_;
    host_files hosts_;
    watchman eyes_;
    metrics_page metrics_;
    health health_;
    api api_;
    std::optional<gate> gate_;
    std::optional<wing> local_;
    std::optional<wing> remote_;
};

}  // namespace cohort::dashboard::detail
