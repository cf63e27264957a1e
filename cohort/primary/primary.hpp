#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/supervisor.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
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

    [[nodiscard]] outcome run(act begin);

    /// Drains all workers, then run() returns. A second call kills them.
    void stop();
    /// The program's own hook threw: everything ends, and so does run(), with `failed`.
    void fail(std::string_view what) noexcept;

    [[nodiscard]] boost::asio::io_context& loop() noexcept { return loop_; }
    /// Only between the beginning and the end of run().
    [[nodiscard]] supervisor& workers() noexcept { return *supervisor_; }
    [[nodiscard]] bool running() const noexcept { return supervisor_ != nullptr; }

private:
    [[nodiscard]] result<> open();
    [[nodiscard]] care care_for_workers() const;
    [[nodiscard]] awaitable<> live(act begin);
    [[nodiscard]] awaitable<> play(act begin);
    [[nodiscard]] awaitable<> hear_signals();
    void heed(int number);
    [[nodiscard]] unsigned workers_wanted() const;
    [[nodiscard]] awaitable<> drain_after_grace();

    const config::settings& settings_;
    upkeep upkeep_;
    audience& audience_;
    boost::asio::io_context loop_{1};
    net::poller poller_{loop_};
    scope tasks_{loop_.get_executor()};
    std::unique_ptr<supervisor> supervisor_;
    bool playing_ = false;  // the program's coroutine
    bool stopping_ = false;
    outcome outcome_ = outcome::stopped;
};

}  // namespace cohort::primary
