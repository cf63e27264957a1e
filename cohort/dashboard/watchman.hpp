#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/last_error.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/dashboard/costs.hpp>
#include <cohort/dashboard/inquiry.hpp>
#include <cohort/dashboard/losses.hpp>
#include <cohort/dashboard/meter.hpp>
#include <cohort/dashboard/metric_figures.hpp>
#include <cohort/dashboard/recollection.hpp>
#include <cohort/observe/metric_reading.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::dashboard {

/// Looks at the cohort once a second, for all who want to know: the primary is asked once, however
/// many they are, and not at all when nobody is there. A resource of one event loop.
///
/// What workers count it reads in shared memory, so workers that hang are seen, and keep nobody
/// waiting.
class watchman {
public:
    /// Nobody has asked for so long: it rests, and the history has a gap.
    static constexpr nanoseconds rests_after = std::chrono::minutes{5};

    struct parts {
        asio::any_io_executor executor;
        const inquiry& primary;
        const board::segment& board;
        /// Adds what this process itself has lost.
        std::function<void(losses&)> add_losses = {};
    };
    explicit watchman(const parts& with);
    watchman(const watchman&) = delete;
    watchman& operator=(const watchman&) = delete;

    /// What was seen at one moment. A value that is shared.
    struct sight {
        std::uint64_t number = 0;  ///< ever growing
        steady_time when{};
        boost::json::object state;
        std::string text;  ///< the same, as JSON
    };
    using sight_ptr = std::shared_ptr<const sight>;

    /// Looks, for as long as somebody wants it. Cancel: total.
    [[nodiscard]] awaitable<> run();

    /// The last sight, if it is not older than two seconds, else the next one.
    /// Errors: those of inquiry::ask(); errc::deadline_passed. Cancel: total.
    [[nodiscard]] awaitable<result<sight_ptr>> look();

    /// The first one after number `seen`, however long that takes. null: it was cancelled, which is
    /// total, or there will be none.
    [[nodiscard]] awaitable<sight_ptr> after(std::uint64_t seen);

    /// There will be none any more: whoever waits is told.
    void close();

private:
    void want() noexcept;
    [[nodiscard]] bool is_wanted() const noexcept;
    [[nodiscard]] awaitable<result<>> gather();
    [[nodiscard]] awaitable<result<>> recall();
    [[nodiscard]] awaitable<> open_windows(const std::vector<pid_t>& to);
    [[nodiscard]] awaitable<result<>> measure(const std::vector<pid_t>& pids, steady_time when);
    void count(const boost::json::object& survey, steady_time when);
    void look_at_processes(const std::vector<pid_t>& pids, steady_time when);
    [[nodiscard]] sight_ptr make_sight(const boost::json::object& survey, steady_time when) const;

    parts with_;
    cost_reader cost_reader_;
    std::optional<observe::metric_reader> metric_reader_;
    meter rates_;
    recollection past_;
    metric_figures numbers_;
    std::map<pid_t, process_cost> costs_;
    std::optional<board::error_book> error_book_;
    std::map<std::uint32_t, board::error_reading> errors_;
    std::optional<seconds> age_;
    std::optional<double> throttled_s_;
    std::uint64_t next_event_ = 0;
    bool ends_known_ = false;

    steady_time wanted_at_{};
    wakeup wanted_;
    wakeup looked_;
    std::uint64_t looks_ = 0;  // attempts that are over
    sight_ptr last_;
    bool closed_ = false;
    std::optional<fault> trouble_;  // of the last attempt
};

}  // namespace cohort::dashboard
