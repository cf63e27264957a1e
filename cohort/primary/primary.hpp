#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/observe/otlp_settings.hpp>
#include <cohort/primary/archive.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/checkup.hpp>
#include <cohort/primary/cohort_metrics.hpp>
#include <cohort/primary/estate.hpp>
#include <cohort/primary/foyer.hpp>
#include <cohort/primary/log_files.hpp>
#include <cohort/primary/log_levels.hpp>
#include <cohort/primary/mending.hpp>
#include <cohort/primary/pantry.hpp>
#include <cohort/primary/reception.hpp>
#include <cohort/primary/recycler.hpp>
#include <cohort/primary/reloading.hpp>
#include <cohort/primary/scaler.hpp>
#include <cohort/primary/service_notice.hpp>
#include <cohort/primary/service_sockets.hpp>
#include <cohort/primary/supervisor.hpp>
#include <cohort/primary/transactions.hpp>
#include <cohort/primary/upgrading.hpp>
#include <cohort/process/service_manager.hpp>
#include <cohort/process/signals.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::primary {

/// Exit codes of a primary; SURFACE.md has all of them.
enum class outcome : int { stopped = 0, failed = 1, given_up = 5, refused = 7 };

/// The process that supervises: its loop, its signals, and its end. A resource.
class primary {
public:
    /// What run() does besides: the program's own coroutine, begun once the workers are started.
    using act = std::move_only_function<awaitable<>()>;

    primary(const config::settings& settings, upkeep who, audience& to);
    primary(const primary&) = delete;
    primary& operator=(const primary&) = delete;
    ~primary();

    /// How workers are born. Order: before run(), as inherit().
    void use(care which) noexcept { care_ = which; }
    void use(naming name_is) noexcept { naming_ = name_is; }
    /// Writes down what it does there, for who follows it; and if it follows one itself, which left
    /// descriptors open, goes on where that one stopped.
    void inherit(const estate& from, std::optional<std::vector<int>> left_open);
    /// Where a reload finds the settings of another program's workers. Order: before run().
    void reads_again_from(reloading::reader read) { read_again_ = std::move(read); }

    /// Which files call for a reload when they change. Order: before run().
    void watches(std::vector<std::string> files) { watched_ = std::move(files); }

    [[nodiscard]] outcome run(act begin);

    /// Who started this cohort: hears how it is, and has sockets for it. Order: before run().
    /// Lifetime: outlives this.
    void serve_under(const process::service_manager& manager) noexcept { manager_ = &manager; }
    /// For whoever reloads: what the service manager hears of it. Between the beginning and the end
    /// of run().
    [[nodiscard]] service_notice& notice() noexcept { return *notice_; }

    /// Drains all workers, then run() returns. A second call kills them. `by` is who wants it, in
    /// words, for the log and the timeline.
    void stop(std::string_view by);
    /// The program's own hook threw: everything ends, and so does run(), with `failed`.
    void fail(std::string_view what) noexcept;

    [[nodiscard]] boost::asio::io_context& loop() noexcept { return loop_; }
    /// Only between the beginning and the end of run().
    [[nodiscard]] supervisor& workers() noexcept { return *supervisor_; }
    [[nodiscard]] reloading& generations() noexcept { return *reloading_; }
    [[nodiscard]] recycler& recycling() noexcept { return *recycler_; }
    [[nodiscard]] bool running() const noexcept { return supervisor_ != nullptr; }
    /// As workers(). Who answers verbs of the admin socket says so here: front_desk().add().
    [[nodiscard]] desk& front_desk() noexcept { return reception_.front_desk(); }

private:
    [[nodiscard]] result<> open();
    [[nodiscard]] result<> open_desk();
    [[nodiscard]] result<> announce_sandbox() const;
    [[nodiscard]] result<board::segment> open_board() const;
    void go_on();
    [[nodiscard]] awaitable<> start_the_rest();
    [[nodiscard]] awaitable<> go_on_serving();
    void note(board::reign_stage stage, nanoseconds longest) noexcept;
    [[nodiscard]] awaitable<> live(act begin);
    [[nodiscard]] awaitable<> play(act begin);
    [[nodiscard]] awaitable<> hear_signals();
    void heed(const process::caught_signal& heard);
    void recount_succession();
    void reload();
    void upgrade();
    void drain_workers();
    [[nodiscard]] awaitable<> tell_service_manager();
    [[nodiscard]] unsigned workers_wanted() const;
    [[nodiscard]] bool is_echo(const process::caught_signal& heard);
    [[nodiscard]] awaitable<> drain_after(nanoseconds grace);
    void drain();
    /// The settings as a reload may have changed them.
    [[nodiscard]] const config::settings& terms() const noexcept;

    const config::settings& settings_;
    upkeep upkeep_;
    audience& audience_;
    care care_ = care::plain;
    naming naming_ = naming::chosen;
    const estate* estate_ = nullptr;             // nothing outlives us without one
    std::optional<std::vector<int>> left_open_;  // by the primary before us
    boost::asio::io_context loop_{1};
    net::poller poller_{loop_};
    scope tasks_{loop_.get_executor()};
    process::service_manager nobody_;
    const process::service_manager* manager_ = &nobody_;
    std::optional<service_sockets> sockets_;  // outlives the supervisor
    std::optional<service_notice> notice_;
    std::unique_ptr<supervisor> supervisor_;
    std::optional<board::commons_stay> at_home_;  // on the supervisor's board
    reloading::reader read_again_;
    std::vector<std::string> watched_;
    std::unique_ptr<reloading> reloading_;
    reception reception_{loop_.get_executor()};
    std::unique_ptr<transactions> transactions_;
    std::unique_ptr<upgrading> upgrading_;
    std::unique_ptr<recycler> recycler_;
    std::unique_ptr<checkup> checkup_;
    std::optional<cohort_metrics> metrics_;
    std::unique_ptr<scaler> scaler_;
    std::unique_ptr<log_files> logs_;
    std::unique_ptr<log_levels> levels_;
    std::unique_ptr<mending> mending_;
    observe::otlp_settings telemetry_;
    std::unique_ptr<archive> archive_;
    std::unique_ptr<pantry> pantry_;
    std::unique_ptr<foyer> foyer_;
    bool playing_ = false;  // the program's coroutine
    bool stopping_ = false;
    bool winch_told_ = false;  // that it is not heeded here
    std::optional<process::caught_signal> last_heard_;
    steady_time last_heard_at_{};
    outcome outcome_ = outcome::stopped;
};

}  // namespace cohort::primary
