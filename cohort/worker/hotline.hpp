#pragma once

#include <cohort/base/backoff.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/poller.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace cohort::work {

/// Where a new channel comes from, when the primary was replaced. A resource.
///
/// It is a pair like a slot's inbox, and apart from it: a worker that takes no connections for the
/// moment must hear of its primary all the same.
class hotline final : private net::watcher {
public:
    class host {
    public:
        virtual void called(unique_fd channel) noexcept = 0;
        /// Nobody can call any more: the root is dead.
        virtual void hotline_ended() noexcept = 0;

    protected:
        ~host() = default;
    };

    hotline(boost::asio::any_io_executor executor, net::poller& poller, host& to);
    hotline(const hotline&) = delete;
    hotline& operator=(const hotline&) = delete;
    ~hotline();

    /// Listens from now on.
    void open(unique_fd take_end) noexcept;
    /// Looks now. True: there was a channel for this process, and the host has it. Of several, the
    /// newest counts.
    bool look() noexcept;
    /// Can a channel come?
    [[nodiscard]] bool is_open() const noexcept { return line_.valid(); }
    void close() noexcept;

private:
    void ready(std::uint32_t events) noexcept override;
    void watch() noexcept;
    void unwatch() noexcept;
    void rest() noexcept;

    net::poller& poller_;
    host& host_;
    unique_fd line_;
    boost::asio::steady_timer pause_;
    backoff shortage_;
    bool watching_ = false;
};

}  // namespace cohort::work
