#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/random.hpp>
#include <cohort/primary/recycling.hpp>
#include <cohort/primary/supervisor.hpp>
#include <cohort/primary/usher.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace cohort::primary {

/// Replaces workers that live, for whatever reason, successor first: looks at them now and then,
/// and does what recycling decides. A resource of the primary's loop.
///
/// While one is out, a worker more than wanted serves, so that never fewer than wanted do.
class recycler {
public:
    /// `held_back`: somebody else (a reload) empties seats, or wants to: nobody new goes out.
    recycler(asio::any_io_executor executor, supervisor& of, std::function<bool()> held_back);

    /// Looks, until cancelled. Deadline: none, this is its life.
    [[nodiscard]] awaitable<> run();
    /// Ends what is under way, wherever it stands.
    [[nodiscard]] awaitable<> close();

    /// An operator, or somebody who watches over health, wants a worker replaced.
    void ask(candidate who);
    /// The same, by slot. Errors: errc::no_such_worker, nobody serves there.
    [[nodiscard]] result<> ask(std::uint32_t slot);

private:
    /// What is remembered of one worker.
    struct file {
        allowance may;
        steady_time share_seen{};  // when its memory was last measured
    };

    void look();
    void judge(const tenant_view& who, steady_time at, bool& measured);
    [[nodiscard]] std::optional<nanoseconds> period() const;
    [[nodiscard]] wear wear_of(const tenant_view& who, file& of, steady_time at, bool& measured);
    void begin_if_due();
    [[nodiscard]] awaitable<> work();
    [[nodiscard]] awaitable<bool> seat_extra(std::optional<std::uint32_t>& extra);
    [[nodiscard]] awaitable<> make_way(candidate who);
    [[nodiscard]] awaitable<> renew(candidate who);
    [[nodiscard]] awaitable<> cure(candidate who);
    [[nodiscard]] awaitable<> until_settled(std::uint32_t slot, std::uint32_t before);

    supervisor& of_;
    usher seats_;
    std::function<bool()> held_back_;
    scope tasks_;
    recycling queue_;
    random_source dice_ = random_source::from_kernel();
    std::map<std::uint32_t, file> files_;  // by worker id; those that live
    unsigned crews_ = 0;                   // coroutines that replace, each with an extra of its own
    backoff pauses_{seconds{1}, seconds{60}};
    steady_time not_before_{};  // after an extra that did not get ready
};

}  // namespace cohort::primary
