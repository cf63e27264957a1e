#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/control/hatch.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/observe/otlp_settings.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/dashboard_birth.hpp>
#include <cohort/primary/dashboard_pulse.hpp>
#include <cohort/primary/door_tokens.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/sandbox.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace cohort::primary {

/// The doors of the dashboard, which the primary keeps open, and the process behind them, which is
/// there while somebody comes. The primary reads no byte of what they say: when the first one
/// knocks it forks that process, which takes the connections out of the same queues. A resource of
/// the primary's loop.
///
///     <name>.http     beside the admin socket, for whoever may use that one
///     admin.http      TCP, for whoever has the token; it lies in <name>.token, unless the settings
///                     say otherwise
///
/// A process that is silent for ten seconds is killed, so that the next one is asked: health checks
/// that hang would have the whole cohort replaced. The process ends with the primary, whatever
/// becomes of that. The doors stay open, and the next primary finds them: whoever knocks meanwhile
/// waits.
class foyer final : net::watcher {
public:
    struct parts {
        asio::any_io_executor executor;
        net::poller& poller;
        audience& life;
        const board::segment& board;
        const config::settings& settings;
        const observe::otlp_settings& telemetry;
        control::larder& goods;  ///< what that process asks for
    };
    explicit foyer(const parts& with);
    foyer(const foyer&) = delete;
    foyer& operator=(const foyer&) = delete;
    ~foyer();

    /// Opens the doors, or goes on with those that a dead primary left. The dashboard is no reason
    /// not to serve: what fails is a warning.
    /// @param admin_socket  where operators are answered; empty: nowhere, and there are no doors
    /// @param left_open     what a dead primary had open: what is ours is taken out of the list
    void open(const std::filesystem::path& admin_socket, std::vector<int>* left_open);

    /// Has the process started when somebody comes, again and again. Cancel: total.
    [[nodiscard]] awaitable<> run();

    /// Ends the process, and takes the doors' files away. Order: not while run() runs; before the
    /// poller stops.
    [[nodiscard]] awaitable<> close();

private:
    void ready(std::uint32_t events) noexcept override;

    void begin_telemetry();
    [[nodiscard]] result<> share_telemetry();
    void open_local(std::vector<int>* left_open);
    void open_remote(std::vector<int>* left_open);
    [[nodiscard]] result<unique_fd> listen(const net::endpoint& where,
                                           std::vector<int>* left_open) const;
    [[nodiscard]] bool has_doors() const noexcept;
    [[nodiscard]] std::vector<int> doors() const;
    [[nodiscard]] result<> watch_doors();
    [[nodiscard]] awaitable<> knock();
    void prepare_watch();
    void stop_watching() noexcept;
    [[nodiscard]] bool prepare_box();
    [[nodiscard]] result<dashboard_process> give_birth();
    [[nodiscard]] awaitable<> live();
    [[nodiscard]] awaitable<result<process::exit_reason>> watch_over();
    void end_if_silent();
    [[nodiscard]] nanoseconds judge(const result<process::exit_reason>& how, nanoseconds lived);

    parts with_;
    std::filesystem::path admin_;  // of the admin socket
    std::optional<control::entrance> local_;
    unique_fd remote_;
    door_tokens tokens_;
    wakeup changed_;
    std::vector<int> watched_;
    bool knocked_ = false;
    // Of ends in a row, each soon after the birth.
    backoff pauses_{milliseconds{200}, std::chrono::seconds{30}};
    std::shared_ptr<const process::sandbox> box_;
    std::optional<process::child> process_;
    std::unique_ptr<control::hatch> hatch_;
    std::optional<dashboard_pulse> pulse_;
    bool silent_ = false;  // it was, and is killed for it
    metrics::family<metrics::counter_series>* restarts_ = nullptr;
};

}  // namespace cohort::primary
