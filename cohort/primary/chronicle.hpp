#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/ledger_layout.hpp>
#include <cohort/primary/death_cause.hpp>
#include <cohort/primary/worker_info.hpp>
#include <cohort/primary/worker_life.hpp>

#include <boost/json/object.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::primary {

/// A slot came to another stage. A value.
struct stage_change {
    std::uint32_t slot = 0;
    std::uint32_t id = 0;  ///< of its worker; 0: none
    pid_t pid = 0;
    stage from = stage::gone;
    stage to = stage::gone;
    cause why = cause::ready;
};

/// How a worker of a slot ended. A value.
struct slot_end {
    worker_info who;
    exit_status how;
    wall_time when;
    nanoseconds lived;
    nanoseconds served;       ///< 0: it never did
    std::string report = {};  ///< where its threads were; empty: nobody knows
    finding what = {};
    std::shared_ptr<const boost::json::object> details = {};  ///< as autopsy.hpp has them
    std::string story = {};                                   ///< the same for people
};

/// What happened to a cohort lately: a bounded list that whoever asks can read, and follow. A
/// resource of one event loop; it begins anew with each primary, but for what a ledger keeps.
class chronicle {
public:
    static constexpr std::size_t kept_max = 1024;   // events; older ones are forgotten
    static constexpr std::size_t ends_max = 8;      // of each slot
    static constexpr std::size_t reports_max = 64;  // of workers that have not ended yet
    static constexpr std::size_t stories_max = 24;  // of all slots, the latest ones

    explicit chronicle(asio::any_io_executor executor)
        : grown_{executor}
    {}

    void changed(const stage_change& what) noexcept;
    void ended(const worker_info& who, const exit_status& how, nanoseconds served,
               finding what = {}) noexcept;
    /// What else became known of an end.
    void explain(std::uint32_t worker, boost::json::object details, std::string story);
    /// Where the threads of a worker were when it hung, or crashed: before or after its end.
    void report(std::uint32_t worker, std::string text);
    /// Empty: nobody told.
    [[nodiscard]] std::string report_of(std::uint32_t worker) const;
    /// "2024-01-26T10:00:00.000Z"; empty: it is none of those that are kept.
    [[nodiscard]] std::string time_of_end(std::uint32_t worker) const;
    /// Something of the whole cohort: "scaled", "reloaded", …
    void note(std::string_view what, boost::json::object more) noexcept;

    /// Hears of everything as it comes, in the form of page::events. Order: not from inside.
    void on_event(std::move_only_function<void(const boost::json::object&)> hear)
    {
        hear_ = std::move(hear);
    }

    /// A piece of it. A value.
    struct page {
        page() = default;
        std::vector<boost::json::object> events;  ///< each with "sequence", "time", "event"
        std::uint64_t next = 0;                   ///< what to ask for then
        std::uint64_t missed = 0;                 ///< that were forgotten before they were read
    };
    /// What came from number `from` on. The first is 1.
    [[nodiscard]] page since(std::uint64_t from, std::size_t most) const;
    [[nodiscard]] std::uint64_t next() const noexcept { return first_ + events_.size(); }

    /// Completes when there is more. Wait in a loop. Deadline: none of its own. Cancel: total.
    [[nodiscard]] awaitable<> growth() { return grown_.wait(); }
    /// Nothing will come any more: whoever follows it is told.
    void close()
    {
        closed_ = true;
        grown_.notify_all();
    }
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// The last ends of a slot's workers, the latest first.
    [[nodiscard]] std::vector<slot_end> ends_of(std::uint32_t slot) const;
    /// How many of its workers have ended.
    [[nodiscard]] std::uint64_t ends_total(std::uint32_t slot) const noexcept;

    /// For the primary after this one: how many there were, and the last of them.
    [[nodiscard]] board::ledger_ends remember(std::uint32_t slot) const noexcept;
    void recall(std::uint32_t slot, const board::ledger_ends& words);

private:
    struct history {
        std::deque<slot_end> ends;
        std::uint64_t total = 0;
    };
    [[nodiscard]] slot_end* find(std::uint32_t worker) noexcept;
    [[nodiscard]] const slot_end* find(std::uint32_t worker) const noexcept;
    void forget_old_stories() noexcept;

    std::deque<boost::json::object> events_;
    std::uint64_t first_ = 1;  // number of events_.front()
    std::map<std::uint32_t, history> slots_;
    std::map<std::uint32_t, std::string> reports_;  // of workers that have not ended yet, by id
    wakeup grown_;
    bool closed_ = false;
    std::move_only_function<void(const boost::json::object&)> hear_;
};

/// How a worker ended, for whoever reads JSON.
[[nodiscard]] boost::json::object to_json(const slot_end& what);

}  // namespace cohort::primary
