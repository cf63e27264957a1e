#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/ipc/protocol.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/process/signals.hpp>
#include <cohort/worker/beat.hpp>
#include <cohort/worker/drain.hpp>
#include <cohort/worker/hall.hpp>
#include <cohort/worker/heeded_level.hpp>
#include <cohort/worker/hotline.hpp>
#include <cohort/worker/link.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::work {

/// What a worker with a keeper has from birth on; it waits for no welcome. A resource.
struct heritage {
    ipc::welcome terms;
    std::vector<unique_fd> cargo;  ///< as the welcome brings it
    board::journal* journal = nullptr;
    unique_fd keeper;        ///< a pidfd: readable once the keeper is dead
    bool successor = false;  ///< somebody had the seat before
    bool last = false;       ///< nobody will have it after us: we are here to leave
    std::vector<int> found;  ///< descriptors of the dead
};

/// A worker: its loop, its conversation with the primary, its doors, and how it leaves. A resource;
/// one in a process, and the process ends with it by _exit.
///
/// Order: open(), run(), then _exit with what run() returned. Never destroyed after run(): frames
///        of the program's coroutines may still refer to it.
class core final : private link::guide, private hotline::host {
public:
    using main_function = std::move_only_function<awaitable<int>()>;
    using drain_function = std::move_only_function<awaitable<>(nanoseconds budget)>;

    /// Over the channel this process was born with. Errors: EMFILE; errc::bad_value, it is none.
    [[nodiscard]] static result<std::unique_ptr<core>> open(unique_fd channel);
    /// The same for a worker with a keeper: it begins at once.
    [[nodiscard]] static result<std::unique_ptr<core>> open(unique_fd channel, heritage mine);
    core(const core&) = delete;
    core& operator=(const core&) = delete;
    ~core();

    /// Lives the worker's life; `main` begins once the primary has said who we are. Returns the
    /// exit code.
    [[nodiscard]] int run(main_function main);

    [[nodiscard]] const ipc::welcome& terms() const noexcept { return terms_; }
    [[nodiscard]] asio::io_context& loop() noexcept { return loop_; }
    [[nodiscard]] net::poller& poller() noexcept { return poller_; }
    [[nodiscard]] link& primary() noexcept { return *link_; }
    [[nodiscard]] hall& doors() noexcept { return *hall_; }
    [[nodiscard]] phase current() const noexcept { return drain_.now(); }
    /// It drains, or the cohort stops and everything is served on for a while (`stop.drain`).
    [[nodiscard]] bool stopping() const noexcept
    {
        return readiness_off_ || current() != phase::running;
    }
    [[nodiscard]] bool connected() const noexcept { return link_->is_open(); }
    /// Its connections outlive this process: a keeper keeps their descriptors.
    [[nodiscard]] bool is_kept() const noexcept { return kept_; }
    /// Nobody serves after us: what we do not finish, nobody will.
    [[nodiscard]] bool is_last() const noexcept { return last_one_; }

    /// Runs beside main; a drain waits for it.
    void spawn(awaitable<> work);
    /// Completes when the drain begins.
    [[nodiscard]] awaitable<> until_stopping();
    /// Completes when the drain functions have ended, and no lane computes any more.
    [[nodiscard]] awaitable<> until_drained();

    void on_stop(std::move_only_function<void()> hear) { on_stop_.push_back(std::move(hear)); }
    void on_disconnect(std::move_only_function<void()> hear)
    {
        on_disconnect_.push_back(std::move(hear));
    }
    /// The keeper is dead: our row on the board is a successor's.
    void on_orphaned(std::move_only_function<void()> hear)
    {
        on_orphaned_.push_back(std::move(hear));
    }
    /// During the drain it begins at once.
    void on_drain(drain_function finish);

    /// Drains and leaves.
    void leave() { nudge_by(nudge::own_will); }
    /// Leaves now.
    void quit(int code);
    /// Hangs up without a word, and leaves now with code 0.
    void hang_up();

private:
    core();

    void welcomed(ipc::welcome terms, std::vector<unique_fd> cargo) noexcept override;
    void met(const ipc::neighbours& who, std::vector<unique_fd> cargo) noexcept override;
    void told_to_drain(const ipc::drain_order& order) noexcept override;
    void told_to_share(const ipc::share_order& order) noexcept override;
    void told_readiness_off() noexcept override { readiness_off_ = true; }
    void lost_primary(std::string_view why) noexcept override;
    void escaped(std::string_view what) noexcept override;
    ipc::hello introduction() noexcept override;
    outlook channel_ended() noexcept override;
    void called(unique_fd channel) noexcept override;
    void hotline_ended() noexcept override;

    void turn();
    void nudge_by(nudge why);
    void begin_drain();
    // Deques: a hook that adds a hook leaves those that run where they are.
    using listeners = std::deque<std::move_only_function<void()>>;
    void tell(listeners& who) noexcept;
    void begin_kept();
    [[nodiscard]] awaitable<> watch_keeper(unique_fd keeper);
    void begin_main();
    [[nodiscard]] awaitable<> begin_when_said();
    void main_ended(std::exception_ptr thrown, int code);
    void arm_deadline(nanoseconds budget);
    void fail(std::string reason, const std::exception_ptr& thrown = nullptr) noexcept;
    [[nodiscard]] awaitable<> hear_signals(process::signals caught);
    [[nodiscard]] awaitable<> wait_until_done();
    [[nodiscard]] awaitable<> finish_with(drain_function& finish, nanoseconds budget);
    [[nodiscard]] bool computes() noexcept;
    [[nodiscard]] bool nothing_left();
    [[nodiscard]] bool only_main_waits();
    [[nodiscard]] awaitable<> say_farewell();
    void last_words();

    asio::io_context loop_;
    net::poller poller_;
    scope own_;        // ours: signals, answers to requests
    scope programs_;   // what the program spawned
    scope finishing_;  // drain hooks
    wakeup changed_;
    wakeup stopping_;
    std::unique_ptr<link> link_;
    std::unique_ptr<hall> hall_;
    std::unique_ptr<hotline> hotline_;  // of a kept worker
    asio::steady_timer hope_;           // for another primary
    heeded_level heeded_;
    std::unique_ptr<beat> beat_;
    asio::steady_timer deadline_;
    asio::cancellation_signal end_main_;

    ipc::welcome terms_;
    std::optional<heritage> heritage_;
    main_function main_;
    listeners on_stop_;
    listeners on_disconnect_;
    listeners on_orphaned_;
    std::deque<drain_function> on_drain_;

    drain drain_;
    nanoseconds budget_{0};
    bool last_one_ = false;  // nobody serves after us
    bool kept_ = false;
    bool successor_ = false;
    bool told_ = false;           // to leave: the primary wants no successor
    bool readiness_off_ = false;  // never reset: a stop is not taken back
    bool hooks_begun_ = false;
    bool welcomed_ = false;
    bool main_running_ = false;
    bool main_told_ = false;
    int code_ = 0;
    std::string reason_;
};

}  // namespace cohort::work
