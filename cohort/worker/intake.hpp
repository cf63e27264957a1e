#pragma once

#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/net/poller.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace cohort::work {

/// Takes connections out of the slot's inbox, when there is somebody to take them. A resource.
class intake final : private net::watcher {
public:
    class host {
    public:
        /// Would a connection be taken soon? If not, it stays where another process can reach it.
        [[nodiscard]] virtual bool wants_more() noexcept = 0;
        virtual void came(net::arrival got) noexcept = 0;
        /// No more for now: time to confirm what came. Also when is_short() has changed.
        virtual void batch_ended() noexcept = 0;

    protected:
        ~host() = default;
    };

    intake(boost::asio::any_io_executor executor, net::poller& poller, host& to);
    intake(const intake&) = delete;
    intake& operator=(const intake&) = delete;
    ~intake();

    void open(unique_fd take_end) noexcept { inbox_ = std::move(take_end); }
    /// Begins to take, if it does not already.
    void watch() noexcept;
    /// Takes all that is there now, wanted or not, and then no more.
    void empty_and_close() noexcept;
    /// Takes no more; what lies there is for others.
    void shut() noexcept;
    /// There is no descriptor for a connection; what lies in the inbox is better given to others.
    [[nodiscard]] bool is_short() const noexcept { return resting_; }

private:
    static constexpr unsigned batch_max = 64;

    void ready(std::uint32_t events) noexcept override;
    /// False: nothing is left there, or it cannot be taken now.
    [[nodiscard]] bool take_one() noexcept;
    void unwatch() noexcept;
    void rest(nanoseconds how_long) noexcept;
    void look_for_descriptor() noexcept;

    net::poller& poller_;
    host& host_;
    unique_fd inbox_;
    boost::asio::steady_timer pause_;
    backoff shortage_;
    bool watching_ = false;
    bool resting_ = false;
    bool closed_ = false;
};

}  // namespace cohort::work
