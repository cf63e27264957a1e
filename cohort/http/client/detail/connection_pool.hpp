#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/client/client_options.hpp>
#include <cohort/http/client/detail/connection.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohort::http::detail {

class connection_pool;

/// The right to one connection to an origin, and the connection, once it is open. A resource; when
/// it goes, the connection is closed unless it was given back.
class connection_lease {
public:
    connection_lease(std::weak_ptr<connection_pool> from, std::string origin,
                     std::unique_ptr<connection> kept) noexcept
        : from_{std::move(from)},
          origin_{std::move(origin)},
          connection_{std::move(kept)},
          reused_{connection_ != nullptr}
    {}
    connection_lease(connection_lease&&) noexcept = default;
    connection_lease& operator=(connection_lease&& other) noexcept;
    ~connection_lease() { close(); }

    [[nodiscard]] bool is_open() const noexcept { return connection_ != nullptr; }
    [[nodiscard]] bool reused() const noexcept { return reused_; }
    [[nodiscard]] connection& operator*() const noexcept { return *connection_; }
    [[nodiscard]] connection* operator->() const noexcept { return connection_.get(); }
    void opened(std::unique_ptr<connection> made) noexcept { connection_ = std::move(made); }

    void close() noexcept;
    /// For the next call to this origin.
    void give_back();

private:
    std::weak_ptr<connection_pool> from_;
    std::string origin_;
    std::unique_ptr<connection> connection_;
    bool reused_ = false;
};

enum class freshness : std::uint8_t { any, fresh };

/// The connections of one client on one event loop. A resource of that loop.
class connection_pool {
public:
    connection_pool(asio::any_io_executor loop, const client_options& options,
                    std::shared_ptr<client_counters> counters);

    /// An idle connection that seems to live, or the right to open one; waits for its turn.
    /// fresh: the right to open one, since idle ones have proved to be stale.
    /// Errors: errc::queue_full, too many wait; errc::deadline_passed; errc::cancelled.
    [[nodiscard]] static awaitable<result<connection_lease>>
    take(std::shared_ptr<connection_pool> from, std::string origin, freshness which,
         nanoseconds budget);

    void close_idle();

    [[nodiscard]] std::size_t open() const noexcept { return open_; }
    [[nodiscard]] const asio::any_io_executor& loop() const noexcept { return loop_; }

private:
    friend class connection_lease;

    struct idle_connection {
        std::unique_ptr<connection> what;
        steady_time since;
    };
    struct place {
        std::vector<idle_connection> idle;  // the last used one at the end
        std::size_t open = 0;               // idle ones included
        std::size_t waiting = 0;
    };
    struct waiter;
    class queued;

    [[nodiscard]] std::unique_ptr<connection> take_idle(place& at);
    [[nodiscard]] bool has_room(place& at);
    bool drop_oldest_idle();
    void drop_idle(place& at);
    void keep(const std::string& origin, std::unique_ptr<connection> what);
    void closed(const std::string& origin) noexcept;
    void wake(const std::string& origin) noexcept;
    static void arm(const std::shared_ptr<connection_pool>& of);
    void reap();

    asio::any_io_executor loop_;
    std::size_t per_origin_;
    std::size_t most_;
    std::size_t waiting_max_;
    nanoseconds idle_;
    std::shared_ptr<client_counters> counters_;
    std::map<std::string, place, std::less<>> places_;
    std::size_t open_ = 0;
    std::list<waiter> waiting_;
    asio::steady_timer reaper_;
    bool armed_ = false;
};

/// The pools of an event loop, which they must not outlive.
class connection_pools final : public asio::execution_context::service {
public:
    using key_type = connection_pools;
    inline static asio::execution_context::id id;

    explicit connection_pools(asio::execution_context& loop)
        : service{loop}
    {}

    /// Of that client; made on first use. `alive` ends with the client.
    [[nodiscard]] std::shared_ptr<connection_pool>
    of(const std::weak_ptr<void>& alive, const asio::any_io_executor& loop,
       const client_options& options, const std::shared_ptr<client_counters>& counters);

private:
    void shutdown() override { all_.clear(); }

    struct entry {
        std::weak_ptr<void> alive;
        std::shared_ptr<connection_pool> pool;
    };
    std::vector<entry> all_;
};

}  // namespace cohort::http::detail
